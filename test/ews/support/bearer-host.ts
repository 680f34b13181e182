/** A host with a getToken, and a simulator that issues its tokens. */
import { afterEach } from 'vitest';
import { type BearerAuthOptions, bearerAuth } from '../../../src/ews/auth/bearer-auth.ts';
import type { Credentials } from '../../../src/ews/auth/credentials.ts';
import { EwsTransport } from '../../../src/ews/ews-transport.ts';
import type { EwsTransportOptions } from '../../../src/ews/options.ts';
import { type ExchangeSimulator, startExchangeSimulator } from '../../../src/testing/simulator/simulator.ts';
import type { DeliveryOutcome } from '../../../src/transport/contract.ts';
import type { TokenReason } from '../../../src/transport/token-cache.ts';
import { checkedFetch } from '../../support/ews-schema.ts';
import { always, makeNote } from './harness.ts';

export const alice = 'alice@contoso.test';
const bob = 'bob@contoso.test';
const running: ExchangeSimulator[] = [];

afterEach(async () => {
  for (const server of running.splice(0)) await server.close();
});

export interface Host {
  readonly server: ExchangeSimulator;
  readonly transport: EwsTransport;
  /** The reason of each call, in order. */
  readonly asked: TokenReason[];
  readonly requests: () => number;
  deliver(n?: number): Promise<DeliveryOutcome>;
}

export type Answer = (server: ExchangeSimulator, nth: number, signal: AbortSignal) => ReturnType<BearerAuthOptions['getToken']>;

/** A host with tokens of the simulator, unless the test answers otherwise. */
export async function host(
  answer: Answer = (server) => server.tokens.issue(alice),
  own: Partial<EwsTransportOptions> & { readonly refreshBefore?: number } = {},
): Promise<Host> {
  const { refreshBefore, ...options } = own;
  const server = await startExchangeSimulator({ mailboxes: [alice, bob], auth: ['bearer'], ...pickClock(options) });
  running.push(server);
  const asked: TokenReason[] = [];
  const fetch = checkedFetch();
  const credentials: Credentials = bearerAuth({
    getToken: ({ reason, signal }) => {
      asked.push(reason);
      return answer(server, asked.length, signal);
    },
    ...(refreshBefore === undefined ? {} : { refreshBefore }),
  });
  const transport = new EwsTransport({ url: server.url, credentials, fetch, ...options });
  return {
    server,
    transport,
    asked,
    requests: () => fetch.requests.length,
    deliver: async (n = 0) => {
      const [outcome] = await transport.deliver([makeNote(transport, n)], always());
      if (outcome === undefined) throw new Error('no outcome');
      return outcome;
    },
  };
}

const pickClock = ({ clock }: Partial<EwsTransportOptions>): { clock?: NonNullable<typeof clock> } => (clock ? { clock } : {});
export const inbox = (server: ExchangeSimulator): number => server.mailbox(bob).folder('inbox').items.length;
export const notSent = { status: 'deferred', scope: 'mailbox', error: { code: 'AUTHENTICATION_FAILED' } };
