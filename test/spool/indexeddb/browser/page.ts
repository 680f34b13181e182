/** The code that runs in the browser. The test calls it by name: every result is plain data. */

import { basicAuth, EwsTransport, OfflineImError, OfflineImSender } from 'offline-im';
import { IndexedDbSpool } from 'offline-im/indexeddb';

export interface OpenOptions {
  readonly url: string;
  readonly waitForLock?: number | 'for ever';
}

/** Minutes shortened, in the proportions of production; a request of a closed page must be through before its note is probed. */
const short = {
  pickupDelay: 0,
  pollInterval: 100,
  lease: { duration: 6_000, renewEvery: 1_000 },
  probe: { initialDelay: 50, maxDelay: 200, grace: 1_500 },
  retry: { initialDelay: 20, maxDelay: 100 },
} as const;

let sender: OfflineImSender | undefined;
const warnings: string[] = [];

const page = {
  /** Creates a sender and opens its spool. */
  async open({ url, waitForLock = 0 }: OpenOptions): Promise<unknown> {
    sender = new OfflineImSender({
      identity: { sip: 'sip:alice@contoso.test', displayName: 'Alice Example' },
      client: { version: '16.0.6920.1000', mailboxLocation: 'on-premises' },
      spool: new IndexedDbSpool({ waitForLock: waitForLock === 'for ever' ? Number.POSITIVE_INFINITY : waitForLock }),
      transport: new EwsTransport({
        url,
        credentials: basicAuth({ username: 'alice@contoso.test', password: 'p' }),
        requestTimeout: 2_000,
        relay: true,
      }),
      ...short,
    });
    sender.on('warning', ({ error }) => warnings.push(error instanceof OfflineImError ? error.code : String(error)));
    return answer(() =>
      opened()
        .stats()
        .then(({ states }) => states),
    );
  },
  start: () => answer(() => opened().start()),
  stop: () => answer(() => opened().stop({ timeout: 200_000 })),
  counts: () =>
    answer(() =>
      opened()
        .stats()
        .then(({ states }) => states),
    ),
  warnings: () => warnings,
  /** Accepts messages one after the other; returns the accepted ids. */
  async send(
    messages: readonly { readonly id: string; readonly conversationId: string; readonly text: string }[],
  ): Promise<unknown> {
    return answer(async () => {
      for (const { id, ...message } of messages) await opened().send({ to: 'sip:bob@contoso.test', messageId: id, ...message });
      return messages.length;
    });
  },
};

Object.assign(globalThis, { spoolPage: page });

export type SpoolPage = typeof page;

function opened(): OfflineImSender {
  if (sender === undefined) throw new Error('open() comes first');
  return sender;
}

/** The result, or the code of the rejection. */
async function answer(work: () => Promise<unknown>): Promise<unknown> {
  try {
    return (await work()) ?? 'done';
  } catch (error) {
    return error instanceof OfflineImError ? error.code : String(error);
  }
}
