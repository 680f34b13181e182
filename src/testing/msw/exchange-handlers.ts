import { HttpResponse, http, type RequestHandler } from 'msw';
import { checkArgument, maybeObject, objectWith } from '../../core/arguments.ts';
import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { property } from '../../core/errors/thrown.ts';
import type { SimulatedExchange } from '../simulator/simulated-exchange.ts';

/** The addresses at which the exchange responds. */
export interface ExchangeHandlersOptions {
  /**
   * The EWS address that the code under test calls. The files beside it (`Services.wsdl`, the schema) are served too, in any
   * case.
   * @default exchange.url
   */
  readonly url?: string;
  /**
   * The root of Microsoft Graph that the code under test calls, without a version.
   * @default 'https://graph.microsoft.com'
   */
  readonly graphUrl?: string;
}

/**
 * Handlers for `setupServer()` or `setupWorker()` of msw, through which a simulated Exchange responds: EWS, Autodiscover and Graph, faults
 * included. A connection that a fault resets, or a response that it loses, is a network error, `HttpResponse.error()`.
 *
 * @throws {OfflineImError} `OPTION_INVALID` for invalid addresses, and for an exchange that offers NTLM: a handler sees no connections. For the same
 *   reason `exchange.disconnect()` ends none of its requests, and it requests no client certificates.
 *
 * @example
 * ```ts
 * const exchange = createExchange({ mailboxes: ['alice@contoso.test', 'bob@contoso.test'] });
 * const server = setupServer(...exchangeHandlers(exchange, { url: 'https://mail.contoso.test/EWS/Exchange.asmx' }));
 * beforeAll(() => server.listen());
 * ```
 */
export function exchangeHandlers(exchange: SimulatedExchange, options: ExchangeHandlersOptions = {}): RequestHandler[] {
  checkArgument(
    'exchangeHandlers()',
    'exchange',
    exchange,
    objectWith('what createExchange() returns', { auth: 'object', url: 'string', fetch: 'function' }),
  );
  checkArgument('exchangeHandlers()', 'options', options, maybeObject('{ url, graphUrl } or nothing'));
  if (exchange.auth.includes('ntlm')) {
    throw new OfflineImError(
      'OPTION_INVALID',
      'NTLM logs a connection in, and a handler of msw sees no connections. Leave "ntlm" out of auth, or point the code under test at startExchangeSimulator().',
    );
  }
  const ews = absolute('url', options.url ?? exchange.url);
  const graph = absolute('graphUrl', options.graphUrl ?? 'https://graph.microsoft.com');
  const folder = ews.pathname.slice(0, ews.pathname.lastIndexOf('/') + 1);
  const own = new URL(exchange.url);
  const answer = (request: Request, path?: string): Promise<Response> => answered(exchange, request, own, path);
  return [
    http.all(exactly(`${ews.origin}${ews.pathname}`), ({ request }) => answer(request, own.pathname)),
    http.all(below(`${ews.origin}${folder}`, '[^/]+\\.(?:wsdl|xsd)'), ({ request }) => {
      const { pathname } = new URL(request.url);
      return answer(request, `/EWS/${pathname.slice(pathname.lastIndexOf('/') + 1)}`);
    }),
    http.all(below(`${ews.origin}/`, 'autodiscover/.+'), ({ request }) => answer(request)),
    http.all(below(withSlash(graph.href), '(?:v1\\.0|beta)(?:/.*)?'), ({ request }) => {
      const { pathname } = new URL(request.url);
      return answer(request, `/${pathname.slice(withSlash(graph.pathname).length)}`);
    }),
  ];
}

/** The same request at the exchange's own path; a broken connection in msw's words. */
async function answered(exchange: SimulatedExchange, request: Request, own: URL, path?: string): Promise<Response> {
  const target = new URL(request.url);
  if (path !== undefined) target.pathname = path;
  // Graph writes absolute links: they name the host that the client called.
  if (path === own.pathname) target.host = own.host;
  try {
    return await exchange.fetch(new Request(target, request));
  } catch (error) {
    const code: unknown = property(property(error, 'cause'), 'code');
    if (code === 'ECONNRESET' || code === 'ECONNREFUSED') return HttpResponse.error();
    throw error;
  }
}

function exactly(address: string): RegExp {
  return new RegExp(`^${escaped(address)}$`, 'i');
}

function below(folder: string, rest: string): RegExp {
  return new RegExp(`^${escaped(folder)}${rest}$`, 'i');
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function withSlash(path: string): string {
  return path.endsWith('/') ? path : `${path}/`;
}

function absolute(name: string, url: string): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol === 'https:' || parsed?.protocol === 'http:') return parsed;
  throw new OfflineImError(
    'OPTION_INVALID',
    `exchangeHandlers: ${name} must be an absolute URL such as https://mail.contoso.test/EWS/Exchange.asmx, not "${url}".`,
  );
}
