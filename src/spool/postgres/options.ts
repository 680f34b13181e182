import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { byDefault, flag, having, milliseconds, oneOf, optional, type RulesFor, unchecked } from '../../core/options.ts';
import type { PgClient, PgPool } from './connection/pool.ts';

/** Options of a `PostgresSpool`. */
export interface PostgresSpoolOptions {
  /**
   * Your `Pool` of `pg` 8, or one that works as it does. The spool never ends it. Give it room for five connections at once. While a sender is started,
   * all spools on one pool keep one of its connections, to hear of messages that other processes accept; with fewer than three they do without that, and
   * find them at their next poll. Hundreds of senders may share a pool of twenty.
   */
  readonly pool: PgPool;
  /**
   * The schema that holds the tables; several spools live side by side in schemas of their own. A letter or underscore, then letters, digits and
   * underscores, all lower case, 48 at most.
   *
   * @default 'offline_im'
   */
  readonly schema?: string | undefined;
  /**
   * What lies between the pool and the server. Behind PgBouncer and hosted poolers in transaction mode each transaction gets another server process: the spool then
   * names no statements, which costs some speed, and doesn't listen, so that messages of other processes are found at the next poll (`pollInterval`).
   *
   * Left out, a pooler is found out at the first transaction (its logins name a server process that it makes up), and taken for one in transaction mode. Say
   * `'session'` when each connection keeps its server process, and `'transaction'` for a pool that can't tell.
   *
   * @default found out
   */
  readonly pooler?: 'transaction' | 'session' | undefined;
  /** Whether `open()` makes or updates the tables as `migrate()` does; the login must be allowed to. @default false */
  readonly migrate?: boolean | undefined;
  /**
   * ms for a transaction of the spool, from asking the pool for a connection to its end. A server that vanished without a word, or a pool whose connections
   * are all in use, would be waited for without end; after this the connection is closed and the call rejects with `SPOOL_FAILED`, or
   * `APPEND_OUTCOME_UNKNOWN` where COMMIT was under way. Calls that waited for others meanwhile are told within as long again, all together. 1,000 or more;
   * a statement waits for a lock for half of it at most, so that a lock that others hold is not taken for silence.
   *
   * In a transaction of yours (`client`) it bounds the append, which then rejects with `APPEND_OUTCOME_UNKNOWN`, but the client stays yours: roll back and close it.
   * The statements of a migration may take an hour, and wait that long for another process that migrates.
   *
   * Give the pool a `connectionTimeoutMillis` below this (10,000, say): nothing else ends a login that a vanished server left unanswered, and such logins fill the
   * pool until TCP gives them up, which can take a quarter of an hour.
   *
   * @default 60_000
   */
  readonly statementTimeout?: number | undefined;
}

/** {@link PostgresSpoolOptions} as they are checked; the name of the schema is checked where it becomes part of statements. */
export const postgresRules = {
  // A pool without events of its connections would end the process when an idle one breaks.
  pool: having<PgPool>('a Pool of pg', ['connect', 'on', 'removeListener']),
  schema: byDefault(unchecked<string>(), 'offline_im'),
  pooler: optional(oneOf(['transaction', 'session'])),
  migrate: byDefault(flag(), false),
  statementTimeout: byDefault(milliseconds(1_000, 86_400_000), 60_000),
} satisfies RulesFor<PostgresSpoolOptions>;

/** The client of a host's transaction. @throws {OfflineImError} `OPTION_INVALID` */
export function asClient(client: unknown): PgClient {
  if (typeof client === 'object' && client !== null && 'query' in client && typeof client.query === 'function')
    return client as PgClient;
  throw new OfflineImError('OPTION_INVALID', 'client is not a client of pg; expected the one that the transaction was begun on.');
}
