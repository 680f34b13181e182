import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomFrom } from '../support/random.ts';
import { type SimulatorClient, spawnSimulator } from '../support/simulator-client.ts';
import type { SpoolChoice, WorkerOptions } from './worker-options.ts';
import { conversationOf, numbersIn } from './worker-options.ts';
import { WorkerProcess } from './worker-process.ts';

/** How hard it is made. */
export interface TortureOptions {
  readonly spool: 'file' | 'sqlite' | 'postgres';
  readonly kills: number;
  readonly messages: number;
  /** Processes at a time; a file spool takes one. */
  readonly workers: number;
  /** Mailboxes that send. */
  readonly mailboxes: number;
  readonly seed: number;
  /** Of every response to CreateItem. */
  readonly loss: number;
  /** For PostgreSQL: where it listens. */
  readonly connectionString?: string;
  /** See {@link WorkerOptions.probeGrace}. */
  readonly probeGrace?: number;
  report?(line: string): void;
  /** Does something else to them before that kill: pauses one, takes the storage away for a while. */
  disturb?(kill: number, worker: WorkerProcess): Promise<void>;
}

/** What was counted at the end in every mailbox. */
export interface Verdict {
  readonly accepted: number;
  readonly lost: readonly number[];
  readonly twice: readonly number[];
  /** Recipients whose messages did not arrive in the order of their `send()` calls. */
  readonly outOfOrder: readonly string[];
  readonly drafts: number;
  /** ms from the line that says a message was accepted to its arrival, the two-minute pickup (40 ms here) included. */
  readonly waits: { readonly median: number; readonly longest: number };
  /** Bodies of both sides that were checked against the schema, and what was wrong with them. */
  readonly bodies: number;
  readonly schemaErrors: readonly string[];
}

/**
 * Workers send and deliver over one spool to a simulator in its own process that loses responses; they are killed at random moments and started again. The
 * verdict counts every message in every mailbox. A seed repeats the moments, though not what the machine does in between.
 */
export async function torture(options: TortureOptions): Promise<Verdict> {
  const folder = await mkdtemp(join(tmpdir(), 'offline-im-torture-'));
  const senders = Array.from({ length: options.mailboxes }, (_, index) => `s${index}@contoso.test`);
  const recipients = Array.from({ length: Math.max(12, options.mailboxes) }, (_, index) =>
    index % 4 === 3 ? `r${index}@fabrikam.test` : `r${index}@contoso.test`,
  );
  const exchange = await spawnSimulator({
    mailboxes: [...senders, ...recipients],
    organization: ['contoso.test'],
    credentials: { username: 'service', password: 'secret' },
    checked: true,
  });
  const workers: WorkerProcess[] = [];
  const over = new AbortController();
  try {
    await exchange.loseResponses(options.loss, options.seed);
    const spool = choiceOf(options, folder);
    const { probeGrace } = options;
    const shared = { spool, url: exchange.url, senders, recipients, ...(probeGrace === undefined ? {} : { probeGrace }) };
    const accepted = await Promise.race([run(options, shared, workers, over.signal), exchange.died]);
    return await judge(exchange, options.messages, senders, recipients, accepted);
  } finally {
    over.abort();
    await Promise.all(workers.map((worker) => worker.kill()));
    await exchange.close();
    await rm(folder, { recursive: true, force: true });
  }
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
  workers: WorkerProcess[],
  over: AbortSignal,
): Promise<Map<number, number>> {
  const random = randomFrom(seed);
  const accepted = new Map<number, number>();
  const start = (index: number, below: number, stays: boolean): WorkerProcess => {
    // A conversation belongs to one worker: the order of its messages is the order of that worker's calls.
    const numbers = Array.from({ length: below }, (_, number) => number).filter(
      (number) => !accepted.has(number) && conversationOf(number, shared) % count === index,
    );
    return new WorkerProcess({ ...shared, numbers, stays }, accepted);
  };
  for (let index = 0; index < count; index++) workers[index] = start(index, Math.ceil(messages / (kills + 1)), true);
  for (let kill = 1; kill <= kills; kill++) {
    const index = Math.floor(random() * count);
    await workers[index]?.ready;
    await new Promise((resolve) => setTimeout(resolve, (random() * 500) / count));
    const worker = workers[index];
    if (worker !== undefined) await disturb?.(kill, worker);
    await worker?.kill();
    over.throwIfAborted();
    workers[index] = start(index, Math.ceil((messages * (kill + 1)) / (kills + 1)), true);
    if (kill % 20 === 0) report?.(`${kill} kills, ${accepted.size} messages accepted`);
  }
  await Promise.all(workers.map((worker) => worker.kill()));
  for (let index = 0; index < count; index++) workers[index] = start(index, messages, false);
  await Promise.all(workers.map((worker) => worker.done(60_000 + messages * 20)));
  return accepted;
}

async function judge(
  exchange: SimulatorClient,
  messages: number,
  senders: readonly string[],
  recipients: readonly string[],
  accepted: ReadonlyMap<number, number>,
): Promise<Verdict> {
  const { mailboxes } = await exchange.snapshot();
  const inboxes = recipients.map((recipient) => ({
    recipient,
    arrived: (mailboxes[recipient]?.inbox ?? []).flatMap(({ body, createdAt }) =>
      numbersIn(body).map((number) => ({ number, at: createdAt })),
    ),
  }));
  const seen = new Set<number>();
  const twice: number[] = [];
  const waits: number[] = [];
  for (const { arrived } of inboxes) {
    for (const { number, at } of arrived) {
      if (seen.has(number)) twice.push(number);
      seen.add(number);
      waits.push(Math.max(0, at - (accepted.get(number) ?? at)));
    }
  }
  waits.sort((a, b) => a - b);
  const { bodies, errors } = await exchange.schemaErrors();
  return {
    accepted: accepted.size,
    lost: Array.from({ length: messages }, (_, number) => number).filter((number) => !seen.has(number)),
    twice,
    outOfOrder: inboxes.filter(({ arrived }) => isOutOfOrder(arrived)).map(({ recipient }) => recipient),
    drafts: senders.reduce((sum, sender) => sum + (mailboxes[sender]?.drafts ?? []).length, 0),
    waits: { median: waits[waits.length >> 1] ?? 0, longest: waits.at(-1) ?? 0 },
    bodies,
    schemaErrors: errors,
  };
}

function isOutOfOrder(arrived: readonly { readonly number: number }[]): boolean {
  return arrived.some(({ number }, index) => number < (arrived[index - 1]?.number ?? -1));
}
