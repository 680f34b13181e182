import { aggregatedErrors, isError } from '../core/errors/thrown.ts';
import { envelopeTail, type ServiceEnvelope, type XhrApiLike, type XhrRequest } from './envelope.ts';

/**
 * What an XHR threw, as an error that can be judged and kept. Whatever the library's XHR throws holds the whole request,
 * with login and message text, and may not be an Error: so nothing of it is kept but codes.
 */
function failureOf(thrown: unknown): Error {
  const source = sourceOf(thrown);
  const cause = source === undefined ? undefined : bare(source);
  return new TypeError('the XHRApi of the service failed', cause === undefined ? undefined : { cause });
}

/** The error of the platform inside. What the XHR wraps around it repeats its code, but not what was under way. */
function sourceOf(thrown: unknown): Error | undefined {
  let found: Error | undefined;
  for (let next = thrown, depth = 0; isError(next) && depth < 8; next = next.cause, depth++) {
    if (!('config' in next)) found = next;
  }
  return found;
}

function bare(error: Error): Error {
  const parts = aggregatedErrors(error);
  if (parts !== undefined) return new AggregateError(parts.map((part) => (isError(part) ? bare(part) : new Error('unknown'))));
  const known = new Error('what the platform reported');
  for (const key of ['code', 'syscall'] as const) {
    const value: unknown = Reflect.get(error, key);
    if (typeof value === 'string') Object.assign(known, { [key]: value });
  }
  return known;
}

/** What a request of ours goes out with. */
export interface Carriage {
  readonly xhr: XhrApiLike;
  readonly envelope: ServiceEnvelope;
  readonly maxResponseBytes: number;
}

/**
 * A fetch that goes through the service's XHR, in the service's envelope: so proxies, NTLM and certificates that the host
 * configured there keep working. It is no fetch for general use.
 */
export function carryingFetch({ xhr, envelope, maxResponseBytes }: Carriage): typeof globalThis.fetch {
  return async (input, init) => {
    const signal = init?.signal ?? undefined;
    signal?.throwIfAborted();
    const request: XhrRequest = {
      type: 'POST',
      url: String(input),
      headers: merged(envelope.headers, new Headers(init?.headers)),
      data: inEnvelope(String(init?.body ?? ''), envelope.head),
      allowRedirect: false, // it would take login and message elsewhere
    };
    let answer: unknown;
    try {
      answer = await bounded(xhr, signal, maxResponseBytes).xhr(request);
    } catch (thrown) {
      answer = thrown;
    }
    const response = responseOf(answer);
    if (response === undefined) throw failureOf(answer);
    return response;
  };
}

const ownBodyStart = '<s:Body>';
const ownBodyEnd = '</s:Body></s:Envelope>';
const versionTag = /<t:RequestServerVersion Version="[^"]*"/;

/** The content of our own envelope inside the service's, for the schema version that ours asks for. */
function inEnvelope(own: string, head: string): string {
  // Nothing but the header, whose texts are escaped, stands before the first of these.
  const content = own.slice(own.indexOf(ownBodyStart) + ownBodyStart.length, -ownBodyEnd.length);
  const version = versionTag.exec(own)?.[0];
  return (version === undefined ? head : head.replace(versionTag, () => version)) + content + envelopeTail;
}

/** The service's headers, and ours where both have one. */
function merged(service: Readonly<Record<string, string>>, own: Headers): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(service)) if (!own.has(name)) headers[name] = value;
  for (const [name, value] of own) headers[name] = value;
  return headers;
}

/**
 * The library's own XHR takes options of its HTTP client: with these it gives connections back at the deadline, and stops at
 * the limit. An XHR that is the host's own is used as it is; the deadline holds all the same, only its connection stays open.
 */
function bounded(xhr: XhrApiLike, signal: AbortSignal | undefined, maxContentLength: number): XhrApiLike {
  if (!('requestOptions' in xhr && 'apiName' in xhr && 'useNtlmAuthentication' in xhr)) return xhr;
  const { requestOptions } = xhr;
  if (typeof requestOptions !== 'object') return xhr;
  return Object.create(xhr, { requestOptions: { value: { ...requestOptions, signal, maxContentLength } } });
}

/** The library's answer, which it throws for every status but 200; undefined for what is none. */
function responseOf(answer: unknown): Response | undefined {
  if (typeof answer !== 'object' || answer === null) return undefined;
  const { status, responseText, response, headers } = answer as Partial<Record<string, unknown>>;
  if (typeof status !== 'number' || !Number.isInteger(status) || status < 200 || status > 599) return undefined;
  const text = typeof responseText === 'string' ? responseText : typeof response === 'string' ? response : '';
  const empty = status === 204 || status === 205 || status === 304;
  return new Response(empty ? null : text, { status, headers: readHeaders(headers) });
}

function readHeaders(headers: unknown): Headers {
  const read = new Headers();
  if (typeof headers !== 'object' || headers === null) return read;
  for (const name of ['content-type', 'date', 'retry-after', 'www-authenticate']) {
    const value: unknown = Reflect.get(headers, name);
    // The text has been decoded already.
    if (typeof value === 'string' && /^[\t\x20-\x7e]*$/.test(value)) {
      read.set(name, name === 'content-type' ? (value.split(';')[0] ?? '') : value);
    }
  }
  return read;
}
