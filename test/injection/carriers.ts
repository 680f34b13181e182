/** The transports under test, each to the same simulated server. */
import type { Transport } from '../../src/index.ts';
import type { ExchangeSimulator } from '../../src/testing/simulator/simulator.ts';

export type CarrierName = 'ews' | 'graph' | 'ntlm' | 'dispatcher' | 'relay';

export interface Carrier {
  readonly transport: Transport;
  close(): Promise<void>;
}

const requestTimeout = 800;

export async function makeCarrier(name: CarrierName, exchange: ExchangeSimulator, alice: string): Promise<Carrier> {
  const { basicAuth, EwsTransport, GraphTransport } = await import('../../src/index.ts');
  const credentials = basicAuth({ username: alice, password: 'p' });
  const common = { url: exchange.url, credentials, requestTimeout };
  const nothing = async () => undefined;
  switch (name) {
    case 'ews':
      return { transport: new EwsTransport(common), close: nothing };
    case 'graph': {
      const credential = async () => ({ token: exchange.tokens.issue(alice) });
      const root = exchange.graphUrl;
      return { transport: new GraphTransport({ root, credential, requestTimeout, minimumGrace: 400 }), close: nothing };
    }
    case 'ntlm': {
      const { ntlmAuth } = await import('../../src/ntlm.ts');
      const login = ntlmAuth({ username: alice, password: 'p' });
      return { transport: new EwsTransport({ ...common, credentials: login }), close: nothing };
    }
    case 'dispatcher': {
      const { Agent } = await import('undici');
      const dispatcher = new Agent();
      return { transport: new EwsTransport({ ...common, dispatcher }), close: () => dispatcher.destroy() };
    }
    case 'relay': {
      const [{ relay }, { nodeHandler }, { createServer }] = await Promise.all([
        import('../../src/relay.ts'),
        import('../../src/dashboard.ts'),
        import('node:http'),
      ]);
      const handler = relay({
        upstreams: { '/EWS/Exchange.asmx': exchange.url },
        origins: ['http://127.0.0.1'],
      });
      const server = createServer(nodeHandler(handler));
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as { port: number };
      const fetch: typeof globalThis.fetch = (input, init) => {
        const headers = new Headers(init?.headers);
        headers.set('origin', 'http://127.0.0.1');
        return globalThis.fetch(input, { ...init, headers });
      };
      const url = `http://127.0.0.1:${port}/EWS/Exchange.asmx`;
      return {
        transport: new EwsTransport({ ...common, url, fetch, relay: true }),
        close: async () => {
          const closed = new Promise((resolve) => server.close(resolve));
          server.closeAllConnections();
          await closed;
        },
      };
    }
  }
}
