import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { systemClock } from '../../../src/core/clock.ts';
import { dashboard, nodeHandler } from '../../../src/dashboard.ts';
import { MemorySpool } from '../../../src/index.ts';
import { relay } from '../../../src/relay.ts';
import { fastClock, never, settles } from '../calls.ts';
import type { Given } from '../child.ts';

export async function run({ silent }: Given): Promise<void> {
  await relayed(silent);
  await shown();
  await leftEarly();
}

async function relayed(silent: string): Promise<void> {
  for (const [name, fetch] of Object.entries({ hanging: () => never, real: globalThis.fetch })) {
    const handler = relay({ upstreams: { '/EWS': silent }, origins: ['https://app.contoso.test'], fetch, clock: fastClock });
    const headers = { origin: 'https://app.contoso.test', 'content-type': 'text/xml', 'client-request-id': crypto.randomUUID() };
    const request = () => new Request('https://relay.contoso.test/EWS', { method: 'POST', headers, body: '<a/>' });
    await settles(`relay with a ${name} fetch to a silent server`, () => handler(request()));
  }
}

async function shown(): Promise<void> {
  const spool = new MemorySpool();
  await settles('open()', () => spool.open({ clock: systemClock, tombstones: 1_000 }));
  const handler = dashboard({ spool, authorize: () => ({ user: 'carol', mayChange: true, mayReadText: true }) });
  for (const path of ['/', '/messages', '/message/one']) {
    await settles(`dashboard ${path}`, async () => (await handler(new Request(`http://localhost${path}`))).text());
  }
  handler.close();
  await settles('close()', () => spool.close());
}

/** A client that has left before the handler is called, as behind middleware that waits: its `close` was emitted before. */
async function leftEarly(): Promise<void> {
  const held: { request: IncomingMessage; response: ServerResponse }[] = [];
  const server = createServer((request, response) => void held.push({ request, response }));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => undefined);
  const came = once(server, 'request');
  socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  await came;
  const [exchange] = held;
  if (exchange === undefined) return;
  const left = once(exchange.response, 'close');
  socket.destroy();
  await left;
  server.close();
  let cancelled = false;
  const body = () =>
    new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(1024 * 1024)),
      cancel: () => {
        cancelled = true;
      },
    });
  const handle = nodeHandler(async () => new Response(body()));
  await settles('nodeHandler() for a client that has left', () => handle(exchange.request, exchange.response));
  if (!cancelled) throw new Error('The body of a response that nobody reads was not cancelled.');
}
