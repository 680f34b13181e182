/**
 * Hosts with a fetch, a dispatcher or a login that does anything such a function can do, chosen by a seed, in front of a correct
 * server that knows what it received. A host never lies about what was sent: a failed connection is only reported if nothing was
 * sent.
 */
import { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import { createContext, runInContext } from 'node:vm';
import { OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import { created, found, message, ok, response } from '../ews/support/responses.ts';
import { hostileValues } from '../support/hostile-values.ts';

export type Random = () => number;
export const pick = <T>(random: Random, from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;

/** Part of everything that only the host may know: logins, its errors, the texts of messages. */
export const secret = 'HOST-SECRET';

/** What the server received, and its response. */
export class RightServer {
  readonly taken = new Set<string>();

  answer(url: string, body: string): { readonly status: number; readonly text: string } {
    return url.includes('/v1.0/') ? this.#graph(url, body) : { status: 200, text: this.#ews(body) };
  }

  #ews(body: string): string {
    const tags = [...body.matchAll(/<t:(?:Value>|Constant Value=")(note-\d+\/1)/g)].map(([, tag = '']) => tag);
    if (body.includes('<m:CreateItem ')) {
      for (const tag of tags) this.taken.add(tag);
      return created(...tags.map(() => ok));
    }
    if (!body.includes('<m:FindItem ')) return response('GetFolder', [message('GetFolder', ok, { content: '' })]);
    const folders = [...body.matchAll(/<t:(?:Distinguished)?FolderId Id="([^"]*)"/g)].map(([, folder]) => folder);
    const items = tags.filter((tag) => this.taken.has(tag)).map((tag) => ({ tag, isDraft: false, flags: 1 }));
    return found(
      body,
      folders.map((folder) => (folder === 'sentitems' ? items : [])),
    );
  }

  #graph(url: string, body: string): { readonly status: number; readonly text: string } {
    if (url.endsWith('/sendMail')) {
      this.taken.add(/note-\d+\/1/.exec(body)?.[0] ?? '');
      return { status: 202, text: '' };
    }
    const asked = decodeURIComponent(url);
    const value = [...this.taken]
      .filter((tag) => url.includes('/sentitems/') && (asked.includes(`'${tag}'`) || asked.includes(tag.replace('/', '=2f'))))
      .map((tag) => ({
        id: `id-${tag}`,
        isDraft: false,
        createdDateTime: '2026-01-01T00:00:00Z',
        singleValueExtendedProperties: [{ id: 'String {b1f7c0a4-52c8-4d5e-9c3b-6f0d8e2a9147} Name OfflineImTag', value: tag }],
      }));
    return { status: 200, text: JSON.stringify({ value }) };
  }
}

const never = (): Promise<never> => new Promise(() => undefined);
const gone = (): never => {
  throw new Error(secret);
};

/** An error of a host that says nothing about what was sent. */
function anyError(random: Random): unknown {
  const error = new Error(secret);
  return pick<() => unknown>(random, [
    () => error,
    () => secret,
    () => undefined,
    () => Object.assign(error, { code: 'ECONNRESET', config: { headers: secret, data: secret }, request: { body: secret } }),
    () => Object.assign(error, { code: secret, name: secret }),
    () => new TypeError('fetch failed', { cause: Object.assign(error, { code: 'UND_ERR_SOCKET', socket: { secret } }) }),
    () => new DOMException(secret, pick(random, ['AbortError', 'TimeoutError', 'NetworkError'])),
    () => new OfflineImError('NOT_ATTEMPTED', 'Another library of the same kind.', { cause: error }),
    () => new OfflineImError('AUTHENTICATION_FAILED', 'Of a login within.', { cause: error }),
    ...Object.values(hostileValues),
  ])();
}

/** An error that says that there was no connection. */
function unconnected(random: Random): unknown {
  const code = pick(random, ['ECONNREFUSED', 'ENOTFOUND', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'UND_ERR_CONNECT_TIMEOUT']);
  const cause = Object.assign(new Error(secret), { code, ...(code === 'ECONNREFUSED' ? { syscall: 'connect' } : {}) });
  return pick(random, [cause, new TypeError('fetch failed', { cause }), new AggregateError([cause], secret)]);
}

const encoder = new TextEncoder();
const otherRealm = createContext({ ReadableStream, Headers, Uint8Array });
const elsewhere = runInContext(
  `(status, bytes) => ({ status, headers: new Headers(), body: new ReadableStream({ start(to) { to.enqueue(bytes); to.close(); } }) })`,
  otherRealm,
) as (status: number, bytes: Uint8Array) => unknown;

/** Parts of a body: whole, truncated, with something in between, followed by an error. */
function partsOf(random: Random, text: string): unknown[] {
  const bytes = encoder.encode(text);
  const half = bytes.slice(0, Math.floor(bytes.length / 2));
  const odd = pick<unknown>(random, ['text', 7, null, undefined, {}, new Uint8Array(0), new DataView(new ArrayBuffer(0)), [1]]);
  return pick<unknown[]>(random, [
    [bytes],
    [half, bytes.slice(half.length)],
    [new Uint8Array(0), bytes, new Uint8Array(0)],
    [half, odd, bytes.slice(half.length)],
    [half],
    [half, new Error(secret)],
    [bytes, new Error(secret)],
    [half, never],
    [],
  ]);
}

async function* flow(parts: readonly unknown[]): AsyncGenerator<unknown> {
  for (const part of parts) {
    if (part === never) await never();
    if (part instanceof Error) throw part;
    yield part;
  }
}

function bodyOf(random: Random, text: string): unknown {
  const parts = partsOf(random, text);
  const read = flow(parts);
  return pick<() => unknown>(random, [
    () => ReadableStream.from(read),
    () => new ReadableStream({ start: (to) => void parts.map((part) => to.enqueue(part)) }),
    () => Readable.from(parts.filter((part) => part instanceof Uint8Array)),
    () => ({ getReader: () => ({ read: () => read.next(), cancel: pick(random, [gone, async () => gone(), () => undefined]) }) }),
    () => ({ getReader: pick(random, [gone, () => null, () => ({}), () => ({ read: gone, cancel: gone })]) }),
    () => ({ on: gone, destroy: gone, [Symbol.asyncIterator]: () => read }),
    () => ({ on: () => undefined, [Symbol.asyncIterator]: gone }),
    () => text,
    () => null,
    () => 7,
    () => pick(random, Object.values(hostileValues))(),
  ])();
}

function headersOf(random: Random): unknown {
  const value = pick<unknown>(random, [7, undefined, {}, [secret], 'x'.repeat(100_000), '\r\nx: y', null]);
  return pick<() => unknown>(random, [
    () => new Headers({ 'content-type': 'text/xml; charset=utf-8', date: new Date().toUTCString() }),
    () => new Headers({ 'retry-after': pick(random, ['0', '-1', '1e99', '9'.repeat(5_000), secret, '1, 2']) }),
    () => new Headers({ 'content-type': `text/xml; charset=${pick(random, ['utf-16', 'x-none', '"'])}`, 'content-length': '-7' }),
    () => new Map([['content-type', 'text/xml']]),
    () => ({ get: () => value, has: () => value }),
    () => ({ get: gone }),
    () => ({}),
    () => null,
  ])();
}

/** A response with all of the truth, or less. */
function responseOf(random: Random, status: number, text: string): unknown {
  const bytes = encoder.encode(text);
  const plain = (more: object): object => ({
    status,
    ok: true,
    url: '',
    headers: new Headers(),
    body: bodyOf(random, text),
    ...more,
  });
  return pick<() => unknown>(random, [
    () => new Response(text, { status }),
    () => new Response(text, { status }),
    () => elsewhere(status, bytes),
    () => {
      const used = new Response(text === '' ? ' ' : text, { status });
      used.body?.getReader().read();
      return used;
    },
    () => plain({}),
    () => plain({ headers: headersOf(random) }),
    () =>
      plain({
        headers: headersOf(random),
        body: undefined,
        text: pick(random, [async () => text, gone, async () => gone(), never, () => 7]),
      }),
    () => plain({ status: pick<unknown>(random, [0, 99, 600, 1000, -1, 200.5, Number.NaN, '200', null, 10n, Symbol('s')]) }),
    () => plain({ redirected: pick(random, [true, 1, 'no']), url: `https://elsewhere.test/${secret}` }),
    () => plain({ type: pick(random, ['opaque', 'opaqueredirect', 'error']), ok: false }),
    () => Object.defineProperty(plain({}), pick(random, ['status', 'headers', 'body', 'redirected']), { get: gone }),
    () => Object.freeze(plain({})),
    () => Response.error(),
    () => pick(random, [undefined, null, text, 7, [], new Map()]),
    () => pick(random, Object.values(hostileValues))(),
  ])();
}

/** A fetch that passes a request on, or not, and then does anything. */
export function oddFetch(random: Random, server: RightServer, often: number): typeof globalThis.fetch {
  return ((input: unknown, init?: RequestInit) => {
    if (random() < often * 0.2) return fails(random, random() < 0.5 ? unconnected(random) : anyError(random));
    const { status, text } = server.answer(String(input), String(init?.body ?? ''));
    if (random() >= often) return Promise.resolve(new Response(text, { status, headers: { date: new Date().toUTCString() } }));
    if (random() < 0.2) return fails(random, anyError(random));
    if (random() < 0.1) return never();
    const given = (): unknown => responseOf(random, status, text);
    return pick<() => unknown>(random, [
      async () => given(),
      async () => given(),
      given,
      () => lateAfter(init?.signal, given),
      () => runInContext('(value) => Promise.resolve(value)', otherRealm)(given()),
      () => Object.fromEntries([['then', (done: (value: unknown) => void) => done(given())]]),
    ])();
  }) as typeof globalThis.fetch;
}

function fails(random: Random, error: unknown): unknown {
  if (random() < 0.3) throw error;
  if (random() < 0.3) return Object.fromEntries([['then', (_: unknown, no: (error: unknown) => void) => no(error)]]);
  return Promise.reject(error);
}

/** Long after anyone waits for it. */
function lateAfter(signal: AbortSignal | null | undefined, given: () => unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    signal?.addEventListener('abort', () =>
      setTimeout(() => (Math.random() < 0.5 ? resolve(given()) : reject(new Error(secret))), 2),
    );
  });
}

/** A body that calls its listeners arbitrarily: twice, after the end, out of order, at once, or never. */
class OddBody extends EventEmitter {
  readonly #random: Random;

  constructor(random: Random, text: string) {
    super();
    this.#random = random;
    const parts = partsOf(random, text).filter((part) => part !== never && !(part instanceof Error));
    const events: (readonly [string, unknown?])[] = [...parts.map((part) => ['data', part] as const), ['end']];
    const extra = [
      ['data', parts[0]],
      ['end'],
      ['close'],
      ['error', new Error(secret)],
      ['error', undefined],
      ['aborted'],
    ] as const;
    for (let more = Math.floor(random() * 3); more > 0; more--)
      events.splice(Math.floor(random() * (events.length + 1)), 0, pick<readonly [string, unknown?]>(random, extra));
    if (random() < 0.15) events.length = Math.floor(random() * events.length);
    const emit = (): void => {
      for (const [name, value] of events) if (name !== 'error' || this.listenerCount('error') > 0) this.emit(name, value);
    };
    setTimeout(emit, random() < 0.5 ? 0 : 3);
  }

  destroy(): void {
    if (this.#random() < 0.3) gone();
    if (this.#random() < 0.5) this.emit('error', new Error(secret));
    if (this.#random() < 0.5) this.emit('close');
  }
}

/** A dispatcher with the interface of undici, or nearly. */
export function oddDispatcher(random: Random, server: RightServer, often: number): { request(options: never): Promise<never> } {
  return {
    request: ((options: { origin: string; path: string; body: string | null; signal: AbortSignal | null }) => {
      if (random() < often * 0.2) return fails(random, random() < 0.5 ? unconnected(random) : anyError(random));
      const { status, text } = server.answer(options.origin + options.path, options.body ?? '');
      const usual = { statusCode: status, headers: { date: new Date().toUTCString() }, body: Readable.from([Buffer.from(text)]) };
      if (random() >= often) return Promise.resolve(usual);
      if (random() < 0.2) return fails(random, anyError(random));
      if (random() < 0.1) return never();
      const headers = (): unknown =>
        pick<unknown>(random, [
          {},
          null,
          [],
          { date: 7 },
          { 'retry-after': ['1', '2'], 'content-type': [] },
          { 'content-encoding': pick(random, ['gzip', 'sdch', 'br, br', 'identity']) },
          { 'content-length': '0' },
        ]);
      const given = (): unknown =>
        pick<() => unknown>(random, [
          () => ({ ...usual, body: new OddBody(random, text) }),
          () => ({ ...usual, body: new OddBody(random, text) }),
          () => ({ ...usual, headers: headers() }),
          () => ({ ...usual, statusCode: pick<unknown>(random, [0, 99, 600, 1e9, '200', null]) }),
          () => ({ ...usual, context: { history: ['https://elsewhere.test'] } }),
          () => ({ ...usual, body: { on: gone, destroy: gone } }),
          () => ({ ...usual, body: { on: () => undefined, destroy: gone } }),
          () => pick(random, Object.values(hostileValues))(),
        ])();
      return pick<() => unknown>(random, [async () => given(), given, () => lateAfter(options.signal, given)])();
    }) as never,
  };
}

/** What a host's function returns instead of a token. */
export function oddToken(random: Random, often: number): unknown {
  if (random() >= often) return { token: 'right', expiresAt: Date.now() + 3_600_000 };
  return pick<() => unknown>(random, [
    () => fails(random, anyError(random)),
    () => never(),
    () => `${secret}\r\nx-evil: 1`,
    () => ({ token: `${secret}\u0394` }),
    () => ({ token: `Bearer ${secret}` }),
    () => ({ token: 'x'.repeat(2_000_000), expiresOnTimestamp: -1 }),
    () => ({
      token: 'right',
      expiresAt: pick<unknown>(random, ['soon', Number.NaN, {}, Number.POSITIVE_INFINITY, new Date(Number.NaN)]),
    }),
    () => runInContext('({ token: "right", expiresAt: new Date(Date.now() + 3600000) })', otherRealm),
    () => Object.defineProperty({}, 'token', { get: gone }),
    () => ({ token: 7 }),
    () => pick(random, [null, undefined, '', 7, [], true]),
    () => pick(random, Object.values(hostileValues))(),
  ])();
}
