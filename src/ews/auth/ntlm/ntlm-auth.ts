import { OfflineImError } from '../../../core/errors/offline-im-error.ts';
import { isA, property } from '../../../core/errors/thrown.ts';
import {
  byDefault,
  milliseconds,
  optional,
  orFunction,
  type ReadOptions,
  type RulesFor,
  readOptions,
  rule,
  secret,
  whole,
} from '../../../core/options.ts';
import { repeatsOf } from '../../../transport/fetch.ts';
import { type AuthenticationContext, type Credentials, type Password, passwordOf, type SendRequest } from '../credentials.ts';
import { type Connection, ConnectionGone } from './connection.ts';
import { ConnectionPool } from './connection-pool.ts';
import { sendLoggedIn } from './handshake.ts';
import type { Answerer } from './messages.ts';

/** Options of {@link ntlmAuth}. */
export interface NtlmAuthOptions {
  /** Account name. `CONTOSO\alice` includes the domain; `alice@contoso.com` (the UPN) needs none. */
  readonly username: string;
  /** The password, or a function that returns it, called before each login of a connection; if it throws, nothing is sent and the notes wait for their back-off. */
  readonly password: Password;
  /**
   * NetBIOS or DNS name of the account's domain.
   *
   * @default the part of `username` before the backslash, or none
   */
  readonly domain?: string | undefined;
  /**
   * Name of this machine, which servers write into their logs and can restrict logins by.
   *
   * @default none
   */
  readonly workstation?: string | undefined;
  /**
   * Certificates in PEM that are trusted for this server instead of those that Node trusts: for a company's own authority.
   *
   * @default those that Node trusts, NODE_EXTRA_CA_CERTS included
   */
  readonly ca?: string | readonly string[] | undefined;
  /**
   * The most connections to a server, 1 to 100; further requests wait their turn, within their deadline. Exchange
   * 2010 allows a user 10, later versions 27.
   *
   * @default 8
   */
  readonly maxConnections?: number | undefined;
  /**
   * How long an idle connection is kept, in ms. If the server closes it first, just while a request is being written, the outcome of
   * its notes is unknown and they are probed: stay below the server's limit, 120 s for IIS. A shorter time
   * that the server announces (`Keep-Alive: timeout=`) is obeyed.
   *
   * @default 30_000
   */
  readonly keepAlive?: number | undefined;
}

const short = 'a string of at most 1024 characters without control characters';
const isShort = (value: string): boolean => value.length <= 1024 && !/\p{Cc}/u.test(value);

const rules = {
  username: secret(short, (value) => value !== '' && isShort(value)),
  password: orFunction<Password>(secret(short, isShort)),
  domain: optional(secret(short, isShort)),
  workstation: byDefault(secret(short, isShort), ''),
  ca: optional(rule<string | readonly string[]>('certificates in PEM', isPem)),
  maxConnections: byDefault(whole(1, 100), 8),
  keepAlive: byDefault(milliseconds(1, 3_600_000), 30_000),
} satisfies RulesFor<NtlmAuthOptions>;

function isPem(value: unknown): boolean {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.length > 0 && list.every((one) => typeof one === 'string' && one !== '');
}

/**
 * Logs in to Exchange on-premises with NTLMv2. The login belongs to a connection: each connection logs in once and is kept
 * for the following requests; there is one per concurrent request. The transport's `fetch` and `dispatcher` are not used, nor are proxies:
 * the legs of a login must share a connection, and neither tells which connection a request takes.
 *
 * A wrong password blocks the mailbox with `AUTHENTICATION_FAILED`. Every attempt counts towards the account's lockout; a blocked
 * mailbox is tried every 15 minutes.
 *
 * @throws {OfflineImError} `OPTION_INVALID`, also in a runtime that may repeat requests, such as Deno or a browser
 *
 * @example
 * ```ts
 * import { ntlmAuth } from 'offline-im/ntlm';
 *
 * new EwsTransport({ url, credentials: ntlmAuth({ username: 'CONTOSO\\alice', password }) });
 * ```
 */
export function ntlmAuth(options: NtlmAuthOptions): Credentials {
  if (repeatsOf(globalThis) !== 'never') {
    const text =
      'ntlmAuth: an NTLM login belongs to a connection that is kept, and on such a connection this runtime may send a request again, so that a note arrives twice. Run the sender on Node.';
    throw new OfflineImError('OPTION_INVALID', text);
  }
  const { maxConnections, keepAlive, ca, ...login } = readOptions('ntlmAuth', options, rules);
  const who = answererOf(login);
  const pool = new ConnectionPool({ maxConnections, idle: keepAlive, ...(ca === undefined ? {} : { ca }) });
  return {
    scheme: 'ntlm',
    authenticate: (send, context) => authenticate(pool, who, send, context),
    close: () => pool.close(),
  };
}

/** Idle connections that the server has closed are found out one by one; after them a fresh one, which can't be gone. */
async function authenticate(
  pool: ConnectionPool,
  who: () => Promise<Answerer>,
  send: SendRequest,
  context: AuthenticationContext,
): Promise<Response> {
  const { origin } = new URL(context.url);
  for (let left = 3; ; left -= 1) {
    const connection = await pool.take(origin, context.signal);
    try {
      const response = await sendLoggedIn(connection, who, send, context);
      return givingBack(response, () => pool.giveBack(connection));
    } catch (error) {
      pool.drop(connection);
      if (left > 0 && isGone(error)) continue;
      throw isGone(error) ? closedInBetween(connection) : error;
    }
  }
}

function isGone(error: unknown): boolean {
  return isA(error, ConnectionGone) || isA(property(error, 'cause'), ConnectionGone);
}

function closedInBetween({ origin }: Connection): OfflineImError {
  const text = 'The server closes the connection during the NTLM login, which is only valid on one connection.';
  return new OfflineImError('AUTHENTICATION_FAILED', text, { details: { origin } });
}

/** The same response, which says when the last byte has been read or nobody wants any more. */
function givingBack(response: Response, done: () => void): Response {
  if (response.body === null) {
    done();
    return response;
  }
  const reader = response.body.getReader();
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      try {
        const { done: ended, value } = await reader.read();
        if (!ended) return controller.enqueue(value);
        controller.close();
        done();
      } catch (error) {
        done();
        throw error;
      }
    },
    async cancel(reason) {
      await reader.cancel(reason).catch(() => {});
      done();
    },
  });
  const { status, headers } = response;
  return new Response(body, { status, headers });
}

/** A domain in the user name counts where none is given apart. The password is asked for at each login. */
function answererOf({
  username,
  password,
  domain,
  workstation,
}: Omit<ReadOptions<typeof rules>, 'maxConnections' | 'keepAlive' | 'ca'>): () => Promise<Answerer> {
  const backslash = username.indexOf('\\');
  const apart = domain === undefined && backslash > 0;
  const who = {
    user: apart ? username.slice(backslash + 1) : username,
    domain: apart ? username.slice(0, backslash) : (domain ?? ''),
    workstation,
  };
  return async () => ({ ...who, password: await passwordOf(password, isShort) });
}
