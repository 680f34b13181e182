import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How a host handles a request. */
export type Host = (request: {
  readonly method: string;
  readonly path: string;
  readonly login: string | undefined;
  readonly body: string;
}) => Reply;

/** A response; `hang` never comes. */
export type Reply = { readonly status: number; readonly location?: string; readonly body?: string | Uint8Array } | 'hang';

/** A request that arrived. */
interface Arrival {
  readonly url: string;
  readonly method: string;
  readonly login: string | undefined;
}

/**
 * Many hosts on one loopback port: `fetch` makes real connections, but to this server, with the host's name in a header. Hosts
 * are named by origin (`https://contoso.test`); a missing one refuses the connection.
 */
export async function fakeInternet(hosts: Readonly<Record<string, Host>>) {
  const arrivals: Arrival[] = [];
  const server = createServer((request, response) => void answer(hosts, arrivals, request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const fetch: typeof globalThis.fetch = (input, init) => {
    const url = new URL(String(input));
    const there = hosts[url.origin] !== undefined;
    const target = there ? `http://127.0.0.1:${port}${url.pathname}${url.search}` : 'http://127.0.0.1:1/';
    const headers = new Headers(init?.headers);
    headers.set('x-origin', url.origin);
    return globalThis.fetch(target, { ...init, headers });
  };
  return {
    fetch,
    /** Its real address. Name the host in the header `x-origin`. */
    address: `http://127.0.0.1:${port}`,
    arrivals,
    async [Symbol.asyncDispose](): Promise<void> {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(
  hosts: Readonly<Record<string, Host>>,
  arrivals: Arrival[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const origin = String(request.headers['x-origin']);
  const { method = '', url = '' } = request;
  const login = request.headers.authorization;
  arrivals.push({ url: origin + url, method, login });
  const reply = hosts[origin]?.({ method, path: url, login, body: Buffer.concat(chunks).toString('utf8') }) ?? { status: 404 };
  if (reply === 'hang') return;
  response.writeHead(reply.status, reply.location === undefined ? {} : { location: reply.location });
  response.end(reply.body ?? '');
}

/** Responses of the two services. */
export const jsonAnswer = (url: string): Reply => ({ status: 200, body: JSON.stringify({ Protocol: 'EWS', Url: url }) });
const schema = 'http://schemas.microsoft.com/exchange/autodiscover';
export const poxAccount = (content: string): Reply => ({
  status: 200,
  body: `<?xml version="1.0"?><Autodiscover xmlns="${schema}/responseschema/2006"><Response xmlns="${schema}/outlook/responseschema/2006a"><Account><AccountType>email</AccountType>${content}</Account></Response></Autodiscover>`,
});
export const poxAnswer = (url: string): Reply =>
  poxAccount(
    `<Action>settings</Action><Protocol><Type>EXCH</Type><EwsUrl>https://inside.contoso.test/EWS/Exchange.asmx</EwsUrl></Protocol><Protocol><Type>EXPR</Type><EwsUrl>${url}</EwsUrl></Protocol>`,
  );
