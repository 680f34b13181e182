import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { basicAuth, EwsTransport, OfflineImSender } from '../../../src/index.ts';
import { FileSpool } from '../../../src/spool/file/file-spool.ts';
import { SqliteSpool } from '../../../src/sqlite.ts';
import { startExchangeSimulator } from '../../../src/testing/simulator/simulator.ts';
import type { Transport } from '../../../src/transport/contract.ts';

const alice = 'alice@contoso.test';
const bob = 'bob@contoso.test';
/** Part of every text, and of nothing else. */
export const secret = 'Sesame';

/** The whole library over a spool in a folder, in front of a simulated Exchange; created again as after a restart. */
export async function scene(kind: 'file' | 'sqlite', folder: string) {
  const exchange = await startExchangeSimulator({ mailboxes: [alice, bob] });
  const senders: OfflineImSender[] = [];
  const warnings: unknown[] = [];
  return {
    warnings,
    /** A sender on its own spool. @param after Runs when a request has been answered, before anything is written. */
    sender(after: (requests: number) => Promise<void> = async () => undefined): OfflineImSender {
      const ews = new EwsTransport({
        url: exchange.url,
        credentials: basicAuth({ username: alice, password: 'p' }),
        requestTimeout: 1_500,
      });
      let requests = 0;
      const transport: Transport = {
        name: 'ews',
        deliver: async (notes, options) => {
          const outcomes = await ews.deliver(notes, options);
          requests += 1;
          await after(requests);
          return outcomes;
        },
        probe: (notes, options) => ews.probe(notes, options),
        placeOf: (from) => ews.placeOf(from),
        close: () => ews.close(),
      };
      const sender = new OfflineImSender({
        identity: { sip: `sip:${alice}` },
        client: { version: '16.0.6920.1000', mailboxLocation: 'on-premises' },
        spool:
          kind === 'file'
            ? new FileSpool({ root: join(folder, 'spool') })
            : new SqliteSpool({ path: join(folder, 'spool', 'spool.db') }),
        transport,
        logger: { debug: () => undefined, info: () => undefined, warn: (line) => warnings.push(line), error: () => undefined },
        // In the proportions of production.
        ...{ pickupDelay: 0, pollInterval: 50, lease: { duration: 2_700, renewEvery: 300 }, notesPerClaim: 5 },
        ...{ probe: { initialDelay: 20, maxDelay: 60, grace: 250 }, retry: { initialDelay: 10, maxDelay: 50 } },
      });
      senders.push(sender);
      return sender;
    },
    message: (id: string) => ({
      to: `sip:${bob}`,
      messageId: id,
      conversationId: id,
      text: `<${id}> ${secret} ${'x'.repeat(6_000)}`,
    }),
    /** Ids of the messages that arrived, as often as they did. */
    arrived: (): string[] =>
      exchange
        .mailbox(bob)
        .folder('inbox')
        .items.map(({ body }) => /<(\w+)>/.exec(body.content)?.[1] ?? 'unknown')
        .sort(),
    /** Temporary files of the library or of SQLite. */
    leftovers: async () =>
      (await readdir(folder, { recursive: true })).filter((name) => /\.tmp$|\.partial$|-journal$/.test(name)),
    async [Symbol.asyncDispose]() {
      for (const sender of senders) await sender.stop({ timeout: 100 });
      await exchange.close();
    },
  };
}

/** Waits until nothing waits or is in progress. */
export async function done(sender: OfflineImSender): Promise<void> {
  for (const end = performance.now() + 100_000; ; await pause(10)) {
    const { spooled, deferred, delivering, unconfirmed } = (await sender.stats()).states;
    if (spooled + deferred + delivering + unconfirmed === 0) return;
    if (performance.now() > end) throw new Error(`still at work: ${JSON.stringify((await sender.stats()).states)}`);
  }
}

export const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export async function messageIds(sender: OfflineImSender): Promise<string[]> {
  const ids: string[] = [];
  for await (const { messageId } of sender.list()) ids.push(messageId);
  return ids.sort();
}

/** All text of an error and its causes. */
export function said(error: unknown): string {
  const parts: string[] = [];
  for (let one: unknown = error; one instanceof Error; one = one.cause) {
    parts.push(one.message, JSON.stringify({ ...one }));
  }
  return parts.join('\n');
}
