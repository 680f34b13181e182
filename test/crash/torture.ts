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

/** How hard it is made. */
export interface TortureOptions {
  readonly spool: 'file' | 'sqlite' | 'postgres';
  /** The way of the notes. @default 'ews' */
  readonly transport?: TransportChoice;
  readonly kills: number;
  readonly messages: number;
  /** Processes at a time; a file spool takes one. */
  readonly workers: number;
  /** Mailboxes that send. */
  readonly mailboxes: number;
  readonly seed: number;
  /** Of every response to what sends. */
  readonly loss: number;
  /** For PostgreSQL: where it listens. */
  readonly connectionString?: string;
  /** How often the server does what it should not, against what is usual. @default 1 */
  readonly strangeness?: number;
  readonly sabotage?: Sabotage;
  /** See {@link WorkerOptions.probeGrace}. */
  readonly probeGrace?: number;
  report?(line: string): void;
  /** Does something else to a worker that is ready before it is killed, the how manieth of these: pauses it, takes the storage away for a while. */
  disturb?(kill: number, worker: WorkerProcess): Promise<void>;
}

/** What was found at the end. */
export interface Verdict extends Findings {
  /** Workers that ended by themselves, or came to no end, and what they said last. */
  readonly ended: readonly string[];
  /** Kills by how far the worker had come. */
  readonly struck: Readonly<Record<Moment, number>>;
  readonly calls: Calls;
  /** Bodies of both sides that were checked against the schema, and what was wrong with them. */
  readonly bodies: number;
  readonly schemaErrors: readonly string[];
}

/** What a clean run finds, but for what the machine's pace decides. */
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

/** What a run keeps. */
interface Run {
  readonly ledger: Ledger;
  readonly workers: WorkerProcess[];
  readonly ended: string[];
  readonly struck: Record<Moment, number>;
  /** Nothing may be started any more. */
  readonly over: AbortSignal;
}

/**
 * Workers send and deliver over one spool to a simulator in its own process that loses responses; they are killed at random moments and started again. The
 * verdict counts every message in every mailbox. A seed repeats the moments, though not what the machine does in between.
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
    // About as long as a worker lives: where there are several, the kills take turns.
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
    // What was accepted last may still be on its way out of Drafts.
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
    // It may still be at a disturbance; whoever owns what is disturbed takes it away next.
    await running?.catch(() => undefined);
    await exchange.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** ms. Behind each 202 of Graph an item lies in Drafts, unsubmitted and submitted, before it moves: whoever probes meets it there. */
const motion = { submitAfter: 20, sendAfter: 60, moveAfter: 150 };

/**
 * What a server does besides losing answers: copies that come late, notes that it accepts and holds in the Outbox, batches of which it sends a part and then
 * fails or falls silent about the rest, drafts that it leaves, probes that are refused or lost.
 */
async function strangeAnswers(exchange: SimulatorClient, seed: number, strangeness = 1): Promise<void> {
  // Below every worker's probeGrace: later than that nobody can tell a late copy from none.
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

/** With both transports every sender's mailbox is on one side, as the workers believe. */
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
  /** One mailbox of either side goes to the other, in the middle of everything. */
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
    // The simulator may be gone, and whoever kills the workers then has seen all there were.
    over.throwIfAborted();
    // A conversation belongs to one worker: the order of its messages is the order of that worker's calls.
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
    // While workers are at it, and one of them is about to die of it.
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
