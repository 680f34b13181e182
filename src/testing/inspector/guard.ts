import type { FrontRequest } from '../simulator/http/front.ts';
import { ApiError } from './api/route.ts';

/** Who may look into the simulator. */
export interface GuardOptions {
  /** Address that the server listens on. */
  readonly host: string;
  /** What every request has to know; undefined: nothing, and the server must listen on the loopback interface. */
  readonly token: string | undefined;
}

const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[?::1\]?)$/i;

/**
 * Lets in whoever is on this machine, or knows the token. Pages of other origins are kept out: by the Origin that browsers say, and by the
 * name they called, so that a name that an attacker points at this machine leads nowhere.
 *
 * @throws ApiError
 */
export function admit(request: FrontRequest, { host, token }: GuardOptions): void {
  const { headers, secure } = request;
  const called = headers.host ?? '';
  const { origin } = headers;
  if (origin !== undefined && origin.toLowerCase() !== `${secure === true ? 'https' : 'http'}://${called}`.toLowerCase()) {
    throw forbidden('Pages of other origins are refused.');
  }
  const site = headers['sec-fetch-site'];
  const opened = headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document' && request.method === 'GET';
  if (site !== undefined && site !== 'same-origin' && site !== 'none' && !opened)
    throw forbidden('Pages of other sites are refused.');
  if (token !== undefined) {
    if (!same(tokenOf(request), token))
      throw new ApiError(401, 'UNAUTHORIZED', 'Expected the token that the simulator was started with.');
    return;
  }
  if (!loopback.test(host)) throw forbidden('The simulator listens beyond this machine: start it with a token.');
  if (!loopback.test(called.replace(/:\d+$/, ''))) {
    throw forbidden(
      `It responds on this machine only, as localhost or 127.0.0.1: start it with a token to call it by another name.`,
    );
  }
}

/** Of the header, or of the address, where a browser can't set a header. */
function tokenOf({ headers, path, method }: FrontRequest): string {
  const bearer = /^Bearer\s+(\S+)\s*$/i.exec(headers.authorization ?? '')?.[1];
  return bearer ?? (method === 'GET' ? new URLSearchParams(path.split('?', 2)[1]).get('token') : undefined) ?? '';
}

/** Takes as long for every token of that length. */
function same(given: string, token: string): boolean {
  let difference = given.length ^ token.length;
  for (let n = 0; n < token.length; n++) difference |= (given.charCodeAt(n) || 0) ^ token.charCodeAt(n);
  return difference === 0;
}

function forbidden(message: string): ApiError {
  return new ApiError(403, 'FORBIDDEN', message);
}
