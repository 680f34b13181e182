import { OfflineImError } from '../core/errors/offline-im-error.ts';
import { property } from '../core/errors/thrown.ts';
import { having, type OptionRule, optional } from '../core/options.ts';
import { type DispatchAnswer, DispatchedResponse } from './dispatched-response.ts';

/** What an {@link HttpDispatcher} is asked for. Times are in ms; 0 means none, since the transport keeps its own. */
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
 * As much of a `Dispatcher` of undici as a transport uses: an `Agent`, a `Pool`, a `ProxyAgent`, or one with interceptors. It must neither follow redirects nor
 * repeat a POST. Over HTTP/2 undici repeats one by itself when the server says that it has not processed it: `allowH2: false` (true by default from version 8 on).
 */
export interface HttpDispatcher {
  /** Sends one request, once; resolves with its answer, whatever its status, and rejects when there is none. */
  request(options: DispatchRequest): Promise<DispatchAnswer>;
}

/** The rule of the option `dispatcher`. */
export const dispatcherOption: OptionRule<HttpDispatcher | undefined> = optional(
  having<HttpDispatcher>('a dispatcher of undici, such as new Pool(origin) or new ProxyAgent(proxy)', ['request']),
);

/** Throws `OPTION_INVALID` where a host gives both, since only one can carry requests out. */
export function oneWay(owner: string, dispatcher: unknown, fetch: unknown): void {
  if (dispatcher === undefined || fetch === undefined) return;
  const text = `${owner}: fetch and dispatcher are given; expected one of them, since either carries the requests out.`;
  throw new OfflineImError('OPTION_INVALID', text, { details: { option: 'dispatcher' } });
}

/** As much of `fetch` as the transports use, over a dispatcher: no redirects, no second try; nothing compressed is asked for. */
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
        'The response cannot be used: the dispatcher resolved with something else.',
      );
    }
    // Where an interceptor followed redirects it says so in the context.
    const history = property(property(answer, 'context'), 'history');
    return new DispatchedResponse(answer, href, Array.isArray(history) && history.length > 0);
  };
}

/** A request whose body was left out would be another one. @throws {OfflineImError} `OPTION_INVALID` for what is no text: nothing was sent */
function bodyOf(body: RequestInit['body']): string | null {
  if (body === undefined || body === null || typeof body === 'string') return body ?? null;
  const text = 'A request over a dispatcher was not sent: its body is no string; expected a string, or none.';
  throw new OfflineImError('OPTION_INVALID', text, { details: { option: 'body' } });
}

function headersOf({ headers, cache }: RequestInit): Record<string, string> {
  const given = headers === undefined || isRecord(headers) ? headers : Object.fromEntries(new Headers(headers));
  // An answer out of a cache says nothing of what is there now; and what is compressed all the same takes longer to read.
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
