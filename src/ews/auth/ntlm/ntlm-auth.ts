import { OfflineImError } from '../../../core/errors/offline-im-error.ts';
import { property } from '../../../core/errors/thrown.ts';
import type { AuthenticationContext, Credentials, SendRequest } from '../credentials.ts';
import { type Connection, ConnectionGone } from './connection.ts';
import { ConnectionPool } from './connection-pool.ts';
import { sendLoggedIn } from './handshake.ts';
import type { Answerer } from './messages.ts';

/** Options of {@link ntlmAuth}. */
export interface NtlmAuthOptions {
  /** Account name. `CONTOSO\alice` names the domain along; `alice@contoso.com` (the UPN) needs none. */
  readonly username: string;
  readonly password: string;
  /**
   * NetBIOS or DNS name of the account's domain.
   *
   * @default what stands before the backslash in `username`, or none
   */
  readonly domain?: string;
  /**
   * Name of this machine, which servers write into their logs and can restrict logins by.
   *
   * @default none
   */
  readonly workstation?: string;
  /**
   * Certificates in PEM that are trusted for this server, in place of those that Node trusts: for a company's own authority.
   *
   * @default those that Node trusts, NODE_EXTRA_CA_CERTS included
   */
  readonly ca?: string | readonly string[];
  /**
   * How many connections a server gets at most, 1 to 100; more requests wait their turn, within their deadline. Exchange
   * 2010 allows a user 10, later ones 27.
   *
   * @default 8
   */
  readonly maxConnections?: number;
  /**
   * How long an idle connection is kept, in ms. A server that closes it first, just when a request is being written, leaves
   * the notes of that request in doubt (they are looked for): stay below the server's limit, 120 s for IIS. A shorter time
   * that the server announces (`Keep-Alive: timeout=`) is obeyed.
   *
   * @default 30_000
   */
  readonly keepAlive?: number;
}

/**
 * Logs in to Exchange on-premises with NTLMv2. The login belongs to a connection: it is made once and the connection is kept
 * for the requests that follow, one for each that is under way. The transport's `fetch` option is not used, nor are proxies.
 *
 * A wrong password blocks the mailbox with `AUTHENTICATION_FAILED`. Every try counts for the account's lockout; a blocked
 * mailbox is tried once in 15 minutes. Throws `OPTION_INVALID`.
 *
 * @example
 * ```ts
 * import { ntlmAuth } from 'offline-im/ntlm';
 *
 * new EwsTransport({ url, credentials: ntlmAuth({ username: 'CONTOSO\\alice', password }) });
 * ```
 */
export function ntlmAuth(options: NtlmAuthOptions): Credentials {
  const who = answererOf(options);
  const pool = new ConnectionPool({
    maxConnections: inRange('maxConnections', options.maxConnections ?? 8, 1, 100),
    idle: inRange('keepAlive', options.keepAlive ?? 30_000, 1, 3_600_000),
    ...(options.ca === undefined ? {} : { ca: options.ca }),
  });
  return {
    scheme: 'ntlm',
    authenticate: (send, context) => authenticate(pool, who, send, context),
    close: () => pool.close(),
  };
}

/** Idle connections that the server has closed are found out one by one; after them a fresh one, which can't be gone. */
async function authenticate(
  pool: ConnectionPool,
  who: Answerer,
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
  return error instanceof ConnectionGone || property(error, 'cause') instanceof ConnectionGone;
}

function closedInBetween({ origin }: Connection): OfflineImError {
  const text = 'The server closes the connection in the middle of the NTLM login, which only holds on one connection.';
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

function answererOf(options: NtlmAuthOptions): Answerer {
  const { username, password, domain, workstation = '' } = options;
  const named = text('username', username);
  if (named === '') throw invalid('username');
  const backslash = named.indexOf('\\');
  const apart = domain === undefined && backslash > 0;
  return {
    user: apart ? named.slice(backslash + 1) : named,
    domain: apart ? named.slice(0, backslash) : text('domain', domain ?? ''),
    workstation: text('workstation', workstation),
    password: text('password', password),
  };
}

function text(name: string, value: unknown): string {
  if (typeof value === 'string' && value.length <= 1024 && !/\p{Cc}/u.test(value)) return value;
  throw invalid(name);
}

function invalid(name: string): OfflineImError {
  return new OfflineImError(
    'OPTION_INVALID',
    `ntlmAuth: ${name} must be a string of at most 1024 characters without control characters.`,
  );
}

function inRange(name: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new OfflineImError(
    'OPTION_INVALID',
    `ntlmAuth: ${name} is ${String(value)}; it must be an integer from ${least} to ${most}.`,
  );
}
