import type { Clock } from '../../core/clock.ts';
import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { orFunction, readOptions, secret } from '../../core/options.ts';

/** How one leg of a login is sent. */
export interface SendOptions {
  /**
   * `none` leaves the body out: the leg asks for a challenge, and the server has nothing that it could process. Whatever
   * becomes of such a leg, nothing was sent.
   *
   * @default 'request'
   */
  readonly body?: 'request' | 'none';
  /**
   * Carries this one leg out, for schemes whose legs belong to one connection.
   *
   * @default the credentials' `fetch`, or the transport's
   */
  readonly fetch?: typeof globalThis.fetch;
}

/** Sends the request once, with these headers added to the transport's own. */
export type SendRequest = (headers: Readonly<Record<string, string>>, options?: SendOptions) => Promise<Response>;

/** What a login can know about the request that it authenticates. */
export interface AuthenticationContext {
  /** Where the request goes. */
  readonly url: string;
  /** Aborts at the request's deadline, or when the host stops. */
  readonly signal: AbortSignal;
  /** The transport's time; how long a login stays good is measured with it. */
  readonly clock: Clock;
}

/**
 * How requests log in. `basicAuth` and `bearerAuth` make one, so does `ntlmAuth` in `offline-im/ntlm`; any other scheme
 * (Negotiate, client certificates) is an object with these members.
 *
 * The transport never reads, keeps or logs what passes between `authenticate` and `send`.
 *
 * @example
 * ```ts
 * // A header that somebody else makes, such as a Kerberos library that knows the service's name.
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
   * Carries one request out: calls `send` with headers that authenticate it and resolves with its response. Called for many
   * requests at once.
   *
   * Only after a 401, which proves that nothing was processed, or after a leg without a body may it call `send` again (a
   * fresh token, the next leg of a handshake): anything else repeats a message. An error of its own before any `send`, or
   * after a 401, means that nothing was written: the notes are deferred, and the sender's mailbox waits for its back-off. A
   * 401 that it resolves with blocks the mailbox until someone acts.
   */
  authenticate(send: SendRequest, context: AuthenticationContext): Promise<Response>;
  /**
   * Replaces the transport's `fetch`, for schemes that need connections of their own (a client certificate).
   *
   * @default the transport's own `fetch`
   */
  readonly fetch?: typeof globalThis.fetch;
  /** Gives idle connections back. Called by the transport's `close()`; requests may follow all the same, from another one. */
  close?(): void | Promise<void>;
}

/** A password, or what gives the one that counts now: asked before each login, so that one that changes needs no new process. */
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
 * @param login `password` may be a function that gives it, asked before each request: when it throws, nothing is sent and the notes wait for their back-off.
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
