import { accessSync, chmodSync, closeSync, constants, existsSync, mkdirSync, openSync, statSync } from 'node:fs';
import { chmod, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import * as sqlite from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import { OfflineImError } from '../../../core/errors/offline-im-error.ts';
import { resultOf } from './sqlite-error.ts';

/** SQLite's companions of a file in WAL mode. */
export function companionsOf(path: string): readonly string[] {
  return [`${path}-wal`, `${path}-shm`];
}

/**
 * Makes the file with its folders where they are missing, for this user only; SQLite gives its companions the rights of the
 * file. An existing file is never opened here: closing any descriptor of it would drop this process's locks (POSIX).
 * True when it was missing.
 */
export function makeFile(path: string): boolean {
  makeFolder(dirname(path));
  try {
    closeSync(openSync(path, 'wx', 0o600));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
}

/** One by one: Node's `recursive` tells of a read-only file system as of a missing folder. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  const parent = dirname(path);
  if (parent !== path) makeFolder(parent);
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** Throws the system's error where SQLite would say "disk I/O error": it opens what it may not write to. */
export function assertWritable(path: string): void {
  accessSync(path, constants.R_OK | constants.W_OK);
  accessSync(dirname(path), constants.W_OK);
}

/** Takes rights to the file and its companions from others, where the owner may. */
export function restrict(path: string): void {
  if (process.platform === 'win32') return;
  for (const one of [path, ...companionsOf(path)]) {
    try {
      if ((statSync(one).mode & 0o077) !== 0) chmodSync(one, 0o600);
    } catch {
      // Missing, or someone else's: then it is theirs to restrict.
    }
  }
}

/** True when the last one who had it open did not close it: closing folds the log into the file and removes it. */
export function hasLog(path: string): boolean {
  return existsSync(`${path}-wal`) && statSync(`${path}-wal`).size > 0;
}

/** Pages given back in one step: about 1 MiB, some ms. */
const step = 256;
/** Free pages that are kept for what comes next, at least. */
const spare = 1_024;

/** Gives a step of free pages back to the file system when more than a quarter of the file is free. */
export function vacuumStep(database: DatabaseSync): void {
  const { pages, free } = pagesOf(database);
  if (free > spare && free > pages / 4) database.exec(`PRAGMA incremental_vacuum(${step})`);
}

/** Bytes of the file that are in use: messages, tombstones and indexes. */
export function bytesInUse(database: DatabaseSync): number {
  const { pages, free, size } = pagesOf(database);
  return (pages - free) * size;
}

function pagesOf(database: DatabaseSync): { readonly pages: number; readonly free: number; readonly size: number } {
  const pragma = (name: string): number => Number(database.prepare(`PRAGMA ${name}`).get()?.[name] ?? 0);
  return { pages: pragma('page_count'), free: pragma('freelist_count'), size: pragma('page_size') };
}

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
