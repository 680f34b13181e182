import { JournalError } from '../journaled/journal.ts';
import type { IdbDatabase, IdbRequest, IdbStore, IdbTransaction, WebError } from './web-types.ts';

/** The error of a request, by the name that the browser gives it; it shows no value. */
export class StorageError extends Error {
  /** The browser's own name for it, such as `QuotaExceededError`. */
  readonly reason: string;

  constructor(error: WebError | null, otherwise = 'UnknownError') {
    const reason = error?.name ?? otherwise;
    // What can't be cloned is quoted in the browser's own message.
    super(`the browser says ${reason}`, error === null || reason === 'DataCloneError' ? undefined : { cause: error });
    this.reason = reason;
  }
}

/** Failures that tell of a value, not of the storage: only this row can't be read. */
const unreadable: ReadonlySet<string> = new Set(['DataError', 'DataCloneError', 'NotReadableError', 'EncodingError']);

/** Failures after which, by the standard and in the browsers alike, nothing of the transaction is there. */
const nothingKept: ReadonlySet<string> = new Set(['QuotaExceededError', 'DataCloneError', 'DataError', 'ConstraintError']);

export function isUnreadable(error: unknown): boolean {
  return error instanceof StorageError && unreadable.has(error.reason);
}

/** The result of a request. A failed one does not take the rest of its transaction with it. */
export function resultOf<Result>(request: IdbRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', (event) => {
      event.preventDefault();
      reject(new StorageError(request.error));
    });
  });
}

/** A row, or the error that says that the browser can't give back this one. */
export async function rowOrError(rows: IdbStore, key: string): Promise<unknown> {
  try {
    return await resultOf(rows.get(key));
  } catch (error) {
    if (isUnreadable(error)) return error;
    throw error;
  }
}

/**
 * Reads in one transaction: `work` makes all its requests before it waits for anything.
 *
 * @throws {JournalError}
 */
export async function reading<Result>(
  database: IdbDatabase,
  stores: string[],
  work: (transaction: IdbTransaction) => Promise<Result>,
): Promise<Result> {
  try {
    return await work(begun(database, stores, 'readonly'));
  } catch (error) {
    throw error instanceof JournalError || isUnreadable(error) ? error : new JournalError('no', errorOf(error));
  }
}

/**
 * Writes in one transaction, all or nothing; resolves when the browser has it on disk (`strict`: it may not leave it in the
 * system's cache, as its default does). `work` makes all its requests at once.
 *
 * @throws {JournalError} which says whether anything of it may have been kept
 */
export async function writing(database: IdbDatabase, stores: string[], work: (tx: IdbTransaction) => void): Promise<void> {
  const transaction = begun(database, stores, 'readwrite');
  const ended = new Promise<void>((resolve, reject) => {
    transaction.addEventListener('complete', () => resolve());
    transaction.addEventListener('abort', () => reject(new StorageError(transaction.error, 'AbortError')));
  });
  try {
    work(transaction);
  } catch (error) {
    // A value that can't be stored: the transaction has not been asked to commit.
    transaction.abort();
    await ended.catch(() => undefined);
    throw new JournalError('no', errorOf(error));
  }
  try {
    await ended;
  } catch (error) {
    const kept = error instanceof StorageError && nothingKept.has(error.reason) ? 'no' : 'unknown';
    throw new JournalError(kept, error);
  }
}

function begun(database: IdbDatabase, stores: string[], mode: 'readonly' | 'readwrite'): IdbTransaction {
  try {
    return database.transaction(stores, mode, mode === 'readwrite' ? { durability: 'strict' } : {});
  } catch (error) {
    // The connection is closing: nothing was begun.
    throw new JournalError('no', errorOf(error));
  }
}

/** Makes an error of ours of whatever the browser threw. */
export function errorOf(error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  const named = typeof error === 'object' && error !== null && 'name' in error && typeof error.name === 'string';
  return new StorageError(named ? (error as WebError) : null);
}
