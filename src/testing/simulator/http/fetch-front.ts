import { type Clock, systemClock, whenAborted } from '../../../core/clock.ts';
import { OfflineImError } from '../../../core/errors/offline-im-error.ts';
import { decodedBody } from './body-text.ts';
import type { FrontRequest, FrontResponse } from './front.ts';

/** What answers, and how it goes about it. */
export interface FetchFrontOptions {
  /** What a relative address is resolved against. */
  readonly url: string;
  readonly maxRequestBytes: number;
  handle(request: FrontRequest): Promise<FrontResponse>;
  /** Waits that many ms by the simulator's clock; false when the simulator was reset or closed before. */
  wait(delay: number): Promise<boolean>;
  /** The simulator's: a server says its time in every response. */
  readonly clock: Pick<Clock, 'now'>;
  /** Aborts when the simulator is closed: a server breaks the connections then. */
  readonly closed: AbortSignal;
}

/** Who waits for an answer. */
interface Caller {
  readonly signal: AbortSignal;
  /** Whatever reads the answer holds them: their signals no longer abort once they are collected. */
  readonly requests: readonly unknown[];
}

/** Calls a simulator's core as `fetch` calls a server: no port, nothing of a platform. What breaks a connection rejects as fetch does. */
export async function fetchFrom(
  options: FetchFrontOptions,
  input: string | URL | Request,
  init?: RequestInit,
): Promise<Response> {
  const target = typeof input === 'string' ? new URL(input, options.url) : input;
  const request = new Request(target, init);
  // The caller's own: that of a request forgets what it follows when the request is collected.
  const signal = init?.signal ?? request.signal;
  signal.throwIfAborted();
  const bytes = new Uint8Array(await request.arrayBuffer());
  const { protocol, host, pathname, search } = new URL(request.url);
  const tooLarge = bytes.length > options.maxRequestBytes;
  const answered = options.handle({
    method: request.method,
    path: pathname + search,
    headers: { ...Object.fromEntries(request.headers), host },
    ...(tooLarge ? { body: '', tooLarge } : decodedBody(bytes, request.headers.get('content-type') ?? undefined)),
    secure: protocol === 'https:',
  });
  // The same as a server says of a bug, or of a predicate of the test that threw.
  const shown = answered.catch((error: unknown): FrontResponse => failed(error));
  const caller: Caller = { signal, requests: [input, request] };
  const letGo = typeof input === 'string' && isMissing(init?.signal) ? () => undefined : held(caller);
  try {
    return await responseOf(await orAbort(shown, signal), options, caller);
  } finally {
    letGo();
  }
}

const isMissing = (value: unknown): boolean => value === undefined || value === null;

/**
 * What a connection is to the process: it keeps it alive for as long as someone waits for the answer, who may have a limit that does not (`AbortSignal.timeout()`); and to
 * the requests, whose signals no longer abort once they are collected.
 */
function held(caller: Caller): () => void {
  return systemClock.setTimer(() => void caller.requests, Number.POSITIVE_INFINITY);
}

function failed(error: unknown): FrontResponse {
  return { kind: 'answer', status: 500, headers: {}, body: `simulator: ${String(error)}` };
}

async function responseOf(answer: FrontResponse, options: FetchFrontOptions, caller: Caller): Promise<Response> {
  switch (answer.kind) {
    case 'reset':
      throw connectionReset();
    case 'silence':
      return silence(options.closed, caller.signal);
    case 'stream':
      return new Response(streamed(answer, caller), { status: answer.status, headers: headersOf(answer, options) });
    case 'answer': {
      if (answer.status < 200 || answer.status > 599) {
        throw new OfflineImError(
          'OPTION_INVALID',
          `A fetch front can't answer with status ${answer.status}; expected 200 to 599.`,
        );
      }
      const withoutBody = answer.status === 204 || answer.status === 205 || answer.status === 304;
      const body = withoutBody ? null : bodyOf(answer, options, caller);
      return new Response(body, { status: answer.status, headers: headersOf(answer, options) });
    }
  }
}

/** Lasts until the caller gives up, or the simulator is closed. */
async function silence(closed: AbortSignal, signal: AbortSignal): Promise<never> {
  const broken = Promise.withResolvers<never>();
  const forget = whenAborted(closed, () => broken.reject(connectionReset()));
  try {
    return await orAbort(broken.promise, signal);
  } finally {
    forget();
  }
}

type Answered = Extract<FrontResponse, { kind: 'answer' }>;

/** Bytes as a copy of their own: a body belongs to its reader. */
const textOrBytes = ({ body, bytes }: Answered): string | Uint8Array<ArrayBuffer> =>
  bytes === undefined ? body : new Uint8Array(bytes);

function bodyOf(
  answer: Answered,
  options: FetchFrontOptions,
  caller: Caller,
): string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> {
  if (answer.resetAfter === undefined && answer.drip === undefined) return textOrBytes(answer);
  const bytes = answer.bytes ?? new TextEncoder().encode(answer.body);
  return answer.resetAfter === undefined ? dripping(bytes, answer.drip, options, caller) : cut(bytes, answer.resetAfter);
}

/** That share of the bytes, never all of them, then a lost connection. */
function cut(bytes: Uint8Array, share: number): ReadableStream<Uint8Array> {
  let part: Uint8Array | undefined = bytes.subarray(0, Math.min(bytes.length - 1, Math.floor(bytes.length * share)));
  return new ReadableStream({
    pull(controller) {
      if (part !== undefined && part.length > 0) controller.enqueue(part);
      else controller.error(connectionReset());
      part = undefined;
    },
  });
}

function dripping(
  bytes: Uint8Array,
  drip: Answered['drip'],
  options: FetchFrontOptions,
  caller: Caller,
): ReadableStream<Uint8Array> {
  const { chunkBytes, interval } = drip ?? { chunkBytes: bytes.length, interval: 0 };
  let at = 0;
  return new ReadableStream({
    async pull(controller) {
      if (at > 0 && !(await orAbort(options.wait(interval), caller.signal))) return controller.error(connectionReset());
      controller.enqueue(bytes.subarray(at, at + chunkBytes));
      at += chunkBytes;
      if (at >= bytes.length) controller.close();
    },
  });
}

/** An answer in pieces, until it ends or the client has gone. */
function streamed({ open }: Extract<FrontResponse, { kind: 'stream' }>, caller: Caller): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let gone = (): void => undefined;
  return new ReadableStream<Uint8Array>({
    start(controller) {
      let over = false;
      const end = (): void => {
        if (!over) controller.close();
        over = true;
        gone();
      };
      gone = open({ write: (text) => void (over || controller.enqueue(encoder.encode(text))), end });
      const abort = (): void => {
        if (over) return;
        over = true;
        controller.error(caller.signal.reason);
        gone();
      };
      caller.signal.addEventListener('abort', abort, { once: true });
    },
    cancel: () => gone(),
  });
}

/** As undici reports a connection that failed. */
export function connectionError(message: string, code: string): TypeError {
  return new TypeError('fetch failed', { cause: Object.assign(new Error(message), { code }) });
}

function connectionReset(): TypeError {
  return connectionError('read ECONNRESET', 'ECONNRESET');
}

async function orAbort<Value>(value: Promise<Value>, signal: AbortSignal): Promise<Value> {
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([value, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function headersOf(answer: Extract<FrontResponse, { headers: unknown }>, { clock }: Pick<FetchFrontOptions, 'clock'>): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(answer.headers)) {
    for (const one of typeof value === 'string' ? [value] : value) headers.append(name, one);
  }
  if (!headers.has('date')) headers.set('date', new Date(clock.now()).toUTCString());
  return headers;
}
