/** Never twice, never lost, over EWS, over Graph, and over the router: one source, since it is one promise. The content of the mailboxes counts. */
import { describe, expect, it } from 'vitest';
import { basicAuth } from '../../src/ews/auth/credentials.ts';
import { EwsTransport } from '../../src/ews/ews-transport.ts';
import { GraphTransport } from '../../src/graph/graph-transport.ts';
import { OfflineImSender } from '../../src/sender/sender.ts';
import { MemorySpool } from '../../src/spool/journaled/memory-spool.ts';
import { type ExchangeSimulator, type FaultBuilder, startExchangeSimulator } from '../../src/testing.ts';
import type { Transport } from '../../src/transport/contract.ts';
import { routeByMailbox } from '../../src/transport/route-by-mailbox.ts';
import { hastyClock } from '../support/hasty-clock.ts';

const alice = 'alice@contoso.test';
const bob = 'bob@contoso.test';
const requestTimeout = 1_500;

const ews = ({ url }: ExchangeSimulator): Transport =>
  new EwsTransport({ url, credentials: basicAuth({ username: alice, password: 'p' }), requestTimeout, clock: hastyClock });
const graph = ({ graphUrl, tokens }: ExchangeSimulator): Transport => {
  const token = tokens.issue(alice);
  return new GraphTransport({
    root: graphUrl,
    credential: async () => ({ token }),
    requestTimeout,
    minimumGrace: 250,
    clock: hastyClock,
  });
};
const ways = [
  { name: 'EwsTransport', sends: 'CreateItem', make: ews },
  { name: 'GraphTransport', sends: 'sendMail', make: graph },
  {
    name: 'the router',
    sends: 'sendMail',
    make: (server: ExchangeSimulator) =>
      routeByMailbox({
        of: () => 'exchange-online',
        transports: { 'exchange-online': graph(server), 'on-premises': ews(server) },
      }),
  },
] as const;

/** The fault of the first send, how often the note is sent, and the result. */
const faults: readonly (readonly [string, (fault: FaultBuilder) => unknown, number, 'delivered' | 'dead'])[] = [
  ['its answer is lost', (fault) => fault.lostResponse(), 1, 'delivered'],
  ['time-out after it was sent', (fault) => fault.hang({ processed: true }), 1, 'delivered'],
  ['its copy appears late', (fault) => fault.lateCopy(100), 1, 'delivered'],
  ['lost before it was read', (fault) => fault.resetBefore(), 2, 'delivered'],
  ['time-out before it was read', (fault) => fault.hang(), 2, 'delivered'],
  ['a proxy is in the way', (fault) => fault.http(502), 2, 'delivered'],
  ['a page instead of an answer', (fault) => fault.html(), 2, 'delivered'],
  ['the server is busy', (fault) => fault.serverBusy({ backOff: 10 }), 2, 'delivered'],
  ['the sender may not send as that', (fault) => fault.draftOnSendAsDenied(), 1, 'dead'],
];

describe.each(ways)('$name', ({ sends, make }) => {
  it.each(faults)('%s', async (_, strike, written, end) => {
    const server = await startExchangeSimulator({ mailboxes: [alice, bob] });
    strike(server.faults.on(sends).once());
    const sender = new OfflineImSender({
      identity: { sip: `sip:${alice}`, displayName: 'Alice Example' },
      client: { version: '16.0.6920.1000', mailboxLocation: 'on-premises' },
      spool: new MemorySpool(),
      transport: make(server),
      logger: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
      pickupDelay: 0,
      pollInterval: 50,
      lease: { duration: 120_000, renewEvery: 500 },
      probe: { initialDelay: 20, maxDelay: 60, grace: 250 },
      retry: { initialDelay: 10, maxDelay: 50 },
    });
    try {
      const { messageId } = await sender.send({ to: `sip:${bob}`, text: 'one' });
      await sender.start();
      const state = async () => (await sender.status(messageId))?.entries[0]?.state;
      await expect.poll(state).toBe(end);
      const arrived = server.mailbox(bob).folder('inbox').items;
      expect(arrived.map(({ body }) => body.content)).toEqual(end === 'delivered' ? ['one'] : []);
      expect(server.journal.filter(({ operation }) => operation === sends)).toHaveLength(written);
      await expect.poll(() => server.mailbox(alice).folder('drafts').items).toEqual([]);
    } finally {
      await sender.stop({ timeout: 100 });
      await server.close();
    }
  });
});
