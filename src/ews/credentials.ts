import { OfflineImError } from '../errors/index.ts';

/** Sends the request once, with these headers added to the transport's own. */
export type SendRequest = (headers: Readonly<Record<string, string>>) => Promise<Response>;

/** What a login can know about the request that it authenticates. */
export interface AuthenticationContext {
  /** Where the request goes. */
  readonly url: string;
  /** Aborts at the request's deadline, or when the host stops. */
  readonly signal: AbortSignal;
}

/**
 * How requests log in. `basicAuth` makes one; any other scheme is an object with these members.
 *
 * The transport never reads, keeps or logs what passes between `authenticate` and `send`.
 */
export interface Credentials {
  /** Name of the scheme, for the trace: `basic`, `bearer`, … */
  readonly scheme: string;
  /**
   * Carries one request out: calls `send` with headers that authenticate it and resolves with its response. After a 401,
   * and only then, it may call `send` again (a fresh token, the next leg of a handshake). An error of its own before any
   * `send` means that nothing was written.
   */
  authenticate(send: SendRequest, context: AuthenticationContext): Promise<Response>;
  /**
   * Replaces the transport's `fetch`, for schemes that belong to one connection.
   *
   * @default the transport's own `fetch`
   */
  readonly fetch?: typeof globalThis.fetch;
}

/**
 * Logs in with user name and password (HTTP Basic, in UTF-8). Use it over https only: the password travels in every request.
 *
 * @example
 * ```ts
 * new EwsTransport({ url, credentials: basicAuth({ username: 'alice@contoso.com', password }) });
 * ```
 */
export function basicAuth(login: { readonly username: string; readonly password: string }): Credentials {
  const { username, password } = login;
  if (typeof username !== 'string' || username === '' || /[:\p{Cc}]/u.test(username)) {
    throw new OfflineImError('OPTION_INVALID', 'basicAuth: username must be a string without colon and control characters.');
  }
  if (typeof password !== 'string' || /\p{Cc}/u.test(password)) {
    throw new OfflineImError('OPTION_INVALID', 'basicAuth: password must be a string without control characters.');
  }
  let binary = '';
  for (const byte of new TextEncoder().encode(`${username}:${password}`)) binary += String.fromCharCode(byte);
  const headers = { authorization: `Basic ${btoa(binary)}` };
  return { scheme: 'basic', authenticate: (send) => send(headers) };
}
