import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { byDefault, flag, having, milliseconds, oneOf, optional, type RulesFor, unchecked } from '../../core/options.ts';
import type { PgClient, PgPool } from './connection/pool.ts';

/** Options of a `PostgresSpool`. */
export interface PostgresSpoolOptions {
  /**
   * Your `Pool` of `pg` 8, or a compatible one. The spool never ends it. Allow at least five connections. While a sender is started, all spools
   * on one pool share one connection that listens for messages accepted by other processes; with fewer than three connections they don't listen,
   * and find such messages at the next poll. Hundreds of senders may share a pool of twenty.
   */
  readonly pool: PgPool;
  /**
   * The schema that holds the tables. All processes of a spool name the same one; separate spools can share a database, each in a schema of its own. A letter or
   * underscore, then letters, digits and underscores, all lower case, 48 at most.
   *
   * @default 'offline_im'
   */
  readonly schema?: string | undefined;
  /**
   * The mode of the pooler between the pool and the server. Behind PgBouncer and hosted poolers in transaction mode each transaction may get a different
   * server process: the spool then names no statements, which costs some speed, and doesn't listen, so messages of other processes are found at the next
   * poll (`pollInterval`).
   *
   * If omitted, the spool detects a pooler at the first transaction (its logins name a made-up server process) and assumes transaction mode. Pass
   * `'session'` when each connection keeps its server process, and `'transaction'` for a pool that doesn't expose the process id.
   *
   * @default detected
   */
  readonly pooler?: 'transaction' | 'session' | undefined;
  /** Whether `open()` creates or updates the tables as `migrate()` does; the login needs the right to. @default false */
  readonly migrate?: boolean | undefined;
  /**
   * ms for a transaction of the spool, from asking the pool for a connection to its end. Bounds the wait for a server that vanished silently, or for a pool
   * whose connections are all in use: after this the connection is closed and the call rejects with `SPOOL_FAILED`, or `APPEND_OUTCOME_UNKNOWN` if COMMIT
   * was in progress. Calls queued behind it all settle within that time again. 1,000 or more; a statement waits for a lock for at most half of it, so that
   * a held lock is not mistaken for silence.
   *
   * In your own transaction (`client`) it bounds the append, which then rejects with `APPEND_OUTCOME_UNKNOWN`, but the client stays yours: roll back and close it.
   * The statements of a migration may take an hour, and wait that long for another process that migrates.
   *
   * Set the pool's `connectionTimeoutMillis` below this (to 10,000, say): nothing else ends a login that a vanished server left unanswered, and such logins
   * fill the pool until TCP gives up on them, which can take a quarter of an hour.
   *
   * @default 60_000
   */
  readonly statementTimeout?: number | undefined;
}

/** Checks {@link PostgresSpoolOptions}; the schema's name is checked where it becomes part of statements. */
export const postgresRules = {
  // Without its events, an idle connection that breaks would end the process.
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
  throw new OfflineImError(
    'OPTION_INVALID',
    'client is not a client of pg; expected the one on which the transaction was begun.',
  );
}
