/** One run: a sender over a storage and a carrier, with a single fault, to its end; and the complaints about it. */
import { setTimeout as wait } from 'node:timers/promises';
import type { TraceFile } from '../../src/file.ts';
import type { OfflineImSender, Transport } from '../../src/index.ts';
import type { SpoolStorage } from '../../src/spool/contract.ts';
import { type ExchangeSimulator, startExchangeSimulator } from '../../src/testing/simulator/simulator.ts';
import { paced } from '../support/pace.ts';
import { within } from './awaited.ts';
import { arm, disarm, type Manner, strikes } from './boundary.ts';
import { type CarrierName, makeCarrier } from './carriers.ts';
import { errands } from './errands.ts';
import { makeStorage, type StorageName } from './storages.ts';

const alice = 'alice@contoso.test';
const bobs = ['bob@contoso.test', 'bert@contoso.test'];

export interface Plan {
  readonly storage: StorageName;
  readonly carrier: CarrierName;
  readonly folder: string;
  readonly run: number;
  readonly postgres?: string | undefined;
  /** Also what operators and hosts do beside a sender. */
  readonly errands?: boolean | undefined;
  readonly fault?: { readonly key: string; readonly manner: Manner; readonly skip: number } | undefined;
}

/** ms. How long a run may take to settle once its fault is over: ample on a busy machine, yet below the limit of a test. */
const patience = 100_000;
const ids = ['one', 'two', 'three', 'four'];

/** What went wrong; nothing if the promise was kept. */
export async function runOnce(plan: Plan, unhandled: unknown[]): Promise<readonly string[]> {
  const complaints: string[] = [];
  const mailboxes = [alice, ...bobs].map((address) => ({ address, password: 'p' }));
  const starting = startExchangeSimulator({ mailboxes, ...(plan.carrier === 'ntlm' ? { auth: ['ntlm'] } : {}) });
  const exchange = await within(patience, 'the simulator to start', starting);
  const carrier = await within(patience, 'the carrier', makeCarrier(plan.carrier, exchange, alice));
  const host = new Host(plan, carrier.transport, complaints);
  if (plan.fault !== undefined) arm(plan.fault.key, plan.fault.manner, plan.fault.skip);
  try {
    await host.start();
    for (const [at, id] of ids.entries()) await host.send(id, bobs[at % bobs.length] ?? '');
    if (plan.errands === true && host.spool !== undefined)
      await within(patience, 'errands', errands(plan, host.sender, host.spool, complaints));
    for (let turn = 0; turn < 40 && plan.fault !== undefined && strikes() === 0; turn++) await wait(10);
    await wait(30);
    const struck = disarm();
    if (plan.fault !== undefined && struck === 0) complaints.push('not reached');
    await host.deliverAll(ids);
    for (const id of ids) {
      const copies = textsAt(exchange).filter((text) => text.includes(`text ${id}.`)).length;
      if (copies !== 1) complaints.push(`${id} arrived ${copies} times`);
    }
  } finally {
    disarm();
    await host.stop();
    await within(patience, 'carrier.close()', carrier.close());
    await within(patience, 'exchange.close()', exchange.close());
  }
  await wait(5);
  complaints.push(...unhandled.splice(0).map((error) => `unhandled: ${error instanceof Error ? error.stack : String(error)}`));
  return complaints;
}

function textsAt(exchange: ExchangeSimulator): string[] {
  return bobs.flatMap((bob) =>
    exchange
      .mailbox(bob)
      .folder('inbox')
      .items.map((item) => item.body.content),
  );
}

/** A program that follows the documentation: retries what was refused, and reopens what has closed. */
class Host {
  readonly #plan: Plan;
  readonly #transport: Transport;
  readonly #complaints: string[];
  sender!: OfflineImSender;
  spool: SpoolStorage | undefined;
  #inMemory: SpoolStorage | undefined;
  #trace: TraceFile | undefined;

  constructor(plan: Plan, transport: Transport, complaints: string[]) {
    this.#plan = plan;
    this.#transport = transport;
    this.#complaints = complaints;
  }

  async start(): Promise<void> {
    const { OfflineImSender, traceFile } = await import('./modules.ts');
    const until = Date.now() + patience;
    for (;;) {
      const { storage, folder, run, postgres } = this.#plan;
      this.spool = await makeStorage(storage, folder, run, postgres);
      if (storage === 'memory') this.#inMemory = this.spool;
      this.#trace = traceFile({ path: `${folder}/trace.log` });
      this.sender = new OfflineImSender({
        identity: { sip: `sip:${alice}` },
        client: { version: '16.0.6920.1000', mailboxLocation: 'on-premises' },
        spool: this.spool,
        transport: this.#transport,
        logger: this.#trace,
        pickupDelay: 20,
        pollInterval: 50,
        lease: { duration: 2_000, renewEvery: 300 },
        probe: { initialDelay: 20, maxDelay: 60, grace: 400 },
        retry: { initialDelay: 10, maxDelay: 50, blockedInterval: 50 },
      });
      this.sender.on('warning', () => undefined);
      try {
        await within(patience, 'start()', this.sender.start());
        return;
      } catch (error) {
        this.#coded('start()', error);
        await this.stop();
        if (Date.now() > until) {
          this.#complaints.push(`never opened: ${String(error)}`);
          return;
        }
        await wait(30);
      }
    }
  }

  async send(id: string, to: string): Promise<void> {
    const until = Date.now() + patience;
    for (;;) {
      try {
        await within(patience, 'send()', this.sender.send({ to: `sip:${to}`, text: `text ${id}.`, messageId: id }));
        return;
      } catch (error) {
        this.#coded('send()', error);
        if (Date.now() > until) return void this.#complaints.push(`${id} was never accepted: ${String(error)}`);
        if (/SPOOL_CLOSED|SENDER_STOPPED|SPOOL_REPLACED|SPOOL_LOCKED/.test(String((error as { code?: unknown }).code)))
          await this.#again();
        await wait(20);
      }
    }
  }

  /** Until nothing waits; a sender that no longer works is re-created, as by a supervisor. */
  async deliverAll(messages: readonly string[]): Promise<void> {
    const until = Date.now() + patience;
    let restartAt = Date.now() + patience / 2;
    let waiting = 'nothing was asked';
    while (Date.now() < until) {
      try {
        const states = await Promise.all(messages.map((id) => within(patience, 'status()', this.sender.status(id))));
        const open = states.flatMap((status, at) => (status?.entries ?? []).map(({ state }) => `${messages[at]} ${state}`));
        const left = open.filter((state) => !state.endsWith(' delivered'));
        if (left.length === 0 && open.length >= messages.length) return;
        waiting = left.join(', ') || `of ${messages.length} only ${open.length} are known`;
        if (left.some((state) => / (?:dead|cancelled)$/.test(state))) break;
        // What an errand held, or paused and could not resume.
        if (this.#plan.errands === true) await this.#letGo(left);
      } catch (error) {
        this.#coded('status()', error);
        waiting = String(error);
        if (/SPOOL_CLOSED|SENDER_STOPPED|SPOOL_REPLACED|SPOOL_LOCKED/.test(String((error as { code?: unknown }).code)))
          await this.#again();
      }
      if (Date.now() > restartAt) {
        this.#complaints.push(`waits although the fault is over: ${waiting}`);
        restartAt = Number.POSITIVE_INFINITY;
        await this.#again();
      }
      await wait(20);
    }
    this.#complaints.push(`not at rest: ${waiting}`);
  }

  async #letGo(left: readonly string[]): Promise<void> {
    for (const state of left) {
      const [id = '', what] = state.split(' ');
      if (what === 'held') await within(patience, 'release()', this.sender.release(id));
    }
    if (this.spool?.admin !== undefined) await within(patience, 'resume()', this.sender.resume());
  }

  async stop(): Promise<void> {
    await within(paced(15_000), 'stop()', this.sender.stop({ timeout: 2_000 })).catch((error: unknown) => {
      this.#complaints.push(`stop() rejected: ${String(error)}`);
    });
    // Otherwise it may still write while the folder is removed.
    if (this.#trace !== undefined) await within(patience, 'the trace to be written', this.#trace.close());
  }

  async #again(): Promise<void> {
    if (this.#inMemory !== undefined) this.#complaints.push('a spool in memory has closed');
    await this.stop();
    await this.start();
  }

  #coded(call: string, error: unknown): void {
    const { name, code } = error as { name?: unknown; code?: unknown };
    if (name !== 'OfflineImError' || typeof code !== 'string') {
      this.#complaints.push(`${call} rejected without a code: ${error instanceof Error ? error.stack : String(error)}`);
    }
  }
}
