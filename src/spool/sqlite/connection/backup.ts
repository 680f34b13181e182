import { link, lstat, realpath, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { OfflineImError } from '../../../core/errors/offline-im-error.ts';
import { quoted } from '../../../core/errors/quote.ts';
import { answerAtOnce, asError, property } from '../../../core/errors/thrown.ts';
import { type BackupOptions, backupRefused } from '../../disk/backup.ts';
import { companionsOf, makeFile, openDatabase, sqliteModule, syncFile, syncFolder } from './database-file.ts';
import { isMarkedCopy, markCopy } from './restored.ts';

type OnlineBackup = typeof import('node:sqlite').backup;

/** Pages that are copied in one go. */
const pagesAtOnce = 1_000;
/** Times that a copy is made whose source was lost beneath it. */
const mostCopies = 5;

/** The spool that is copied. */
export interface BackupSource {
  readonly path: string;
  /** Sees to it that the file is open and locked; the function returned says whether it still is, and was all the time. */
  hold(): Promise<() => boolean>;
}

/**
 * Copies a database as it is at one moment, while it is in use; the copy appears under its name when it is whole and synced.
 *
 * It is read from one view of the log, which stays as it is whatever is written meanwhile: so the copy ends after as many steps as
 * it has pages. The log can't start anew before that.
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
    // Whatever has come to be there meanwhile.
    if (await assertTarget(source, path, overwrite)) await rename(partial, path);
    else await placeNew(partial, path, replaces);
    syncFolder(dirname(path));
  } finally {
    for (const left of [partial, ...companionsOf(partial)]) await rm(left, { force: true });
  }
}

/** Without its locks nobody heeds the view that is copied: then it may have been torn, and is made anew. @throws {OfflineImError} `SPOOL_FAILED` */
async function copyWhole(from: BackupSource, partial: string, { signal, onProgress }: BackupOptions): Promise<void> {
  for (let time = 0; time < mostCopies; time++) {
    for (const left of [partial, ...companionsOf(partial)]) await rm(left, { force: true });
    makeFile(partial);
    const isHeld = await from.hold();
    const failure = await copy(from.path, partial, signal, onProgress).then(() => undefined, asError);
    // What SQLite can't read may be gone with the locks; what a host throws is no such thing.
    if (failure !== undefined && (isHeld() || property(failure, 'code') !== 'ERR_SQLITE_ERROR')) throw failure;
    if (failure === undefined && isHeld()) return;
  }
  const message = `The spool ${quoted(from.path)} lost its locks ${mostCopies} times while it was copied, and the copy may be torn: some code of this process reads or copies its files. Nothing is left of the backup.`;
  throw new OfflineImError('SPOOL_FAILED', message);
}

/** The folder as it is really called; it is made with the file where it is missing. */
async function folderOf(target: string): Promise<string> {
  try {
    return await realpath(dirname(target));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return dirname(target);
  }
}

/** Never over a file that somebody made in this very moment, where the file system can do that. */
async function placeNew(partial: string, path: string, gone: boolean): Promise<void> {
  try {
    await link(partial, path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && !gone) throw backupRefused(path, 'has come to be there meanwhile');
    if (code === 'EEXIST' || code === undefined) throw error;
    await rename(partial, path);
  }
}

/** True when there is something that may be replaced. @throws {OfflineImError} `BACKUP_REFUSED` */
async function assertTarget(source: string, path: string, overwrite: boolean): Promise<boolean> {
  if (/-(wal|shm|journal|damaged)$/i.test(path))
    throw backupRefused(path, 'has a name that SQLite gives to the companions of a database');
  const there = await statOf(path);
  const own = await Promise.all([source, ...companionsOf(source)].map(statOf));
  if (there === undefined) {
    if ((await realpath(source).catch(() => source)) === path) throw backupRefused(path, 'is the spool itself');
    const left = await companionOf(path);
    if (left !== undefined)
      throw backupRefused(path, `is missing, but ${quoted(left)} is there: a spool that was removed while it was open`);
    return false;
  }
  if (!there.isFile()) throw backupRefused(path, 'is no ordinary file');
  if (own.some((one) => one?.dev === there.dev && one.ino === there.ino)) throw backupRefused(path, 'is the spool itself');
  if ((await companionOf(path)) !== undefined) throw backupRefused(path, 'is a spool that is open, or was not closed');
  if (overwrite || isMarkedCopy(path)) return true;
  throw backupRefused(path, 'is there and no backup of a spool; overwrite: true replaces it');
}

/** A companion that lies beside a database in use. */
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
  // For reading only: it makes no file where there is none any more, and folds in no log.
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
    // Of the last step, which may be the only one, nothing was told.
    tell(pages, pages);
  } finally {
    database.close();
  }
}
