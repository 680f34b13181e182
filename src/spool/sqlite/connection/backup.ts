import { link, lstat, realpath, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { OfflineImError } from '../../../core/errors/offline-im-error.ts';
import { quoted } from '../../../core/errors/quote.ts';
import { answerAtOnce, asError, property } from '../../../core/errors/thrown.ts';
import { type BackupOptions, backupRefused } from '../../disk/backup.ts';
import { companionsOf, makeFile, openDatabase, sqliteModule, syncFile, syncFolder } from './database-file.ts';
import { isMarkedCopy, markCopy } from './restored.ts';

type OnlineBackup = typeof import('node:sqlite').backup;

/** Pages per step of a copy. */
const pagesAtOnce = 1_000;
/** Attempts at a copy whose source is lost meanwhile. */
const mostCopies = 5;

/** The spool that is copied. */
export interface BackupSource {
  readonly path: string;
  /** Ensures that the file is open and locked; the returned function tells whether it has stayed so. */
  hold(): Promise<() => boolean>;
}

/**
 * Copies a snapshot of a database while it is in use; the copy appears under its name when it is complete and synced.
 *
 * It reads one snapshot of the log, which concurrent writes don't change: so the number of steps follows the number of pages.
 * The log can't start over before the end.
 */
export async function backUp(from: BackupSource, target: string, options: BackupOptions): Promise<void> {
  const { overwrite = false, signal } = options;
  signal?.throwIfAborted();
  const source = from.path;
  const path = join(await folderOf(target), basename(target));
  const replaces = await assertTarget(source, path, overwrite);
  const partial = `${path}.${process.pid}-${Math.random().toString(36).slice(2)}.partial`;
  try {
    await copyWhole(from, partial, options);
    markCopy(partial);
    await syncFile(partial);
    signal?.throwIfAborted();
    // Checks again, since a file may have appeared meanwhile.
    if (await assertTarget(source, path, overwrite)) await rename(partial, path);
    else await placeNew(partial, path, replaces);
    syncFolder(dirname(path));
  } finally {
    for (const left of [partial, ...companionsOf(partial)]) await rm(left, { force: true });
  }
}

/** Without its locks other processes don't respect the snapshot, and the copy may be torn: then it is made anew. @throws {OfflineImError} `SPOOL_FAILED` */
async function copyWhole(from: BackupSource, partial: string, { signal, onProgress }: BackupOptions): Promise<void> {
  for (let time = 0; time < mostCopies; time++) {
    for (const left of [partial, ...companionsOf(partial)]) await rm(left, { force: true });
    makeFile(partial);
    const isHeld = await from.hold();
    const failure = await copy(from.path, partial, signal, onProgress).then(() => undefined, asError);
    // SQLite's read errors may come from lost locks; errors of the host's callback don't.
    if (failure !== undefined && (isHeld() || property(failure, 'code') !== 'ERR_SQLITE_ERROR')) throw failure;
    if (failure === undefined && isHeld()) return;
  }
  const message = `The spool ${quoted(from.path)} lost its locks ${mostCopies} times while it was copied, so the copy may be torn: some code in this process reads or copies its files. The backup was removed.`;
  throw new OfflineImError('SPOOL_FAILED', message);
}

/** The folder's real path; a missing one is created with the file. */
async function folderOf(target: string): Promise<string> {
  try {
    return await realpath(dirname(target));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return dirname(target);
  }
}

/** Doesn't replace a file created in this very moment, if the file system supports links. */
async function placeNew(partial: string, path: string, gone: boolean): Promise<void> {
  try {
    await link(partial, path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && !gone) throw backupRefused(path, 'was created meanwhile');
    if (code === 'EEXIST' || code === undefined) throw error;
    await rename(partial, path);
  }
}

/** True when there is a file that may be replaced. @throws {OfflineImError} `BACKUP_REFUSED` */
async function assertTarget(source: string, path: string, overwrite: boolean): Promise<boolean> {
  if (/-(wal|shm|journal|damaged)$/i.test(path))
    throw backupRefused(path, 'has a name that SQLite uses for the companion files of a database');
  const there = await statOf(path);
  const own = await Promise.all([source, ...companionsOf(source)].map(statOf));
  if (there === undefined) {
    if ((await realpath(source).catch(() => source)) === path) throw backupRefused(path, 'is the spool itself');
    const left = await companionOf(path);
    if (left !== undefined)
      throw backupRefused(path, `is missing, but ${quoted(left)} exists: a spool was removed while it was open`);
    return false;
  }
  if (!there.isFile()) throw backupRefused(path, 'is not a regular file');
  if (own.some((one) => one?.dev === there.dev && one.ino === there.ino)) throw backupRefused(path, 'is the spool itself');
  if ((await companionOf(path)) !== undefined) throw backupRefused(path, 'is a spool that is open or was not closed');
  if (overwrite || isMarkedCopy(path)) return true;
  throw backupRefused(path, 'exists and is not a backup of a spool; overwrite: true replaces it');
}

/** A companion file, which only a database in use has. */
async function companionOf(path: string): Promise<string | undefined> {
  for (const one of [...companionsOf(path), `${path}-journal`]) if ((await statOf(one)) !== undefined) return one;
  return undefined;
}

async function statOf(path: string): Promise<Awaited<ReturnType<typeof lstat>> | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function copy(
  source: string,
  partial: string,
  signal: AbortSignal | undefined,
  onProgress: BackupOptions['onProgress'],
): Promise<void> {
  // Read-only: it doesn't create a missing file, and doesn't checkpoint the log.
  const database = openDatabase(source, { readOnly: true });
  try {
    database.exec('PRAGMA busy_timeout = 5000');
    // Missing in Node before 22.16 and 23.8; VACUUM INTO blocks, and needs a file that does not exist, or is empty.
    const { backup } = sqliteModule() as { backup?: OnlineBackup };
    if (backup === undefined) {
      database.prepare('VACUUM INTO ?').run(partial);
      return;
    }
    const pageSize = Number(database.prepare('PRAGMA page_size').get()?.page_size);
    database.exec('BEGIN; SELECT count(*) FROM sqlite_schema');
    const tell = (copied: number, total: number): void => {
      signal?.throwIfAborted();
      answerAtOnce(onProgress?.({ copied: copied * pageSize, total: total * pageSize }));
    };
    const pages = await backup(database, partial, {
      rate: pagesAtOnce,
      progress: ({ totalPages, remainingPages }) => tell(totalPages - remainingPages, totalPages),
    });
    // SQLite reports nothing for the last step, which may be the only one.
    tell(pages, pages);
  } finally {
    database.close();
  }
}
