import { OfflineImError } from '../core/errors/offline-im-error.ts';
import { property } from '../core/errors/thrown.ts';
import { having, type OptionRule, optional } from '../core/options.ts';
import { type DispatchAnswer, DispatchedResponse } from './dispatched-response.ts';

/** A request to an {@link HttpDispatcher}. Times are in ms; 0 means no limit, since the transport enforces its own. */
export interface DispatchRequest {
  readonly origin: string;
  readonly path: string;
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly headers: Record<string, string>;
  readonly body: string | null;
  readonly signal: AbortSignal | null;
  readonly headersTimeout: number;
  readonly bodyTimeout: number;
}

/**
 * The part of an undici `Dispatcher` that transports use: an `Agent`, a `Pool`, a `ProxyAgent`, or one with interceptors. It must neither follow redirects nor
 * repeat a POST. Over HTTP/2, undici repeats a POST that the server says it has not processed, so set `allowH2: false` (`true` is the default from version 8 on).
 */
export interface HttpDispatcher {
  /** Sends a request once. Resolves with the answer, whatever its status; rejects if there is none. */
  request(options: DispatchRequest): Promise<DispatchAnswer>;
}

/** The rule of the option `dispatcher`. */
export const dispatcherOption: OptionRule<HttpDispatcher | undefined> = optional(
  having<HttpDispatcher>('a dispatcher of undici, such as new Pool(origin) or new ProxyAgent(proxy)', ['request']),
);

/** Refuses both at once, since only one can carry out the requests. @throws {OfflineImError} `OPTION_INVALID` */
export function oneWay(owner: string, dispatcher: unknown, fetch: unknown): void {
  if (dispatcher === undefined || fetch === undefined) return;
  const text = `${owner}: fetch and dispatcher are both set; expected only one of them.`;
  throw new OfflineImError('OPTION_INVALID', text, { details: { option: 'dispatcher' } });
}

/** The part of `fetch` that transports use, over a dispatcher: without redirects, retries or compression. */
export function fetchOver(dispatcher: HttpDispatcher): typeof globalThis.fetch {
  let last: { readonly href: string; readonly origin: string; readonly path: string } = { href: '', origin: '', path: '' };
  return async (input, init = {}) => {
    const href = String(input);
    if (href !== last.href) {
      const { origin, pathname, search } = new URL(href);
      last = { href, origin, path: pathname + search };
    }
    const { origin, path } = last;
    const answer: unknown = await dispatcher.request({
      origin,
      path,
      method: (init.method ?? 'GET') as DispatchRequest['method'],
      headers: headersOf(init),
      body: bodyOf(init.body),
      signal: init.signal ?? null,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    if (!isAnswer(answer)) {
      throw new OfflineImError(
        'RESPONSE_UNREADABLE',
        'The response cannot be used: the dispatcher resolved with something other than a response.',
      );
    }
    // An interceptor that followed redirects says so in the context.
    const history = property(property(answer, 'context'), 'history');
    return new DispatchedResponse(answer, href, Array.isArray(history) && history.length > 0);
  };
}

/** Refuses any body but text, rather than leave it out; nothing was sent then. @throws {OfflineImError} `OPTION_INVALID` */
function bodyOf(body: RequestInit['body']): string | null {
  if (body === undefined || body === null || typeof body === 'string') return body ?? null;
  const text = 'A request over a dispatcher was not sent: its body is not a string; expected a string, or no body.';
  throw new OfflineImError('OPTION_INVALID', text, { details: { option: 'body' } });
}

function headersOf({ headers, cache }: RequestInit): Record<string, string> {
  const given = headers === undefined || isRecord(headers) ? headers : Object.fromEntries(new Headers(headers));
  // An answer from a cache proves nothing about the present; and a compressed one takes longer to read.
  const fresh = cache === 'no-store' ? { 'cache-control': 'no-cache' } : undefined;
  return { ...given, ...fresh, 'accept-encoding': 'identity' };
}

function isRecord(headers: NonNullable<RequestInit['headers']>): headers is Record<string, string> {
  return Object.getPrototypeOf(headers) === Object.prototype;
}

function isAnswer(value: unknown): value is DispatchAnswer {
  const body = property(value, 'body');
  return (
    Number.isInteger(property(value, 'statusCode')) &&
    typeof property(value, 'headers') === 'object' &&
    typeof property(body, 'on') === 'function' &&
    typeof property(body, 'destroy') === 'function'
  );
}
