import { accessSync, chmodSync, closeSync, constants, existsSync, fsyncSync, mkdirSync, openSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { DatabaseSync, DatabaseSyncOptions } from 'node:sqlite';
import { OfflineImError } from '../../../core/errors/offline-im-error.ts';
import { isDeniedByNode, syncDescriptor } from '../../disk/syncing.ts';

const noSqlite =
  'SqliteSpool needs node:sqlite, which this runtime lacks. Use Node 22.13 or newer, without --no-experimental-sqlite.';

/**
 * Looked up when needed, never imported: Jest 29 takes a built-in module that only has a `node:` name for a missing one, and Node 22 warns when it is
 * loaded.
 */
export function sqliteModule(): typeof import('node:sqlite') {
  const found: typeof import('node:sqlite') | undefined = process.getBuiltinModule('node:sqlite');
  if (found === undefined) throw new OfflineImError('SPOOL_ROOT_UNUSABLE', noSqlite);
  return found;
}

/** Opens a SQLite file. */
export function openDatabase(path: string, options: DatabaseSyncOptions = {}): DatabaseSync {
  const { DatabaseSync } = sqliteModule();
  return new DatabaseSync(path, options);
}

/** SQLite's companions of a file in WAL mode. */
export function companionsOf(path: string): readonly string[] {
  return [`${path}-wal`, `${path}-shm`];
}

/**
 * Creates the file and its folders if missing, durably and for this user only; SQLite gives its companions the rights of the
 * file. Never opens an existing file: closing any descriptor of it would drop this process's locks (POSIX). True if it was
 * missing.
 */
export function makeFile(path: string): boolean {
  const folder = dirname(path);
  makeFolder(folder);
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    // The process that created it may have died at once. The folders above may be unreadable, so a failure is ignored.
    tryToSync(folder);
    tryToSync(dirname(folder));
    return false;
  }
  try {
    syncFolder(folder);
  } catch (error) {
    // SQLite, which Node's permission model doesn't bind, syncs the folder too when it first writes a journal there.
    if (!isDeniedByNode(error)) throw error;
  }
  tryToSync(dirname(folder));
  return true;
}

/** One by one: Node's `recursive` reports a read-only file system as a missing folder. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  const parent = dirname(path);
  if (parent !== path) makeFolder(parent);
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  tryToSync(parent);
}

/** Makes the names in a folder survive a power cut. Windows has no such operation. */
export function syncFolder(path: string): void {
  if (process.platform === 'win32') return;
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function tryToSync(folder: string): void {
  try {
    syncFolder(folder);
  } catch {
    // Another user's folder, or a file system without this operation.
  }
}

/** Throws the system's error, where SQLite would open the file and later say "disk I/O error". */
export function assertWritable(path: string): void {
  accessSync(path, constants.R_OK | constants.W_OK);
  accessSync(dirname(path), constants.W_OK);
}

/** Removes other users' rights to the file and its companions, where allowed; false if the disk stores no rights. */
export function restrict(path: string, chmod: typeof chmodSync = chmodSync): boolean {
  if (process.platform === 'win32') return true;
  let kept = true;
  for (const one of [path, ...companionsOf(path)]) {
    try {
      if (!othersMay(one)) continue;
      chmod(one, 0o600);
      if (othersMay(one)) kept = false;
    } catch {
      // Missing, or another user's, who then has to restrict it.
    }
  }
  return kept;
}

function othersMay(path: string): boolean {
  return (statSync(path).mode & 0o077) !== 0;
}

/** True if the last process that had it open did not close it: a close checkpoints the log and removes it. */
export function hasLog(path: string): boolean {
  return sizeOf(`${path}-wal`) > 0;
}

/** Bytes; 0 for a missing file. */
export function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** Checkpoints the log into the file and empties it; false while others read or write. */
export function truncateLog(database: DatabaseSync): boolean {
  try {
    return database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()?.busy === 0;
  } catch {
    return false;
  }
}

/** Makes a file's content survive a power cut. Never for a spool in use: closing a descriptor drops this process's locks (POSIX). */
export async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    await syncDescriptor(handle.fd);
  } finally {
    await handle.close();
  }
}
