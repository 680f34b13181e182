/** One organisation with mailboxes on both sides, and the router between its two doors. */
import { basicAuth } from '../../../src/ews/auth/credentials.ts';
import { EwsTransport } from '../../../src/ews/ews-transport.ts';
import { GraphTransport } from '../../../src/graph/graph-transport.ts';
import { type ExchangeSimulator, type ManualClock, startExchangeSimulator } from '../../../src/testing.ts';
import type { Transport } from '../../../src/transport/contract.ts';
import { type RouteLocation, routeByMailbox } from '../../../src/transport/route-by-mailbox.ts';

export const onPremises = 'alice@contoso.test';
export const online = 'olga@contoso.test';
const bob = 'bob@contoso.test';

export interface BothSides {
  readonly server: ExchangeSimulator;
  readonly transport: Transport;
  readonly graph: GraphTransport;
  readonly ews: EwsTransport;
  /** Where the host assumes mailboxes to be. */
  readonly located: Map<string, RouteLocation>;
}

/** @param login Of the EWS side; it may read only its own mailbox. */
export async function bothSides(clock: ManualClock, login = onPremises): Promise<BothSides> {
  const server = await startExchangeSimulator({
    clock,
    mailboxes: [
      { address: onPremises, location: 'on-premises' },
      { address: online, location: 'exchange-online' },
      { address: bob, location: 'on-premises' },
    ],
  });
  const located = new Map<string, RouteLocation>([[online, 'exchange-online']]);
  const graph = new GraphTransport({
    root: server.graphUrl,
    credential: async ({ address }) => ({ token: server.tokens.issue(address) }),
    messagesPerMinute: 10_000,
    clock,
  });
  const ews = new EwsTransport({
    url: server.url,
    credentials: basicAuth({ username: login, password: 'p' }),
    clock,
  });
  const transport = routeByMailbox({
    of: (address) => located.get(address) ?? 'on-premises',
    transports: { 'exchange-online': graph, 'on-premises': ews },
  });
  return { server, transport, graph, ews, located };
}
