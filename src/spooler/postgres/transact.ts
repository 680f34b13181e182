import { sqlStateOf } from './pg-error.ts';
import type { PgClient, PgPool } from './pool.ts';

/** A transaction that failed. `unknown`: the answer to its COMMIT was lost. */
export class TransactionError extends Error {
  readonly kept: 'no' | 'unknown';

  constructor(kept: 'no' | 'unknown', cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.kept = kept;
  }
}

/** What the body of a transaction gives: a result, and whether there is anything to commit. */
export interface Done<Result> {
  readonly result: Result;
  readonly commit: boolean;
}

/** How transactions of a spool begin. */
export interface BeginOptions {
  /** ms that a statement waits for a lock. */
  readonly lockTimeout: number;
}

/**
 * Every setting lasts until the end of the transaction, so that the host finds its connections as they were. A process that is
 * stopped in the middle must not hold its locks for long; plans go by indexes only, since one made while a table was small is kept
 * when it no longer is; and what is accepted is on disk, whatever the database's default.
 */
function beginText({ lockTimeout }: BeginOptions): string {
  return `BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL lock_timeout = ${Math.ceil(lockTimeout)};
SET LOCAL idle_in_transaction_session_timeout = 5000; SET LOCAL jit = off;
SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off;
SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'`;
}

/**
 * Runs a transaction of its own on a connection of the pool.
 *
 * @throws {TransactionError}
 */
export async function transact<Result>(
  pool: PgPool,
  options: BeginOptions,
  body: (client: PgClient) => Promise<Done<Result>>,
): Promise<Result> {
  const client = await pool.connect().catch((error: unknown) => {
    throw new TransactionError('no', error);
  });
  let broken: Error | undefined;
  // A connection that breaks says so by an event too; unheard, that would end the process.
  const onError = (error: Error): void => {
    broken = error;
  };
  client.on('error', onError);
  let committing = false;
  try {
    await client.query({ text: beginText(options) });
    const { result, commit } = await body(client);
    // What broke before this has kept nothing; from here on nobody knows.
    if (broken !== undefined) throw broken;
    committing = commit;
    await client.query({ text: commit ? 'COMMIT' : 'ROLLBACK' });
    return result;
  } catch (error) {
    broken ??= await rollback(client);
    throw new TransactionError(committing && !undone(error) ? 'unknown' : 'no', error);
  } finally {
    client.removeListener('error', onError);
    client.release(broken);
  }
}

async function rollback(client: PgClient): Promise<Error | undefined> {
  try {
    await client.query({ text: 'ROLLBACK' });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** An answer to COMMIT that says that nothing was kept: rolled back, refused, or no longer in a transaction. */
function undone(error: unknown): boolean {
  return /^(?:40|23|25)/.test(sqlStateOf(error) ?? '');
}
