import type { FrontRequest } from './front.ts';

/** Which pages may call: those of any origin, or of that one. */
export type Cors = boolean | string;

/** What EWS clients send, the browser's own headers left out. */
const requestHeaders = [
  'authorization',
  'content-type',
  'client-request-id',
  'return-client-request-id',
  'x-anchormailbox',
  'x-preferserveraffinity',
  'x-requested-with',
  'soapaction',
  'prefer',
].join(', ');

/** What a client reads of an answer. */
const responseHeaders = 'client-request-id, request-id, retry-after, www-authenticate, x-ms-diagnostics, date';

/** Headers that let a page of another origin read the answer; none where that is switched off, or the origin is another. */
export function corsHeaders({ headers }: Pick<FrontRequest, 'headers'>, cors: Cors): Readonly<Record<string, string>> {
  const origin = headers.origin;
  if (cors === false || origin === undefined) return {};
  if (cors !== true && cors !== origin) return { vary: 'Origin' };
  return { 'access-control-allow-origin': origin, 'access-control-expose-headers': responseHeaders, vary: 'Origin' };
}

/** The answer to a browser's question whether it may send a request at all; `undefined` where this is none. */
export function preflightHeaders(
  request: Pick<FrontRequest, 'method' | 'headers'>,
  cors: Cors,
): Readonly<Record<string, string>> | undefined {
  const { method, headers } = request;
  if (cors === false || method !== 'OPTIONS' || headers['access-control-request-method'] === undefined) return undefined;
  return {
    ...corsHeaders(request, cors),
    'access-control-allow-methods': 'GET, POST, PATCH, DELETE',
    'access-control-allow-headers': requestHeaders,
    'access-control-max-age': '600',
  };
}
