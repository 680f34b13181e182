import { type Limit, systemClock, Turns } from '../core/clock.ts';
import { OfflineImError } from '../core/errors/offline-im-error.ts';
import { isA, property } from '../core/errors/thrown.ts';
import { tell } from '../core/host-calls.ts';
import { decodeText, GatheredBytes } from '../core/text.ts';
import { DispatchedResponse } from './dispatched-response.ts';

/**
 * When a runtime's fetch silently sends a POST again: some do if a connection that they reuse ends before the answer, so that a note arrives twice while the caller sees
 * one success. docs/browsers.md has the measurements. Apart from this, Node's fetch repeats a request once on 421, with which a server says that it has not processed it (RFC 9110 15.5.20).
 */
export type Repeats = 'never' | 'on-idle-connections' | 'unknown';

/** What this runtime's `fetch` does with a request whose connection is lost. `runtime` is globalThis. */
export function repeatsOf(runtime: object): Repeats {
  if (property(runtime, 'Deno') !== undefined) return 'on-idle-connections';
  const process = property(runtime, 'process');
  const isRenderer = ['renderer', 'worker'].includes(String(property(process, 'type'))); // Electron's pages fetch as Chromium does
  const { node, bun } = { node: property(property(process, 'versions'), 'node'), bun: property(runtime, 'Bun') };
  return (typeof node === 'string' || bun !== undefined) && !isRenderer ? 'never' : 'unknown';
}

/** What a host can say about the way to its server. */
export interface Way {
  readonly relay?: boolean | undefined;
  readonly answersClose?: boolean | undefined;
}

/**
 * The runtime's own fetch, if it sends each request at most once; on Deno, with a client without idle connections.
 *
 * @throws {OfflineImError} `OPTION_INVALID` if it may repeat requests, as in a page, and nothing on the way prevents that
 */
export function steadyFetch(owner: string, way: Way, runtime: object = globalThis): typeof globalThis.fetch {
  const repeats = repeatsOf(runtime);
  // Looked up for each call, so that a fetch replaced later (by test tools) counts.
  const plain: typeof globalThis.fetch = (input, init) => globalThis.fetch(input, init);
  if (repeats === 'never' || way.relay === true || way.answersClose === true) return plain;
  if (repeats === 'on-idle-connections') {
    const client = clientWithoutIdle(property(runtime, 'Deno'));
    if (client !== undefined) return (input, init) => globalThis.fetch(input, { ...init, client } as RequestInit);
  }
  throw new OfflineImError(
    'OPTION_INVALID',
    `${owner}: the fetch of this runtime may repeat a request when a connection is lost, so a note could arrive twice. ` +
      'Put the relay of offline-im/relay in front of the server and set relay: true, or set answersClose: true if a proxy closes each connection after its response (Connection: close, HTTP/1.1).',
    { details: { option: 'relay' } },
  );
}

/** In a page, a host's fetch ends up in the page's fetch too. @throws {OfflineImError} as {@link steadyFetch} does */
export function requireSteady(owner: string, way: Way, runtime: object = globalThis): void {
  if (repeatsOf(runtime) === 'unknown') steadyFetch(owner, way, runtime);
}

function clientWithoutIdle(deno: unknown): unknown {
  const create = property(deno, 'createHttpClient');
  if (typeof create !== 'function') return undefined;
  try {
    return Reflect.apply(create, deno, [{ poolMaxIdlePerHost: 0 }]);
  } catch {
    return undefined; // a version that wants a flag for it
  }
}

/**
 * Reads a body as text. Stops at the limit of bytes, counted after decompression, and at the deadline, even if the bytes only trickle.
 */
export async function readBody(response: Response, maxBytes: number, limit: Limit): Promise<string> {
  const bytes = new GatheredBytes();
  await readChunks(response, limit, (chunk) => {
    if (bytes.length + chunk.byteLength > maxBytes) {
      throw new OfflineImError('RESPONSE_TOO_LARGE', `The response is larger than ${maxBytes} bytes.`, { details: { maxBytes } });
    }
    bytes.add(chunk);
  });
  if (bytes.length === 0) return '';
  const text = decodeText(bytes.whole(), response.headers.get('content-type') ?? '');
  if (text === undefined) throw unusable('it names an encoding that is not known here, and is not UTF-8');
  return text;
}

/** Calls `take` with each chunk, until the end or until it throws. Gives up the unread rest, which frees the connection. */
async function readChunks(response: Response, limit: Limit, take: (chunk: Uint8Array) => void): Promise<void> {
  if (response instanceof DispatchedResponse && response.isPlain) {
    try {
      await limit.race(response.eachChunk((part) => take(bytesOf(part))));
    } catch (error) {
      response.discard();
      throw error;
    }
    return;
  }
  const parts = bodyPartsOf(response);
  let turns: Turns | undefined;
  try {
    for (let count = 1; ; count++) {
      const part = await limit.race(Promise.resolve(parts.next()));
      if (part.done === true) return;
      take(bytesOf(part.value));
      // Parts that are always ready would starve the timers, and with them the deadline.
      if (count < partsInOneGo) continue;
      turns ??= new Turns(systemClock);
      await turns.step();
      if (limit.ended() !== undefined) await limit.race(new Promise<never>(() => {}));
    }
  } catch (error) {
    tell(() => parts.giveUp()); // the error that led here is what counts
    throw error;
  }
}

/** The number of parts of a body that are read before timers get a turn. */
const partsInOneGo = 64;

interface BodyParts {
  next(): PromiseLike<{ readonly done?: boolean | undefined; readonly value?: unknown }>;
  giveUp(): unknown;
}

/** The body of a `Response`: a web stream, a Node stream (node-fetch), or only the whole text (React Native). */
function bodyPartsOf(response: Response): BodyParts {
  const { body } = response as { readonly body?: unknown };
  if (typeof property(body, 'getReader') === 'function') {
    const reader = (body as NonNullable<Response['body']>).getReader();
    return { next: () => reader.read(), giveUp: () => reader.cancel() };
  }
  if (typeof property(body, 'on') === 'function' && Symbol.asyncIterator in (body as object)) {
    const parts = (body as AsyncIterable<unknown>)[Symbol.asyncIterator]();
    return { next: () => parts.next(), giveUp: () => endStream(body, parts) };
  }
  let whole = body === null;
  return {
    next: async () => {
      if (whole) return { done: true };
      whole = true;
      if (body !== undefined || typeof property(response, 'text') !== 'function') throw unusable('its body cannot be read');
      return { value: new TextEncoder().encode(await response.text()) };
    },
    giveUp: () => undefined,
  };
}

/** Destroys a Node stream: the iterator's `return()` alone would wait behind a `next()` that hangs, and so would the connection. */
function endStream(body: unknown, parts: AsyncIterator<unknown>): unknown {
  const end = property(body, 'destroy') ?? property(body, 'cancel');
  const on = property(body, 'on');
  if (typeof end === 'function' && typeof on === 'function') {
    // An error event without a listener would end the process.
    tell(() => Reflect.apply(on, body, ['error', () => undefined]));
    tell(() => Reflect.apply(end, body, []));
  }
  return parts.return?.();
}

/** @throws {OfflineImError} `RESPONSE_UNREADABLE` for anything but bytes, such as the text of a stream that decodes by itself */
function bytesOf(part: unknown): Uint8Array<ArrayBuffer> {
  if (!ArrayBuffer.isView(part)) throw unusable('its body is not a stream of bytes');
  return new Uint8Array(part.buffer as ArrayBuffer, part.byteOffset, part.byteLength);
}

/**
 * Checks that a fetch resolved with a response from the very address it was asked for. A fetch that follows redirects by itself has sent the request somewhere else,
 * perhaps twice: such an answer proves nothing.
 */
function checkedResponse(value: unknown): Response {
  if (!isResponse(value)) throw unusable('fetch resolved with something other than a Response');
  if (property(value, 'redirected') === true) {
    throw unusable("fetch followed a redirect although it was asked not to (redirect: 'manual'), so it comes from elsewhere");
  }
  return value;
}

/**
 * Waits for a fetch within the limit, and checks its response. A fetch that ignores its signal may answer when nobody waits any more: its body is then given up, or the
 * connection would stay open.
 */
export async function answerWithin(limit: Limit, asked: Promise<Response>): Promise<Response> {
  const late = (response: unknown): void => {
    if (limit.ended() !== undefined) giveUp(response);
  };
  asked.then(late, () => undefined);
  return checkedResponse(await limit.race(asked));
}

/** Drops the rest of a response of any kind, which frees its connection. Never throws. */
export function giveUp(response: unknown): void {
  tell(() => (isA(response, DispatchedResponse) ? response.discard() : bodyPartsOf(response as Response).giveUp()));
}

function unusable(why: string): OfflineImError {
  return new OfflineImError('RESPONSE_UNREADABLE', `The response cannot be used: ${why}.`);
}

/** Whether a value is a Response, perhaps of another realm or a library's own kind. */
export function isResponse(value: unknown): value is Response {
  if (typeof value !== 'object' || value === null) return false;
  const { status, headers } = value as { status?: unknown; headers?: { get?: unknown } | null };
  return Number.isInteger(status) && typeof headers?.get === 'function';
}

/**
 * The Retry-After header in ms: seconds, or a date by the server's clock if the response has one. Of several values the longest counts; `undefined` for any other text.
 */
export function retryAfterOf(headers: Headers, now: number): number | undefined {
  const value = headers.get('retry-after')?.trim() ?? '';
  if (/^[\d.,\s]+$/.test(value)) {
    const seconds = value.split(',').map((one) => (/^\d+(\.\d+)?$/.test(one.trim()) ? Number(one) : 0));
    const longest = Math.ceil(Math.max(...seconds) * 1000);
    return longest > 0 ? Math.min(longest, Number.MAX_SAFE_INTEGER) : undefined;
  }
  const date = httpDate(value);
  const wait = date === undefined ? 0 : date - (dateOf(headers) ?? now);
  return wait > 0 ? wait : undefined;
}

/** The server's own time from the Date header, in ms since 1970. */
export function dateOf(headers: Headers): number | undefined {
  return httpDate(headers.get('date') ?? '');
}

/**
 * Reads the forms of RFC 9110, and ISO 8601 with an offset, in ms since 1970. `Date.parse` alone would read numbers as years, and times without a zone as local.
 */
function httpDate(text: string): number | undefined {
  const rfc = /^([A-Z][a-z]{2,8}, )?\d{1,2}[ -][A-Z][a-z]{2}[ -]\d{2,4} \d\d:\d\d:\d\d (GMT|UTC)$/.test(text);
  const asctime = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}$/.test(text);
  const iso = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text);
  if (!rfc && !asctime && !iso) return undefined;
  const time = Date.parse(asctime ? `${text} GMT` : text);
  return Number.isNaN(time) ? undefined : time;
}

/** A whole number above 0; `undefined` for any other text. Servers write 0 for "no hint". */
export function positiveMs(value: string | undefined): number | undefined {
  if (value === undefined || !/^\d{1,15}$/.test(value)) return undefined;
  const number = Number(value);
  return number > 0 ? number : undefined;
}

/** Whether a host is this machine. `hostname` as URL returns it, which has normalised every way to write such an address. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname.endsWith('.localhost') || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}
