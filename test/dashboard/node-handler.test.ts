import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, createServer as createHttp2Server, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { nodeHandler } from '../../src/dashboard/node-handler.ts';

it('a response that fails halfway closes the connection without an unhandled rejection, and the next one is complete', async () => {
  let broken = true;
  const handler = nodeHandler(async () => {
    if (!broken) return new Response('whole');
    const parts = [new TextEncoder().encode('a part')];
    return new Response(
      new ReadableStream({
        pull(controller) {
          const part = parts.shift();
          if (part === undefined) controller.error(new Error('the spool has closed'));
          else controller.enqueue(part);
        },
      }),
    );
  });
  const outcomes: unknown[] = [];
  const server = createServer((request, response) => {
    handler(request, response).then(
      () => outcomes.push('resolved'),
      (error: unknown) => outcomes.push(error),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  await expect(fetch(url).then((response) => response.text())).rejects.toThrow();
  broken = false;
  expect(await (await fetch(url)).text()).toBe('whole');
  expect(outcomes).toEqual(['resolved', 'resolved']);
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
});

it('a response that cannot be written is cancelled', async () => {
  let cancelled = false;
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new Uint8Array(1)),
    cancel: () => {
      cancelled = true;
    },
  });
  let isBroken = false;
  await nodeHandler(async () => new Response(body))(Object.assign(ReadableStream.from([]), { headers: {} }), {
    writeHead: () => undefined,
    write: () => {
      throw new Error('the socket has gone');
    },
    end: () => undefined,
    once: () => undefined,
    off: () => undefined,
    destroy: () => {
      isBroken = true;
    },
  });
  expect({ cancelled, isBroken }).toEqual({ cancelled: true, isBroken: true });
});

it('a client that left while the handler was called leaves no answer open that has not begun', async () => {
  let cancelled = false;
  const closed: (() => void)[] = [];
  const body = new ReadableStream<Uint8Array>({
    cancel: () => {
      cancelled = true;
    },
  });
  const handler = nodeHandler(async () => {
    for (const leave of closed) leave();
    return new Response(body);
  });
  await handler(Object.assign(ReadableStream.from([]), { headers: {} }), {
    writeHead: () => undefined,
    write: () => true,
    end: () => undefined,
    once: (event, listener) => event === 'close' && closed.push(listener),
    off: () => undefined,
  });
  expect(cancelled).toBe(true);
});

it('a client that left over HTTP/2 before the handler was called leaves no answer open', async () => {
  const held: [Http2ServerRequest, Http2ServerResponse][] = [];
  const server = createHttp2Server((request, response) => void held.push([request, response]));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const asked = client.request({ ':path': '/' });
  asked.on('error', () => undefined).end();
  await once(server, 'request');
  const [request, response] = held[0] ?? expect.fail('no request');
  const left = once(response, 'close');
  asked.destroy();
  await left;
  let cancelled = false;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(1_048_576)),
    cancel: () => {
      cancelled = true;
    },
  });
  await nodeHandler(async () => new Response(body))(request, response);
  expect(cancelled).toBe(true);
  client.destroy();
  server.close();
});
