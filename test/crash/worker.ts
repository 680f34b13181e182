/**
 * A process that sends and delivers until it is killed: `node test/crash/worker.ts '<WorkerOptions as JSON>'`. Prints `opening`
 * before it opens the spool, `ready` once it runs, for every `send()` the lines that {@link Ledger} reads, and `done` when
 * nothing waits any more.
 */
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import {
  basicAuth,
  EwsTransport,
  GraphTransport,
  hasCode,
  OfflineImSender,
  type OutgoingMessage,
  type Receipt,
  routeByMailbox,
  type Transport,
} from '../../src/index.ts';
import { actAsHost } from './host-acts.ts';
import { makeSpool } from './open-spool.ts';
import { deletesNothing, forgetful, forgetsToLook } from './sabotage.ts';
import { conversationOf, inFlight, locationOf, messageOf, service, type WorkerOptions } from './worker-options.ts';

const options = JSON.parse(process.argv[2] ?? '{}') as WorkerOptions;
const moved = new Set(options.moved);
const { sabotage } = options;
const plain = await makeSpool(options.spool);
const spool = sabotage === 'forgets' ? forgetful(plain) : plain;
const sender = new OfflineImSender({
  identity: { sip: `sip:${options.senders[0]}` },
  client: { version: '16.0.6920.1000', mailboxLocation: 'on-premises' },
  spool,
  transport: sabotage === 'sends-again' ? forgetsToLook(makeTransport()) : makeTransport(),
  logger: { debug: () => undefined, info: () => undefined, warn: say, error: say },
  // What takes minutes in production takes fractions of a second here, each shortened by its own factor, 60 to 4,500: a lease
  // stays longer than a request, but probe.grace, normally longer than a lease, is shorter here unless workers are disturbed.
  pickupDelay: 40,
  pollInterval: 100,
  lease: { duration: 2_000, renewEvery: 300 },
  probe: { initialDelay: 50, maxDelay: 200, grace: options.probeGrace ?? 400 },
  retry: { initialDelay: 20, maxDelay: 200, blockedInterval: 100 },
  notesPerClaim: 5,
});

function makeTransport(): Transport {
  const ews = new EwsTransport({
    url: options.url,
    credentials: basicAuth({ username: service.username, password: service.password }),
    requestTimeout: 800,
    ...(sabotage === 'leaves-drafts' ? { fetch: deletesNothing } : {}),
  });
  const graph = new GraphTransport({
    root: new URL(options.url).origin,
    credential: async () => ({ token: service.token }),
    messagesPerMinute: 10_000,
    minimumGrace: options.probeGrace ?? 400,
    requestTimeout: 800,
  });
  switch (options.transport ?? 'ews') {
    case 'ews':
      return ews;
    case 'graph':
      return graph;
    case 'both': {
      const of = (address: string) => locationOf(options.senders.indexOf(address), moved.has(address));
      return routeByMailbox({ of, transports: { 'exchange-online': graph, 'on-premises': ews } });
    }
  }
}

function say(line: unknown): void {
  process.stdout.write(`${typeof line === 'string' ? line : JSON.stringify(line)}\n`);
}

/** Retries a spool that cannot be opened, as the documentation advises. */
async function start(): Promise<void> {
  for (;;) {
    try {
      say('opening');
      await sender.start();
      return;
    } catch (error) {
      if (!hasCode(error, 'SPOOL_FAILED') && !hasCode(error, 'SPOOL_BUSY')) throw error;
      say(`not opened: ${error}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Several concurrently, called in the order of the numbers. */
async function converse(conversation: number, numbers: readonly number[]): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, Math.random() * options.spread));
  const rest = numbers.values();
  const next = async (): Promise<void> => {
    for (const number of rest) await sendUntilAccepted(number);
  };
  await Promise.all(Array.from({ length: inFlight(conversation) }, next));
}

/** If the spool is unavailable or cannot tell, the same message is repeated, though later ones may have been accepted meanwhile. */
async function sendUntilAccepted(number: number): Promise<void> {
  for (;;) {
    try {
      const { duplicate } = await send(number);
      say(`${duplicate ? 'repeated' : 'accepted'} ${number} ${Date.now()}`);
      return;
    } catch (error) {
      const refused = hasCode(error, 'SPOOL_FAILED') || hasCode(error, 'SPOOL_BUSY');
      if (!refused && !hasCode(error, 'APPEND_OUTCOME_UNKNOWN')) throw error;
      say(`${refused ? 'refused' : 'unknown'} ${number} ${Date.now()}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** In a conversation of its own, a message is not bound to any order. */
function outgoing(number: number): OutgoingMessage {
  const message = messageOf(number, options);
  return sabotage === 'mixes-up' ? { ...message, conversationId: `${number}` } : message;
}

/** Calls are made in the order of their lines, each once the reader has its line: a kill cannot undo that. */
function send(number: number): Promise<Receipt> {
  return new Promise((resolve, reject) => {
    process.stdout.write(`sending ${number} ${Date.now()}\n`, () => sender.send(outgoing(number)).then(resolve, reject));
  });
}

// The parent holds the other end: a killed run leaves no workers behind.
process.stdin.on('end', () => process.exit(1));
// Each line is the address of a moved mailbox.
createInterface({ input: process.stdin }).on('line', (address) => {
  moved.add(address);
  sender.retryNow(address);
});
(process.stdin as Socket).unref();

await start();
say('ready');
if (options.hostThread !== undefined) actAsHost(options.spool, plain, options.hostThread, say);
const chains = new Map<number, number[]>();
for (const number of options.numbers) {
  const key = conversationOf(number, options);
  chains.set(key, [...(chains.get(key) ?? []), number]);
}
await Promise.all([...chains].map(([conversation, numbers]) => converse(conversation, numbers)));
for (;;) {
  const counts = (await sender.stats().catch(() => undefined))?.states;
  const { spooled = 1, deferred = 0, delivering = 0, unconfirmed = 0 } = counts ?? {};
  if (!options.stays && spooled + deferred + delivering + unconfirmed === 0) break;
  await new Promise((resolve) => setTimeout(resolve, 50));
}
say('done');
await sender.stop();
