import type { Clock } from '../../clock.ts';
import { OfflineImError } from '../../errors/index.ts';
import { sqlStateOf } from './pg-error.ts';
import type { PgClient, PgPool, PgPoolClient } from './pool.ts';

/** A transaction that failed. `unknown`: the answer to its COMMIT was lost. */
export class TransactionError extends Error {
  readonly kept: 'no' | 'unknown';

  constructor(kept: 'no' | 'unknown', cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.kept = kept;
  }
}

/** The deadline of a transaction has passed. */
export class NoAnswer extends OfflineImError {
  constructor(deadline: number) {
    const text = `PostgreSQL, or the pool, gave no answer within ${deadline} ms; the connection was given up. What had been accepted is still there.`;
    super('SPOOL_FAILED', text);
  }
}

/** What the body of a transaction gives: a result, and whether there is anything to commit. */
export interface Done<Result> {
  readonly result: Result;
  readonly commit: boolean;
}

/** How patient a transaction of a spool is. */
export interface Patience {
  /** ms that a statement waits for a lock. */
  readonly lockTimeout: number;
  /** ms from asking for a connection to the end; then the connection is given up. */
  readonly deadline: number;
  readonly clock: Pick<Clock, 'setTimer'>;
}

/**
 * Every setting lasts until the end of the transaction, so that the host finds its connections as they were. A process that is
 * stopped in the middle must not hold its locks for long; plans go by indexes only, since one made while a table was small is kept
 * when it no longer is; and what is accepted is on disk, whatever the database's default.
 */
function beginText({ lockTimeout }: Patience): string {
  return `BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL lock_timeout = ${Math.ceil(lockTimeout)};
SET LOCAL idle_in_transaction_session_timeout = 5000; SET LOCAL jit = off; SET LOCAL plan_cache_mode = force_generic_plan;
SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off;
SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'`;
}

/**
 * Runs a transaction of its own on a connection of the pool. A server that vanished, or a pool that has no connection left, gives no answer
 * and no error: nothing waits for it beyond the deadline.
 *
 * @throws {TransactionError}
 */
export async function transact<Result>(
  pool: PgPool,
  patience: Patience,
  body: (client: PgClient) => Promise<Done<Result>>,
): Promise<Result> {
  const expired = Promise.withResolvers<never>();
  const cancel = patience.clock.setTimer(() => expired.reject(new NoAnswer(patience.deadline)), patience.deadline);
  const within = <Value>(work: Promise<Value>): Promise<Value> => Promise.race([work, expired.promise]);
  try {
    const client = await connect(pool, within);
    return await run(client, within, patience, body);
  } finally {
    cancel();
  }
}

/** A connection that comes too late goes straight back. */
async function connect(pool: PgPool, within: Within): Promise<PgPoolClient> {
  const connecting = pool.connect();
  try {
    return await within(connecting);
  } catch (error) {
    if (error instanceof NoAnswer) {
      connecting.then(
        (late) => late.release(),
        () => undefined,
      );
    }
    throw new TransactionError('no', error);
  }
}

type Within = <Value>(work: Promise<Value>) => Promise<Value>;

async function run<Result>(
  client: PgPoolClient,
  within: Within,
  patience: Patience,
  body: (client: PgClient) => Promise<Done<Result>>,
): Promise<Result> {
  let broken: Error | undefined;
  // A connection that breaks says so by an event too; unheard, that would end the process.
  const onError = (error: Error): void => {
    broken = error;
  };
  client.on('error', onError);
  let committing = false;
  try {
    await within(client.query({ text: beginText(patience) }));
    const { result, commit } = await within(body(client));
    // What broke before this has kept nothing; from here on nobody knows.
    if (broken !== undefined) throw broken;
    committing = commit;
    await within(client.query({ text: commit ? 'COMMIT' : 'ROLLBACK' }));
    return result;
  } catch (error) {
    // Whoever does not answer is asked for nothing more; closing the connection rolls back.
    broken ??= error instanceof NoAnswer ? error : await within(rollback(client)).catch(asError);
    throw new TransactionError(committing && !undone(error) ? 'unknown' : 'no', error);
  } finally {
    client.removeListener('error', onError);
    if (broken !== undefined) client.on('error', () => undefined);
    client.release(broken);
  }
}

async function rollback(client: PgClient): Promise<Error | undefined> {
  try {
    await client.query({ text: 'ROLLBACK' });
    return undefined;
  } catch (error) {
    return asError(error);
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/** An answer to COMMIT that says that nothing was kept: rolled back, refused, or no longer in a transaction. */
function undone(error: unknown): boolean {
  return /^(?:40|23|25)/.test(sqlStateOf(error) ?? '');
}
