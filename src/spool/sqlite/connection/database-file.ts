import { chmod, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as sqlite from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import { OfflineImError } from '../../../core/errors/offline-im-error.ts';
import { makeFile } from '../../../spooler/sqlite/file-rights.ts';
import { resultOf } from './sqlite-error.ts';

type Backup = typeof sqlite.backup;

/** Pages that are copied in one go. */
const pagesAtOnce = 1_000;

/**
 * Copies the database as it is at one moment, while it is in use; the copy appears under its name when it is whole.
 *
 * @param patience How long the beginning may be put off by transactions of the same connection, in ms.
 */
export async function backUp(database: sqlite.DatabaseSync, path: string, patience: number): Promise<void> {
  const partial = `${path}.${process.pid}-${Math.random().toString(36).slice(2)}.partial`;
  makeFile(partial);
  try {
    // Missing in Node before 22.16 and 23.8; VACUUM INTO needs a file that does not exist, or is empty.
    const { backup } = sqlite as { backup?: Backup };
    if (backup === undefined) database.prepare('VACUUM INTO ?').run(partial);
    else await copy(backup, database, partial, patience);
    await chmod(partial, 0o600);
    await sync(partial, 'r+');
    await rename(partial, path);
    if (process.platform !== 'win32') await sync(dirname(path), 'r');
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

/**
 * The copying runs beside us, on the same connection. Where its very first step meets one of our transactions, Node takes SQLITE_LOCKED for the end and
 * rejects with the code of no error at all; any later step it repeats by itself.
 */
async function copy(backup: Backup, database: sqlite.DatabaseSync, path: string, patience: number): Promise<void> {
  const deadline = performance.now() + patience;
  for (;;) {
    try {
      await backup(database, path, { rate: pagesAtOnce });
      return;
    } catch (error) {
      if (resultOf(error) !== 0) throw error;
      if (performance.now() >= deadline) {
        throw new OfflineImError('SPOOL_BUSY', `The spool was written to all the time for ${patience} ms; no copy was made.`, {
          cause: error,
        });
      }
      await wait(1 + Math.random() * 15);
    }
  }
}

async function sync(path: string, flags: string): Promise<void> {
  const handle = await open(path, flags);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
