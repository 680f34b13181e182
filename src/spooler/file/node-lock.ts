import { chmod, lstat } from 'node:fs/promises';
import { OfflineImError } from '../../core/errors/offline-im-error.ts';

const busy = 5;

/** A connection that nobody can reach any more is closed by the garbage collector, and the lock goes with it: a spool that is open may be just that. */
const held = new Set<object>();

/**
 * An exclusive transaction on an empty SQLite file: the kernel ends it when the process dies, as no file with a process
 * id in it does, and SQLite knows that it is held within this process too. Nothing else may open that file: closing any
 * descriptor of it would drop this process's lock (POSIX).
 */
export async function lockFile(path: string): Promise<() => Promise<void>> {
  const { DatabaseSync } = await import('node:sqlite');
  const before = await lstat(path).catch(() => undefined);
  if (before !== undefined && !before.isFile()) throw new Error('The lock is not a regular file.');
  const database = new DatabaseSync(path);
  try {
    // Nothing is ever written: no journal needs to lie beside it.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    if (process.platform !== 'win32') await chmod(path, 0o600);
  } catch (error) {
    database.close();
    if (!isBusy(error)) throw error;
    const message = 'Another process, or another FileSpool of this one, has this folder open. Close it, or use another root.';
    throw new OfflineImError('SPOOL_LOCKED', message, { cause: error });
  }
  held.add(database);
  return async () => {
    database.close();
    held.delete(database);
  };
}

function isBusy(error: unknown): boolean {
  const code: unknown = error instanceof Error && 'errcode' in error ? error.errcode : undefined;
  return typeof code === 'number' && (code & 0xff) === busy;
}
