/** A fetch-style handler behind a real HTTP server on the loopback interface, which can lose responses. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HandlerServer extends AsyncDisposable {
  readonly origin: string;
  /** Operation and client-request-id of each request received. */
  readonly seen: string[];
  /** Destroys the connection instead of responding if it returns true. Otherwise connections may be reused. */
  loses: (operation: string, nth: number) => boolean;
}

export async function serveHandler(handler: (request: Request) => Promise<Response>): Promise<HandlerServer> {
  const seen: string[] = [];
  const server = createServer((incoming, outgoing) => void answer(incoming, outgoing));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const counts = new Map<string, number>();

  async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const method = incoming.method ?? 'GET';
    const operation = /<\w+:Body><\w+:(\w+)/.exec(body.toString())?.[1] ?? method;
    if (method === 'POST') seen.push(`${operation} ${incoming.headers['client-request-id']}`);
    const headers = new Headers();
    for (const [name, value] of Object.entries(incoming.headers)) if (typeof value === 'string') headers.set(name, value);
    const response = await handler(
      new Request(origin + incoming.url, { method, headers, ...(method === 'POST' ? { body } : {}) }),
    );
    const nth = (counts.get(operation) ?? 0) + 1;
    counts.set(operation, nth);
    if (running.loses(operation, nth)) {
      incoming.socket.destroy();
      return;
    }
    outgoing.writeHead(response.status, Object.fromEntries(response.headers));
    outgoing.end(Buffer.from(await response.arrayBuffer()));
  }

  const running: HandlerServer = {
    origin,
    seen,
    loses: () => false,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
  return running;
}
