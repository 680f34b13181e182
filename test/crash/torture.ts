import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { programOf } from '../support/program.ts';
import { randomFrom } from '../support/random.ts';
import { type SimulatorClient, spawnSimulator } from '../support/simulator-client.ts';
import { type Findings, judge } from './judge.ts';
import { killPlan, type Moment } from './kill-plan.ts';
import { lastCounts } from './last-counts.ts';
import { type Calls, Ledger } from './ledger.ts';
import type { Sabotage } from './sabotage.ts';
import {
  conversationOf,
  locationOf,
  type SpoolChoice,
  service,
  type TransportChoice,
  type WorkerOptions,
} from './worker-options.ts';
import { WorkerProcess } from './worker-process.ts';

/** The scale of a run. */
export interface TortureOptions {
  readonly spool: 'file' | 'sqlite' | 'postgres';
  /** The transport. @default 'ews' */
  readonly transport?: TransportChoice;
  readonly kills: number;
  readonly messages: number;
  /** Concurrent processes; a file spool allows one. */
  readonly workers: number;
  /** Sending mailboxes. */
  readonly mailboxes: number;
  readonly seed: number;
  /** Probability that a response to a sending request is lost. */
  readonly loss: number;
  /** For PostgreSQL: the address of the server. */
  readonly connectionString?: string;
  /** How often the server misbehaves, relative to the usual rate. @default 1 */
  readonly strangeness?: number;
  readonly sabotage?: Sabotage;
  /** See {@link WorkerOptions.probeGrace}. */
  readonly probeGrace?: number;
  report?(line: string): void;
  /** Disturbs a ready worker before it is killed, with the number of this disturbance: suspends it, or takes the storage away for a while. */
  disturb?(kill: number, worker: WorkerProcess): Promise<void>;
}

/** The findings at the end. */
export interface Verdict extends Findings {
  /** Workers that ended by themselves or did not finish, and their last output. */
  readonly ended: readonly string[];
  /** Kills by the progress of the worker. */
  readonly struck: Readonly<Record<Moment, number>>;
  readonly calls: Calls;
  /** Number of bodies, of both sides, checked against the schema, and their errors. */
  readonly bodies: number;
  readonly schemaErrors: readonly string[];
}

/** The findings of a clean run, except those that depend on the speed of the machine. */
export function cleanVerdict(messages: number): Omit<Verdict, 'waits' | 'struck' | 'calls' | 'bodies' | 'dead'> {
  const none = {
    lost: [],
    twice: [],
    unsaved: [],
    misdirected: [],
    outOfOrder: [],
    belied: [],
    contradicted: [],
    left: {},
    ended: [],
    schemaErrors: [],
  };
  return { accepted: messages, drafts: 0, ...none };
}

/** State of a run. */
interface Run {
  readonly ledger: Ledger;
  readonly workers: WorkerProcess[];
  readonly ended: string[];
  readonly struck: Record<Moment, number>;
  /** No more processes may be started. */
  readonly over: AbortSignal;
}

/**
 * Workers send and deliver over one spool to a simulator in its own process that loses responses; they are killed at random
 * moments and restarted. The verdict counts every message in every mailbox. A seed repeats the moments, though not the timing of
 * the machine in between.
 */
export async function torture(options: TortureOptions): Promise<Verdict> {
  const { transport = 'ews' } = options;
  const folder = await mkdtemp(join(tmpdir(), 'offline-im-torture-'));
  const senders = Array.from({ length: options.mailboxes }, (_, index) => `s${index}@contoso.test`);
  const recipients = Array.from({ length: Math.max(12, options.mailboxes) }, (_, index) =>
    index % 4 === 3 ? `r${index}@fabrikam.test` : `r${index}@contoso.test`,
  );
  const exchange = await spawnSimulator({
    mailboxes: [...senders.map((address, index) => located(address, index, transport)), ...recipients],
    organization: ['contoso.test'],
    credentials: { username: service.username, password: service.password },
    tokens: [{ token: service.token, login: service.username }],
    checked: true,
    ...(transport === 'ews' ? {} : { graph: motion }),
  });
  const over = new AbortController();
  const struck = { spawned: 0, opening: 0, ready: 0, sending: 0 };
  const kept: Run = { ledger: new Ledger(), workers: [], ended: [], struck, over: over.signal };
  let running: Promise<void> | undefined;
  try {
    await exchange.loseResponses(options.loss, options.seed);
    if (transport !== 'ews') await exchange.troubleGraph(options.seed);
    await strangeAnswers(exchange, options.seed, options.strangeness);
    const spool = choiceOf(options, folder);
    const { probeGrace, sabotage, messages, workers } = options;
    // About the lifetime of a worker: if there are several, they are killed in turn.
    const spread = 300 * workers;
    const shared = {
      spool,
      transport,
      url: exchange.url,
      senders,
      recipients,
      spread,
      ...(probeGrace === undefined ? {} : { probeGrace }),
      ...(sabotage === undefined ? {} : { sabotage }),
      ...(options.disturb === undefined ? {} : { hostThread: programOf(new URL('./host-thread.ts', import.meta.url)) }),
    };
    running = run(options, shared, kept, exchange);
    await Promise.race([running, exchange.died]);
    const { counts, dead, notes } = await lastCounts(spool);
    for (const note of notes) options.report?.(note);
    // The messages accepted last may still be in Drafts.
    if (transport !== 'ews') await new Promise((resolve) => setTimeout(resolve, 2 * motion.moveAfter));
    const { bodies, errors: schemaErrors } = await exchange.schemaErrors();
    const evidence = {
      messages,
      people: { senders, recipients },
      ledger: kept.ledger,
      exchange: await exchange.snapshot(),
      counts,
      dead,
    };
    return { ...judge(evidence), ended: kept.ended, struck, calls: kept.ledger.calls, bodies, schemaErrors };
  } finally {
    over.abort();
    await Promise.all(kept.workers.map((worker) => worker.kill()));
    // A disturbance may still be in progress; the owner of the disturbed server stops it next.
    await running?.catch(() => undefined);
    await exchange.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** ms. After each 202 of Graph an item is in Drafts, unsubmitted and then submitted, before it moves: a probe may find it there. */
const motion = { submitAfter: 20, sendAfter: 60, moveAfter: 150 };

/**
 * Server faults besides lost responses: late copies, notes accepted and held in the Outbox, batches partly sent that then fail or
 * get no further response, remaining drafts, probes that are refused or lost.
 */
async function strangeAnswers(exchange: SimulatorClient, seed: number, strangeness = 1): Promise<void> {
  // Below every worker's probeGrace: after that, a late copy cannot be distinguished from a missing one.
  const delay = 120;
  const on = (operation: 'CreateItem' | 'FindItem', probability: number, index: number) => ({
    operation,
    probability: Math.min(0.3, probability * strangeness),
    seed: seed + index,
  });
  await exchange.addFault(on('CreateItem', 0.02, 7), { kind: 'draftOnSendAsDenied', items: [0] });
  await exchange.addFault(on('CreateItem', 0.05, 1), { kind: 'lateCopy', delay, items: 'all' });
  await exchange.addFault(on('CreateItem', 0.05, 2), { kind: 'heldInOutbox', delay, items: 'all' });
  await exchange.addFault(on('CreateItem', 0.03, 5), {
    kind: 'partialBatch',
    processed: 1,
    answer: 'fewer',
    code: 'ErrorInternalServerError',
  });
  await exchange.addFault(on('CreateItem', 0.01, 6), {
    kind: 'partialBatch',
    processed: 1,
    answer: 'fault',
    code: 'ErrorInternalServerError',
  });
  await exchange.addFault(on('FindItem', 0.1, 3), { kind: 'serverBusy', form: 'fault', status: 500, backOff: 50, items: 'all' });
  await exchange.addFault(on('FindItem', 0.1, 4), { kind: 'lostResponse', after: 0 });
}

/** With both transports, every sender's mailbox is on one side, as the workers assume. */
function located(
  address: string,
  index: number,
  transport: TransportChoice,
): string | { address: string; location: 'exchange-online' | 'on-premises' } {
  return transport === 'both' ? { address, location: locationOf(index, false) } : address;
}

function choiceOf({ spool, connectionString = '' }: TortureOptions, folder: string): SpoolChoice {
  switch (spool) {
    case 'file':
      return { kind: 'file', path: folder };
    case 'sqlite':
      return { kind: 'sqlite', path: join(folder, 'spool.db') };
    case 'postgres':
      return { kind: 'postgres', connectionString };
  }
}

async function run(
  { kills, messages, workers: count, seed, report, disturb }: TortureOptions,
  shared: Omit<WorkerOptions, 'numbers' | 'stays'>,
  { ledger, workers, ended, struck, over }: Run,
  exchange: SimulatorClient,
): Promise<void> {
  const random = randomFrom(seed);
  const moved: string[] = [];
  /** One mailbox moves from each side to the other, in the middle of everything. */
  const move = async (): Promise<void> => {
    if (shared.transport !== 'both') return;
    for (const [index, address] of shared.senders.slice(0, 2).entries()) {
      await exchange.moveMailbox(address, locationOf(index, true));
      moved.push(address);
      for (const worker of workers) worker.moved(address);
    }
    report?.(`moved ${moved.join(' and ')}`);
  };
  const start = (index: number, below: number, stays: boolean): WorkerProcess => {
    // The simulator may be gone, and then all moments have been seen.
    over.throwIfAborted();
    // A conversation belongs to one worker: the order of its messages is that of the worker's calls.
    const numbers = Array.from({ length: below }, (_, number) => number).filter(
      (number) => !ledger.has(number) && conversationOf(number, shared) % count === index,
    );
    const worker = new WorkerProcess({ ...shared, moved, numbers, stays }, ledger);
    workers[index] = worker;
    return worker;
  };
  const kill = async (worker: WorkerProcess): Promise<void> => {
    const said = await worker.kill();
    if (said !== undefined) ended.push(said);
  };
  for (let index = 0; index < count; index++) start(index, Math.ceil(messages / (kills + 1)), true);
  let newest = 0;
  let disturbed = 0;
  for (const [killed, { moment, after, newest: strikesNewest }] of killPlan(kills, random).entries()) {
    const index = strikesNewest ? newest : Math.floor(random() * count);
    const worker = workers[index] ?? start(index, 0, true);
    await worker.reached(moment);
    await new Promise((resolve) => setTimeout(resolve, strikesNewest ? after : after / count));
    if (moment === 'ready' || moment === 'sending') await disturb?.(++disturbed, worker);
    // While workers are sending, and one of them is about to die of it.
    if (killed === kills >> 1) await move();
    struck[worker.last] += 1;
    await kill(worker);
    start(index, Math.ceil((messages * (killed + 2)) / (kills + 1)), true);
    newest = index;
    if ((killed + 1) % 20 === 0) report?.(`${killed + 1} kills, ${ledger.size} messages accepted`);
  }
  await Promise.all(workers.map(kill));
  for (let index = 0; index < count; index++) start(index, messages, false);
  const said = await Promise.all(workers.map((worker) => worker.done(300_000 + messages * 60)));
  ended.push(...said.filter((one) => one !== undefined));
}
