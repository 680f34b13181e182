import { asError, isA, property } from '../../../core/errors/thrown.ts';
import { transactionSettings } from '../tables/statement.ts';
import { type Connections, GivenUp, Limit, type LimitOptions } from './connections.ts';
import { asRefusedBegin, asSpoolError, isAboutWhatWasAsked, isConnectionError, isTransient, sqlStateOf } from './pg-error.ts';
import type { PgClient, PgPoolClient } from './pool.ts';
import type { Pooling } from './pooling.ts';

/** A transaction that failed. */
export class TransactionError extends Error {
  /** Whether it was committed; `unknown` when the answer to COMMIT was lost. */
  readonly kept: 'no' | 'unknown';
  /** A live server refused it for its content, or for a lock: smaller parts may succeed. */
  readonly divisible: boolean;

  constructor(kept: 'no' | 'unknown', cause: unknown, divisible = false) {
    super(asError(cause).message, { cause });
    this.kept = kept;
    this.divisible = divisible;
  }
}

/** Waits for transactions, and turns their rejections into the library's own errors. */
export async function coded<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    throw asSpoolError(isA(error, TransactionError) ? error.cause : error);
  }
}

/** What the body of a transaction returns: a result, and whether there is anything to commit. */
export interface Done<Result> {
  readonly result: Result;
  readonly commit: boolean;
}

/** Limits of a transaction, from asking for a connection to its end; one that exceeds them is abandoned along with its connection. */
export interface TransactionLimits extends LimitOptions {
  /** ms that a statement waits for a lock. */
  readonly lockTimeout: number;
  /** One statement, which is its own transaction, without BEGIN and COMMIT around it. */
  readonly alone?: boolean;
  /** Its first query makes all settings except the lock timeout (`append.ts`). */
  readonly setsItself?: boolean;
  /** ms that its own statements may take, if not the rest of the deadline. */
  readonly statements?: number | undefined;
  /** A query sent together with BEGIN: it has no parameters, and is planned anew each time. */
  readonly first?: string | undefined;
}

/** What is done in a transaction. @param first The rows of {@link TransactionLimits.first}. */
export type Body<Result> = (client: PgClient, first: readonly unknown[]) => Promise<Done<Result>>;

/**
 * Every setting lasts until the end of the transaction, so that the host gets its connections back unchanged. A process that is
 * stopped in the middle must not hold its locks for long; and accepted messages are on disk, whatever the database's default.
 */
function beginText({ lockTimeout, first, setsItself = false }: TransactionLimits): string {
  return `BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SELECT pg_backend_pid()::text AS pid,
set_config('lock_timeout', '${Math.ceil(lockTimeout)}', true)${setsItself ? '' : `, ${transactionSettings}`}${first === undefined ? '' : `; ${first}`}`;
}

/**
 * Runs a transaction on a connection of the pool.
 *
 * @throws {TransactionError}
 */
export async function transact<Result>(
  connections: Connections,
  limits: TransactionLimits,
  body: Body<Result>,
  pooling: Pooling,
): Promise<Result> {
  const limit = new Limit(limits);
  try {
    const client = await connections.connect(limit).catch((error: unknown) => {
      throw new TransactionError('no', error);
    });
    return await run(client, limit, limits, body, pooling);
  } finally {
    limit.end();
  }
}

async function run<Result>(
  client: PgPoolClient,
  limit: Limit,
  limits: TransactionLimits,
  body: Body<Result>,
  pooling: Pooling,
): Promise<Result> {
  let broken: Error | undefined;
  // A broken connection also emits an event; without a listener that would end the process.
  const onError = (error: Error): void => {
    broken = error;
  };
  client.on('error', onError);
  const { alone = false } = limits;
  let committing = alone;
  try {
    if (alone) {
      const { result } = await limit.within(body(client, []));
      // A query that the host still had in flight when it released the connection has begun a transaction.
      if (result !== undefined && !isBetween(client)) await limit.within(client.query({ text: 'COMMIT' }));
      return result;
    }
    const begun = client.query({ text: beginText(limits) }).catch((error: unknown) => {
      throw asRefusedBegin(error);
    });
    const answers = rowsOf(await limit.within(begun));
    const first = limits.first === undefined ? [] : answers.pop();
    pooling.answered(client, property(answers.at(-1)?.[0], 'pid'));
    if (limits.statements !== undefined) limit.extend(limits.statements);
    const { result, commit } = await limit.within(body(client, first ?? []));
    // A connection that broke before this kept nothing; from here on the outcome is unknown.
    if (broken !== undefined) throw broken;
    committing = commit;
    await limit.within(client.query({ text: commit ? 'COMMIT' : 'ROLLBACK' }));
    return result;
  } catch (error) {
    // A server that doesn't answer gets no more queries; closing the connection rolls back.
    // A connection to a server that no longer takes writes is closed too: the next one may reach the primary.
    const useless = isA(error, GivenUp) || isConnectionError(error);
    if (useless) broken ??= asError(error);
    else if (!alone || !isBetween(client)) broken ??= await limit.within(rollback(client)).catch(asError);
    const kept = committing && !(alone ? refused(error) : undone(error)) ? 'unknown' : 'no';
    // The reason why the server closed the connection says more than the closing itself.
    const cause = isTransient(broken) ? broken : error;
    throw new TransactionError(kept, cause, broken === undefined && isAboutWhatWasAsked(error));
  } finally {
    client.removeListener('error', onError);
    if (broken !== undefined) client.on('error', () => undefined);
    client.release(broken);
  }
}

/** Whether the connection is known to be outside of any transaction. */
export function isBetween(client: PgClient): boolean {
  return client.getTransactionStatus?.() === 'I';
}

/** The rows of each of several statements. */
function rowsOf(answer: unknown): (readonly unknown[])[] {
  const results: readonly unknown[] = Array.isArray(answer) ? answer : [answer];
  return results.map((one) => {
    const rows = property(one, 'rows');
    return Array.isArray(rows) ? rows : [];
  });
}

async function rollback(client: PgClient): Promise<Error | undefined> {
  try {
    await client.query({ text: 'ROLLBACK' });
    return undefined;
  } catch (error) {
    return asError(error);
  }
}

/** Whether the server answered a lone statement with an error, and so kept nothing. */
function refused(error: unknown): boolean {
  return !isConnectionError(error) && /^(?!40003)[0-9A-Z]{5}$/.test(sqlStateOf(error) ?? '');
}

/** Whether the answer to COMMIT means that nothing was kept: rolled back, refused, no longer in a transaction, or a lock timeout. 40003 means that the server doesn't know. */
function undone(error: unknown): boolean {
  return /^(?:40(?!003)|23|25|55P03)/.test(sqlStateOf(error) ?? '');
}
