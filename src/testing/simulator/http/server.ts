import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../../core/clock.ts';
import { OfflineImError } from '../../../core/errors/offline-im-error.ts';
import { GatheredBytes } from '../../../core/text.ts';
import { isInspectors } from '../../inspector/inspector.ts';
import { Timers } from '../store/time.ts';
import { decodedBody } from './body-text.ts';
import { type Cors, corsHeaders, preflightHeaders } from './cors.ts';
import type { FrontRequest, FrontResponse } from './front.ts';
import { nodeModule } from './node-module.ts';

/** Where to listen, and what answers. */
export interface HttpFrontOptions {
  readonly host: string;
  readonly port: number;
  readonly clock: Clock;
  readonly maxRequestBytes: number;
  /** Of the requests for Exchange; the inspector lets in no page of another origin. */
  readonly cors: Cors;
  /** Key and certificate in PEM; without them the server speaks plain HTTP. */
  readonly tls?: { readonly key: string; readonly cert: string } | undefined;
  handle(request: FrontRequest): Promise<FrontResponse>;
}

/** A listening server. */
export interface HttpFront {
  readonly port: number;
  /** Connections that clients have opened since the start. */
  readonly connections: number;
  /** Ends every connection; new ones are taken. */
  disconnect(): void;
  /** Destroys every connection and stops listening. */
  close(): Promise<void>;
}

/** Bytes of an answer that stays open which a client may leave unread. */
const mostUnread = 16 * 1024 * 1024;

/** Serves a simulator core over HTTP. */
export async function listen(options: HttpFrontOptions): Promise<HttpFront> {
  const timers = new Timers(options.clock);
  const listener: RequestListener = (request, response) => {
    // A client that goes away is its own business; anything else is a bug in the simulator, and the client sees it.
    serve(request, response, options, timers).catch((error: unknown) => {
      if (!response.headersSent && !response.destroyed) response.writeHead(500).end(`simulator: ${String(error)}`);
      else response.destroy();
    });
  };
  const server =
    options.tls === undefined
      ? nodeModule('http').createServer(listener)
      : nodeModule('https').createServer({ ...options.tls }, listener);
  server.keepAliveTimeout = 60_000;
  let connections = 0;
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections;
    },
    disconnect: () => server.closeAllConnections(),
    close: () =>
      new Promise((resolve) => {
        timers.clear();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  options: HttpFrontOptions,
  timers: Timers,
): Promise<void> {
  const asked = { method: request.method ?? 'GET', headers: headersOf(request) };
  const path = pathOf(request.url ?? '/');
  const cors = isInspectors(path) ? false : options.cors;
  const preflight = preflightHeaders(asked, cors);
  if (preflight !== undefined) {
    response.writeHead(204, preflight).end();
    return;
  }
  const bytes = await readBody(request, options.maxRequestBytes);
  const answer = await options.handle({
    ...asked,
    path,
    ...(bytes === undefined ? { body: '', tooLarge: true } : decodedBody(bytes, asked.headers['content-type'])),
    connection: request.socket,
    secure: options.tls !== undefined,
  });
  switch (answer.kind) {
    case 'reset':
      request.socket.resetAndDestroy();
      return;
    case 'silence':
      return;
    case 'stream': {
      response.writeHead(answer.status, { ...answer.headers, ...corsHeaders(asked, cors) });
      if (response.destroyed) return;
      const gone = answer.open({
        write: (text) => {
          // Who no longer reads what is said is gone, whatever the connection says.
          if (response.writableLength > mostUnread) response.destroy();
          else if (!response.destroyed) response.write(text);
        },
        end: () => void response.end(),
      });
      response.once('close', gone);
      return;
    }
    case 'answer':
      await write({ ...answer, headers: { ...answer.headers, ...corsHeaders(asked, cors) } }, response, timers);
  }
}

/** Clients behind a proxy write the whole address into the first line, and a server takes it (RFC 9112, 3.2.2). */
function pathOf(target: string): string {
  return target.replace(/^https?:\/\/[^/?#]*/i, '').replace(/^(?!\/)/, '/');
}

async function write(
  answer: Extract<FrontResponse, { kind: 'answer' }>,
  response: ServerResponse,
  timers: Timers,
): Promise<void> {
  const bytes = answer.bytes === undefined ? Buffer.from(answer.body, 'utf8') : Buffer.from(answer.bytes);
  const headers = Object.entries(answer.headers).map(([name, value]) => [name, typeof value === 'string' ? value : [...value]]);
  response.writeHead(answer.status, { ...Object.fromEntries(headers), 'content-length': bytes.length });
  if (answer.resetAfter !== undefined) {
    // Never all of it: a client that has every byte has its answer, whatever becomes of the connection.
    const part = bytes.subarray(0, Math.min(bytes.length - 1, Math.floor(bytes.length * answer.resetAfter)));
    // Only what the kernel has taken can arrive before the reset; a reset in the same turn would overtake it.
    response.flushHeaders();
    await new Promise<void>((resolve) => (part.length === 0 ? resolve() : response.write(part, () => resolve())));
    setImmediate(() => response.socket?.destroy());
    return;
  }
  if (answer.drip === undefined) {
    response.end(bytes);
    return;
  }
  const { chunkBytes, interval } = answer.drip;
  const left = new AbortController();
  response.once('close', () => left.abort());
  for (let at = 0; at < bytes.length && !response.destroyed; at += chunkBytes) {
    response.write(bytes.subarray(at, at + chunkBytes));
    if (!(await timers.wait(interval, left.signal))) return;
  }
  response.end();
}

/** The bytes of the body; undefined when there are too many. Rejects when the client breaks off. */
function readBody(request: IncomingMessage, limit: number): Promise<Uint8Array | undefined> {
  const bytes = new GatheredBytes();
  let isTooLong = false;
  return new Promise((resolve, reject) => {
    // What is too much is read all the same, and thrown away: the client reads the answer, and goes on on this connection.
    request.on('data', (chunk: Buffer | string) => {
      isTooLong ||= bytes.length + chunk.length > limit;
      if (isTooLong) resolve(undefined);
      else bytes.add(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
    });
    request.once('end', () => resolve(isTooLong ? undefined : bytes.whole()));
    request.once('error', reject);
    // Also after the end, of every request: an error costs its stack.
    request.once('close', () => {
      if (!request.readableEnded) reject(new OfflineImError('CONNECTION_LOST', 'The client aborted the request.'));
    });
  });
}

function headersOf(request: IncomingMessage): Record<string, string | undefined> {
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(request.headers)) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  return headers;
}
