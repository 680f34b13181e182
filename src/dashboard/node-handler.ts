import { checkArgument } from '../core/arguments.ts';
import { whenAborted } from '../core/clock.ts';
import { property } from '../core/errors/thrown.ts';
import { callback } from '../core/options.ts';

/** The parts of a `node:http` request that are read. */
export interface NodeRequestLike extends AsyncIterable<Uint8Array> {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  /** Express keeps the whole address here; below a mounted router `url` is only the rest. */
  readonly originalUrl?: string | undefined;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** The parts of a `node:http` response that are written. */
export interface NodeResponseLike {
  /** Begins the response. */
  writeHead(status: number, headers: Record<string, string | string[]>): unknown;
  /** Writes a part; false: wait for `drain`. */
  write(chunk: Uint8Array): boolean;
  /** Ends the response. */
  end(): unknown;
  /** As of an event emitter. */
  once(event: 'close' | 'drain', listener: () => void): unknown;
  /** As of an event emitter. */
  off(event: 'close' | 'drain', listener: () => void): unknown;
  readonly destroyed?: boolean;
  /** Breaks the connection, so that the reader notices the loss. */
  destroy?(): unknown;
}

/**
 * Turns a handler that takes a `Request` into one for `node:http`, Express and Fastify. Put it before body parsers: it reads the body itself.
 *
 * @throws {OfflineImError} `OPTION_INVALID`
 * @example
 * ```ts
 * createServer(nodeHandler(dashboard({ spool, authorize }))).listen(8080, '127.0.0.1');
 * ```
 */
export function nodeHandler(
  handler: (request: Request) => Promise<Response>,
): (request: NodeRequestLike, response: NodeResponseLike) => Promise<void> {
  checkArgument('nodeHandler()', 'handler', handler, callback('a function from Request to Promise<Response>'));
  return async (request, response) => {
    const gone = new AbortController();
    const leave = (): void => gone.abort();
    response.once('close', leave);
    // Who left while the handler was still to be called, behind other middleware, closes nothing any more.
    if (hasLeft(response)) leave();
    let begun = false;
    try {
      const answer = await handler(requestOf(request, gone.signal));
      response.writeHead(answer.status, headersOf(answer));
      begun = true;
      await write(response, answer, gone.signal);
    } catch {
      // The client has gone or sent an invalid request, or the response broke off: a partial one must not look complete.
      if (!gone.signal.aborted) refuse(response, begun);
    } finally {
      response.off('close', leave);
    }
  };
}

/** HTTP/2's compatibility layer tells of it on the stream alone. */
function hasLeft(response: NodeResponseLike): boolean {
  return response.destroyed === true || property(property(response, 'stream'), 'destroyed') === true;
}

/** Never rejects: the caller doesn't wait, so a rejection would end the process. */
function refuse(response: NodeResponseLike, begun: boolean): void {
  try {
    if (begun && response.destroy !== undefined) response.destroy();
    else {
      if (!begun) response.writeHead(400, { 'content-type': 'text/plain' });
      response.end();
    }
  } catch {
    // The client is gone.
  }
}

function requestOf(request: NodeRequestLike, signal: AbortSignal): Request {
  const { method = 'GET', originalUrl, url = '/', headers } = request;
  const own = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith(':') || value === undefined) continue;
    for (const one of typeof value === 'string' ? [value] : value) own.append(name, one);
  }
  const path = originalUrl ?? url;
  const address = new URL(`http://${own.get('host') ?? 'localhost'}${path.startsWith('/') ? path : '/'}`);
  if (method === 'GET' || method === 'HEAD') return new Request(address, { method, headers: own, signal });
  const body = ReadableStream.from(request);
  return new Request(address, { method, headers: own, signal, body, duplex: 'half' } as RequestInit);
}

function headersOf(answer: Response): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of answer.headers) if (name !== 'set-cookie') headers[name] = value;
  const cookies = answer.headers.getSetCookie();
  if (cookies.length > 0) headers['set-cookie'] = cookies;
  return headers;
}

async function write(response: NodeResponseLike, answer: Response, gone: AbortSignal): Promise<void> {
  const reader = answer.body?.getReader();
  const cancel = (): void => void reader?.cancel().catch(() => {});
  // Also for a client that left while the handler was called.
  whenAborted(gone, cancel);
  try {
    for (let part = await reader?.read(); part !== undefined && !part.done; part = await reader?.read()) {
      if (gone.aborted) return;
      if (!response.write(part.value)) await drained(response);
    }
  } finally {
    // Stops the source of the response; after its end this does nothing.
    cancel();
  }
  response.end();
}

function drained(response: NodeResponseLike): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      response.off('drain', go);
      response.off('close', go);
      resolve();
    };
    response.once('drain', go);
    response.once('close', go);
  });
}
