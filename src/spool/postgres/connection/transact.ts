import { asError, isA, property } from '../../../core/errors/thrown.ts';
import { transactionSettings } from '../tables/statement.ts';
import { type Connections, GivenUp, Limit, type LimitOptions } from './connections.ts';
import { asRefusedBegin, asSpoolError, isAboutWhatWasAsked, isConnectionError, isTransient, sqlStateOf } from './pg-error.ts';
import type { PgClient, PgPoolClient } from './pool.ts';
import type { Pooling } from './pooling.ts';

/** A transaction that failed. */
export class TransactionError extends Error {
  /** `unknown`: the answer to its COMMIT was lost. */
  readonly kept: 'no' | 'unknown';
  /** Refused for what it was to write, or for a lock, by a server that is there: less at a time may well succeed. */
  readonly divisible: boolean;

  constructor(kept: 'no' | 'unknown', cause: unknown, divisible = false) {
    super(asError(cause).message, { cause });
    this.kept = kept;
    this.divisible = divisible;
  }
}

/** Waits for transactions; what they reject with becomes an error of the library's own. */
export async function coded<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    throw asSpoolError(isA(error, TransactionError) ? error.cause : error);
  }
}

/** What the body of a transaction gives: a result, and whether there is anything to commit. */
export interface Done<Result> {
  readonly result: Result;
  readonly commit: boolean;
}

/** How patient a transaction of a spool is, from asking for a connection to the end; what goes on after that is given up with its connection. */
export interface TransactionLimits extends LimitOptions {
  /** ms that a statement waits for a lock. */
  readonly lockTimeout: number;
  /** One statement, which is a transaction by itself: nothing is said around it. */
  readonly alone?: boolean;
  /** What it asks for first sets all but the time to wait for a lock (`append.ts`). */
  readonly setsItself?: boolean;
  /** ms that its own statements may take, where that is another time than what is left of the deadline. */
  readonly statements?: number | undefined;
  /** A query that goes to the server together with what begins the transaction: it has no parameters, and its plan is made anew each time. */
  readonly first?: string | undefined;
}

/** What is done in a transaction. @param first The rows of {@link TransactionLimits.first}. */
export type Body<Result> = (client: PgClient, first: readonly unknown[]) => Promise<Done<Result>>;

/**
 * Every setting lasts until the end of the transaction, so that the host finds its connections as they were. A process that is
 * stopped in the middle must not hold its locks for long; and what is accepted is on disk, whatever the database's default.
 */
function beginText({ lockTimeout, first, setsItself = false }: TransactionLimits): string {
  return `BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SELECT pg_backend_pid()::text AS pid,
set_config('lock_timeout', '${Math.ceil(lockTimeout)}', true)${setsItself ? '' : `, ${transactionSettings}`}${first === undefined ? '' : `; ${first}`}`;
}

/**
 * Runs a transaction of its own on a connection of the pool.
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
  // A connection that breaks says so by an event too; unheard, that would end the process.
  const onError = (error: Error): void => {
    broken = error;
  };
  client.on('error', onError);
  const { alone = false } = limits;
  let committing = alone;
  try {
    if (alone) {
      const { result } = await limit.within(body(client, []));
      // Something of the host's, which was still on its way when it gave the connection back, has begun one.
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
    // What broke before this has kept nothing; from here on nobody knows.
    if (broken !== undefined) throw broken;
    committing = commit;
    await limit.within(client.query({ text: commit ? 'COMMIT' : 'ROLLBACK' }));
    return result;
  } catch (error) {
    // Whoever does not answer is asked for nothing more; closing the connection rolls back.
    // One to a server that writes no more is closed too: the next one may lead to the one that does.
    const useless = isA(error, GivenUp) || isConnectionError(error);
    if (useless) broken ??= asError(error);
    else if (!alone || !isBetween(client)) broken ??= await limit.within(rollback(client)).catch(asError);
    const kept = committing && !(alone ? refused(error) : undone(error)) ? 'unknown' : 'no';
    // Why the server closed the connection tells more than that it is closed.
    const cause = isTransient(broken) ? broken : error;
    throw new TransactionError(kept, cause, broken === undefined && isAboutWhatWasAsked(error));
  } finally {
    client.removeListener('error', onError);
    if (broken !== undefined) client.on('error', () => undefined);
    client.release(broken);
  }
}

/** Whether it is known to be outside of any transaction. */
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

/** An answer of the server to a statement that is alone: with an error it has kept nothing. */
function refused(error: unknown): boolean {
  return !isConnectionError(error) && /^(?!40003)[0-9A-Z]{5}$/.test(sqlStateOf(error) ?? '');
}

/** An answer to COMMIT that says that nothing was kept: rolled back, refused, no longer in a transaction, or a lock that it waited for in vain. 40003 says that it cannot tell. */
function undone(error: unknown): boolean {
  return /^(?:40(?!003)|23|25|55P03)/.test(sqlStateOf(error) ?? '');
}
