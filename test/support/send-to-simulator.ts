/** The real sender and the real transport with a simulated Exchange, and minutes shortened to fractions of a second. */

import { basicAuth } from '../../src/ews/auth/credentials.ts';
import { EwsTransport } from '../../src/ews/ews-transport.ts';
import type { EwsTransportOptions } from '../../src/ews/options.ts';
import type { EventName } from '../../src/observability/events.ts';
import type { OfflineImSenderOptions } from '../../src/sender/options.ts';
import { OfflineImSender } from '../../src/sender/sender.ts';
import type { EntryStatus } from '../../src/sender/status.ts';
import { MemorySpool } from '../../src/spool/journaled/memory-spool.ts';
import {
  type ExchangeSimulator,
  type ExchangeSimulatorOptions,
  startExchangeSimulator,
} from '../../src/testing/simulator/simulator.ts';
import { checkedFetch, validateBody } from './ews-schema.ts';
import { hastyClock } from './hasty-clock.ts';

export const alice = 'alice@contoso.test';
const bob = 'bob@contoso.test';

/** Proportions as in production, except for the lease: on a busy machine, a short one would prevent whatever follows a request from being written. */
const short = {
  pickupDelay: 0,
  pollInterval: 50,
  lease: { duration: 120_000, renewEvery: 500 },
  probe: { initialDelay: 20, maxDelay: 60, grace: 250 },
  retry: { initialDelay: 10, maxDelay: 50 },
} as const;

export interface Scene extends AsyncDisposable {
  readonly exchange: ExchangeSimulator;
  readonly transport: EwsTransport;
  readonly sender: OfflineImSender;
  readonly spool: MemorySpool;
  /** All `message:…` events, such as `dead OUTCOME_UNKNOWN`. */
  readonly events: string[];
  /** The result of each probe. */
  readonly probes: string[];
  /** Texts received by Bob, in order. */
  inbox(): string[];
  /** Texts in that folder of Alice. */
  folder(name: string): string[];
  /** How often a note was sent to the server. */
  sends(): number;
  /** Accepts a message to Bob in a conversation of its own. */
  send(text: string): Promise<string>;
  /** Starts the sender, and waits until nothing is in progress. */
  settle(timeout?: number): Promise<void>;
  entry(messageId: string): Promise<EntryStatus | undefined>;
}

export async function sendToSimulator(
  options: {
    readonly simulator?: Partial<ExchangeSimulatorOptions>;
    readonly transport?: Partial<EwsTransportOptions>;
    readonly sender?: Partial<OfflineImSenderOptions>;
  } = {},
): Promise<Scene> {
  const exchange = await startExchangeSimulator({ mailboxes: [alice, bob], ...options.simulator });
  const fetch = checkedFetch(options.transport?.fetch);
  const transport = new EwsTransport({
    url: exchange.url,
    credentials: basicAuth({ username: alice, password: 'p' }),
    requestTimeout: 1_000,
    ...(options.transport?.requestTimeout === undefined ? { clock: hastyClock } : {}),
    ...options.transport,
    fetch,
  });
  const spool = new MemorySpool();
  const probes: string[] = [];
  const note = (line: Readonly<Record<string, unknown>>): void => {
    if (line.step === 'probe:result') probes.push(String(line.result));
  };
  const logger = { debug: note, info: note, warn: () => {}, error: () => {} };
  const sender = new OfflineImSender({
    identity: { sip: `sip:${alice}`, displayName: 'Alice Example' },
    client: { version: '16.0.6920.1000', mailboxLocation: 'on-premises' },
    logger,
    spool,
    transport,
    ...short,
    ...options.sender,
    probe: { ...short.probe, ...options.sender?.probe },
    retry: { ...short.retry, ...options.sender?.retry },
  });
  const events: string[] = [];
  for (const name of ['delivered', 'deferred', 'unconfirmed', 'dead'] as const) {
    sender.on(`message:${name}` satisfies EventName, (event) => {
      events.push('code' in event && event.code !== undefined ? `${name} ${event.code}` : name);
    });
  }
  let conversations = 0;
  return {
    exchange,
    transport,
    sender,
    spool,
    events,
    probes,
    inbox: () =>
      exchange
        .mailbox(bob)
        .folder('inbox')
        .items.map((item) => item.body.content),
    folder: (name) =>
      exchange
        .mailbox(alice)
        .folder(name)
        .items.map((item) => item.body.content),
    sends: () => exchange.journal.filter((entry) => entry.operation === 'CreateItem').length,
    send: async (text) => {
      conversations += 1;
      const { messageId } = await sender.send({ to: `sip:${bob}`, text, conversationId: `c${conversations}` });
      return messageId;
    },
    settle: async (timeout = 300_000) => {
      await sender.start();
      const end = performance.now() + timeout;
      for (;;) {
        const { spooled, deferred, delivering, unconfirmed } = (await sender.stats()).states;
        if (spooled + deferred + delivering + unconfirmed === 0) return;
        if (performance.now() > end) throw new Error(`still at work after ${timeout} ms: ${events.join(', ')}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
    entry: async (messageId) => (await sender.status(messageId))?.entries[0],
    async [Symbol.asyncDispose]() {
      await sender.stop({ timeout: 100 });
      const bodies = exchange.journal.flatMap(({ requestBody, responseBody }) => [requestBody, responseBody]);
      const wrong = bodies.flatMap((body) => (body.includes(':Envelope') ? validateBody(body) : []));
      await exchange.close();
      if (fetch.errors.length + wrong.length > 0) throw new Error([...fetch.errors, ...wrong].join('; '));
    },
  };
}
