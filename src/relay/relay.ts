import { startLimit } from '../core/clock.ts';
import { answerAtOnce } from '../core/errors/thrown.ts';
import { GatheredBytes } from '../core/text.ts';
import type { SendOptions } from '../ews/auth/credentials.ts';
import { type RelayOptions, type RelaySettings, relaySettings } from './options.ts';
import { RateLimit } from './rate-limit.ts';

/** What a page's transport sends, and what it reads. Anything else stays here. */
const requestHeaders = ['content-type', 'accept', 'client-request-id', 'return-client-request-id', 'x-anchormailbox'];
const answerHeaders = ['content-type', 'date', 'retry-after', 'www-authenticate'];

/** ms; longer than the transport waits by default. */
const upstreamTimeout = 120_000;

/**
 * A handler that stands between pages and Exchange: browsers repeat a POST by themselves when a connection is lost, and Exchange
 * sends no CORS headers. It passes each `client-request-id` on once. A repetition gets 409, so that the note of a lost response is
 * probed instead of being sent twice.
 *
 * Fetch-shaped, for any server: Deno, Bun, Hono, Next, or node:http with an adapter. The page's transport sets `relay: true`.
 *
 * @throws {OfflineImError} `OPTION_INVALID`, `INSECURE_URL`
 * @example
 * ```ts
 * import { relay } from 'offline-im/relay';
 *
 * const handler = relay({
 *   upstreams: { '/EWS/Exchange.asmx': 'https://mail.contoso.com/EWS/Exchange.asmx' },
 *   origins: ['https://app.contoso.com'],
 * });
 * Bun.serve({ port: 8080, fetch: handler });
 * ```
 */
export function relay(options: RelayOptions): (request: Request) => Promise<Response> {
  const settings = relaySettings(options);
  const rate = new RateLimit(settings.clock, settings.requestsPerMinute);
  return async (request) => {
    const origin = request.headers.get('origin') ?? '';
    if (!settings.origins.has(origin)) return new Response('This origin is not allowed to use the relay.', { status: 403 });
    const answer = await answerTo(request, origin, settings, rate).catch(() => plain(502, 'The server could not be reached.'));
    for (const [name, value] of Object.entries(corsHeaders(origin))) answer.headers.set(name, value);
    return answer;
  };
}

async function answerTo(request: Request, origin: string, settings: RelaySettings, rate: RateLimit): Promise<Response> {
  const upstream = settings.upstreams.get(new URL(request.url).pathname);
  if (upstream === undefined) return plain(404, 'Not found.');
  if (request.method === 'OPTIONS') return preflight();
  if (request.method !== 'POST') return plain(405, 'Only POST is allowed.');
  const id = request.headers.get('client-request-id') ?? '';
  if (!/^[\w-]{8,64}$/.test(id)) return plain(400, 'A client-request-id of 8 to 64 letters, digits and hyphens is needed.');
  // Taken before anything is asked: of two requests with one id, the second must not be refused as unsent while the first may still be passed on.
  if ((await settings.passedIds.has(id)) || !(await settings.passedIds.take(id))) return repeated();
  let mayBeProcessed = false;
  try {
    const refusal = await refusalOf(request, origin, settings, rate);
    if (refusal !== undefined) return refusal;
    const body = await bodyWithin(request, settings.maxRequestBytes);
    if (body === undefined) return plain(413, 'The request is too large.');
    mayBeProcessed = true;
    const response = await passOn(request, body, upstream, settings);
    // The server did not look at it: the login goes on with the same id.
    if (response.status === 401) mayBeProcessed = false;
    return response;
  } finally {
    if (!mayBeProcessed) await settings.passedIds.giveBack(id);
  }
}

/** What keeps a request from being passed on: the host's `authorize`, or its client's limit. */
async function refusalOf(
  request: Request,
  origin: string,
  { authorize, clientOf }: RelaySettings,
  rate: RateLimit,
): Promise<Response | undefined> {
  if (authorize !== undefined && !(await authorize(withoutBody(request)))) return plain(403, 'Not allowed.');
  const client: unknown = answerAtOnce(clientOf?.(withoutBody(request)));
  const wait = rate.take(typeof client === 'string' ? client : origin);
  if (wait <= 0) return undefined;
  return plain(429, 'Too many requests.', { 'retry-after': String(Math.ceil(wait / 1000)) });
}

async function passOn(request: Request, body: string, upstream: string, settings: RelaySettings): Promise<Response> {
  const { credentials, clock, maxResponseBytes } = settings;
  const limit = startLimit(clock, upstreamTimeout, request.signal);
  try {
    const send = (login: Readonly<Record<string, string>>, options: SendOptions = {}): Promise<Response> =>
      (options.fetch ?? credentials?.fetch ?? settings.fetch)(upstream, {
        method: 'POST',
        headers: { ...copied(request.headers, requestHeaders), ...login },
        body: options.body === 'none' ? '' : body,
        redirect: 'manual',
        signal: limit.signal,
      });
    const own = request.headers.get('authorization');
    const response = await limit.race(
      credentials === undefined
        ? send(own === null ? {} : { authorization: own })
        : credentials.authenticate(send, { url: upstream, signal: limit.signal, clock }),
    );
    const bytes = await limit.race(bytesWithin(response.body, maxResponseBytes));
    if (bytes === undefined) return plain(502, 'The response is too large.');
    const status = response.status >= 200 && response.status <= 599 ? response.status : 502;
    const empty = status === 204 || status === 205 || status === 304;
    return new Response(empty ? null : bytes, { status, headers: copied(response.headers, answerHeaders) });
  } finally {
    limit.release();
  }
}

function preflight(): Response {
  return new Response(null, {
    status: 204,
    headers: {
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': ['authorization', ...requestHeaders].join(', '),
      'access-control-max-age': '600',
    },
  });
}

function corsHeaders(origin: string): Record<string, string> {
  return { 'access-control-allow-origin': origin, 'access-control-expose-headers': answerHeaders.join(', '), vary: 'Origin' };
}

function repeated(): Response {
  return plain(409, 'This request was already forwarded, or the relay cannot remember more.');
}

function plain(status: number, text: string, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(text, { status, headers: { 'content-type': 'text/plain; charset=utf-8', ...headers } });
}

/** For the host's functions, which must not use up the body. */
function withoutBody(request: Request): Request {
  return new Request(request.url, { method: request.method, headers: request.headers });
}

function copied(from: Headers, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (from.has(name) ? [[name, from.get(name) ?? '']] : [])));
}

async function bodyWithin(request: Request, most: number): Promise<string | undefined> {
  const bytes = await bytesWithin(request.body, most);
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}

async function bytesWithin(body: ReadableStream<Uint8Array> | null, most: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const bytes = new GatheredBytes();
  const reader = body?.getReader();
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
    if (done || value === undefined) break;
    if (bytes.length + value.byteLength > most) {
      reader?.cancel().catch(() => {});
      return undefined;
    }
    bytes.add(value);
  }
  return new Uint8Array(bytes.whole());
}
