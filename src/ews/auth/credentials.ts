import type { Clock } from '../../core/clock.ts';
import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { orFunction, readOptions, secret } from '../../core/options.ts';

/** How one leg of a login is sent. */
export interface SendOptions {
  /**
   * `none` leaves the body out: the leg asks for a challenge, and the server has nothing to process. Whatever
   * the result of such a leg, nothing was sent.
   *
   * @default 'request'
   */
  readonly body?: 'request' | 'none';
  /**
   * Sends this one leg, for schemes whose legs belong to one connection.
   *
   * @default the credentials' `fetch`, or the transport's
   */
  readonly fetch?: typeof globalThis.fetch;
}

/** Sends the request once, with these headers added to the transport's own. */
export type SendRequest = (headers: Readonly<Record<string, string>>, options?: SendOptions) => Promise<Response>;

/** What a login knows about the request that it authenticates. */
export interface AuthenticationContext {
  /** Where the request goes. */
  readonly url: string;
  /** Aborts at the request's deadline, or when the host stops. */
  readonly signal: AbortSignal;
  /** The transport's clock; measure with it how long a login stays valid. */
  readonly clock: Clock;
}

/**
 * How requests log in. `basicAuth`, `bearerAuth` and `ntlmAuth` (of `offline-im/ntlm`) return one; for any other scheme
 * (Negotiate, client certificates) write an object with these members.
 *
 * The transport never reads, keeps or logs what passes between `authenticate` and `send`.
 *
 * @example
 * ```ts
 * // A header made by another library, such as one for Kerberos that knows the service's name.
 * const negotiate: Credentials = {
 *   scheme: 'negotiate',
 *   authenticate: async (send, { url }) => send({ authorization: `Negotiate ${await kerberos.tokenFor(`HTTP@${new URL(url).hostname}`)}` }),
 * };
 * ```
 */
export interface Credentials {
  /** Name of the scheme, for the trace: `basic`, `bearer`, … */
  readonly scheme: string;
  /**
   * Sends one request: calls `send` with headers that authenticate it, and resolves with its response. Called for many
   * requests at once.
   *
   * It may call `send` again only after a 401, which proves that nothing was processed, or after a leg without a body (a
   * fresh token, the next leg of a handshake): anything else repeats a message. If it throws before any `send`, or
   * after a 401, nothing was written: the notes are deferred, and the sender's mailbox waits for its back-off. If it resolves with
   * a 401, the mailbox is blocked until someone acts.
   */
  authenticate(send: SendRequest, context: AuthenticationContext): Promise<Response>;
  /**
   * Replaces the transport's `fetch`, for schemes that need connections of their own (a client certificate).
   *
   * @default the transport's own `fetch`
   */
  readonly fetch?: typeof globalThis.fetch;
  /** Closes idle connections. Called by the transport's `close()`; requests of another transport may follow. */
  close?(): void | Promise<void>;
}

/** A password, or a function that returns the current one: called before each login, so that a changed password needs no restart. */
export type Password = string | (() => string | Promise<string>);

const isPlain = (value: string): boolean => !/\p{Cc}/u.test(value);

const basicRules = {
  username: secret(
    'a user name without colon and control characters',
    (value) => value !== '' && isPlain(value) && !value.includes(':'),
  ),
  password: orFunction<Password>(secret('a string without control characters', isPlain)),
};

/**
 * Logs in with user name and password (HTTP Basic, in UTF-8). Use it over https only: the password travels in every request.
 *
 * @param login `password` may be a function that returns it, called before each request: if it throws, nothing is sent and the notes wait for their back-off.
 * @throws {OfflineImError} `OPTION_INVALID`
 * @example
 * ```ts
 * new EwsTransport({ url, credentials: basicAuth({ username: 'alice@contoso.com', password }) });
 * ```
 */
export function basicAuth(login: { readonly username: string; readonly password: Password }): Credentials {
  const { username, password } = readOptions('basicAuth', login, basicRules);
  return {
    scheme: 'basic',
    async authenticate(send) {
      let binary = '';
      for (const byte of new TextEncoder().encode(`${username}:${await passwordOf(password, isPlain)}`))
        binary += String.fromCharCode(byte);
      return send({ authorization: `Basic ${btoa(binary)}` });
    },
  };
}

/** The password that counts now. What a function gives instead of one is in no error. */
export async function passwordOf(password: Password, fits: (value: string) => boolean): Promise<string> {
  const given: unknown = typeof password === 'string' ? password : await password();
  if (typeof given === 'string' && fits(given)) return given;
  throw new OfflineImError(
    'AUTHENTICATION_FAILED',
    'password() gave no password: a string without control characters, such as line breaks.',
  );
}
