import { existsSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import { hasCode, OfflineImError } from '../../../core/errors/offline-im-error.ts';
import { quoted } from '../../../core/errors/quote.ts';
import { assertLocal, warnOfRights } from '../../disk/local-disk.ts';
import { makeAdminTables } from './admin-tables.ts';
import { checkInThread, isWorthAThread } from './check-thread.ts';
import { OpenFile } from './connection.ts';
import { assertWritable, hasLog, makeFile, openDatabase, restrict, truncateLog } from './database-file.ts';
import { recover } from './recover.ts';
import { applicationId, applicationOf, isEmpty, migrate, schemaVersion, versionOf } from './schema.ts';
import { asSpoolError, isBusy } from './sqlite-error.ts';
import { WriteLock } from './write-lock.ts';

/** ms that SQLite itself waits for a lock: it blocks the event loop, and with it the renewal of leases. */
const blockingWait = 5;

/** Settings of every connection that works with the spool. */
const settings = `
  PRAGMA busy_timeout = ${blockingWait};
  PRAGMA synchronous = FULL;
  PRAGMA fullfsync = ON;
  PRAGMA checkpoint_fullfsync = ON;
  PRAGMA cache_size = -16384;
  PRAGMA temp_store = MEMORY;
  PRAGMA wal_autocheckpoint = 4000;
  PRAGMA journal_size_limit = 67108864;
  PRAGMA trusted_schema = OFF;
  PRAGMA cell_size_check = ON;
  PRAGMA secure_delete = ON;
`;

const needs = 'SQLite can lose data when two machines, or two containers that share no memory, have it open';

/** Options for opening the file. */
export interface ConnectOptions {
  readonly path: string;
  /** ms for which others may keep it locked. */
  readonly busyTimeout: number;
  /** Warns of a network disk instead of refusing it. */
  readonly allowNetworkDisk: boolean;
  /** The wall clock. */
  now(): number;
  /** Called with oddities that are harmless. */
  warn(error: OfflineImError): void;
  /** Called each time the spool is opened without a lock file. */
  noLock(): void;
}

/** ms for which another process may have created the file without having written to it yet. */
const creationTimeout = 250;

/**
 * Opens the file; creates it or migrates it to this version if needed. A process that is alone with it first checks and
 * repairs what a process that died, or a clock that was set, may have left.
 */
export async function connect(options: ConnectOptions): Promise<{
  readonly database: DatabaseSync;
  /** Its identity, taken before any other process could take it for unused. */
  readonly file: OpenFile;
  readonly lock: WriteLock;
  /** Whether no other process had it open. */
  readonly alone: boolean;
}> {
  const { path, busyTimeout, warn, noLock } = options;
  const made = makeFile(path);
  assertWritable(path);
  if (!statSync(path).isFile()) {
    throw new OfflineImError(
      'SPOOL_ROOT_UNUSABLE',
      `${quoted(path)} is not a file; choose the path of an existing or a new file.`,
    );
  }
  assertLocal(path, dirname(path), { ...options, needs });
  let deadline = performance.now() + busyTimeout;
  if (!made) await lookAtEmpty(path, warn);
  let lock = new WriteLock(path, { noLock });
  let alone = false;
  let looked = false;
  try {
    for (;;) {
      if (!lock.isFor(path)) {
        // Removed or replaced since.
        lock.close();
        makeFile(path);
        lock = new WriteLock(path, { noLock });
      }
      // Once: it must not wait for ever for a process that keeps the file to itself.
      if (!looked && isWorthAThread(path, isSuspect(path))) {
        const whole = await lock.during(() => checkInThread(path, suspicion(path)));
        looked = whole !== undefined;
        if (looked) deadline = performance.now() + busyTimeout;
        if (whole === true) rmSync(suspicion(path), { force: true });
      }
      // A process whose locks on the file were dropped may be writing: the write lock excludes it.
      const opened = lock.try(() => {
        alone = prepare(path, options.now()) || alone;
        const database = openShared(path);
        return database === undefined ? undefined : { database, file: openFileOf(database, path) };
      });
      if (opened !== undefined) {
        if (!restrict(path)) warnOfRights(path, warn);
        return { ...opened, lock, alone };
      }
      if (performance.now() > deadline) {
        throw new OfflineImError('SPOOL_BUSY', `The spool ${quoted(path)} stayed locked by others for ${busyTimeout} ms.`);
      }
      await wait(5 + Math.random() * 20);
    }
  } catch (error) {
    lock.close();
    throw error;
  }
}

/** Closes the database if its file can't be inspected: no other owner would. */
function openFileOf(database: DatabaseSync, path: string): OpenFile {
  try {
    return new OpenFile(path);
  } catch (error) {
    database.close();
    throw error;
  }
}

/** False if another process has it open, which has prepared it. */
function prepare(path: string, now: number): boolean {
  try {
    prepareAlone(path, now);
    return true;
  } catch (error) {
    if (!isBusy(error)) throw error;
    return false;
  }
}

/** Runs under an exclusive lock; throws SQLITE_BUSY if another process has the file open. */
function prepareAlone(path: string, now: number): void {
  // A clean close of the last connection checkpoints the log into the file and removes it.
  let unclean = hasLog(path) || isSuspect(path);
  if (hasLog(path)) foldLog(path);
  const database = openDatabase(path);
  let ours = false;
  try {
    database.exec('PRAGMA busy_timeout = 0; PRAGMA locking_mode = EXCLUSIVE; PRAGMA secure_delete = ON');
    if (isEmpty(database)) {
      // Only an empty file accepts it.
      database.exec('PRAGMA auto_vacuum = INCREMENTAL');
    } else {
      identify(database, path);
      ours = true;
      // The process that had it until now may have died meanwhile.
      unclean ||= hasLog(path);
      if (unclean) check(database, path);
      else assertWhole(database, path);
    }
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    migrate(database);
    makeAdminTables(database, true);
    recover(database, now);
    setMemoryAside(path);
  } catch (error) {
    // Closing checkpoints the log: the next opening would take the file for a clean one. No other process has it open yet.
    if (ours && hasCode(asSpoolError(error, path), 'SPOOL_CORRUPT')) suspect(path);
    throw error;
  } finally {
    database.close();
    // Only after the checkpoint: on a full disk the file would grow into the freed room, and none would be left for new shared memory.
    rmSync(aside(path), { force: true });
  }
  rmSync(suspicion(path), { force: true });
}

/**
 * Checkpoints the log through the shared memory of all connections. A process whose locks were dropped may still have the file open; if the checkpoint bypassed
 * that memory, its close would checkpoint the same log once more, over everything written since.
 */
function foldLog(path: string): void {
  const database = openDatabase(path);
  try {
    database.exec('PRAGMA busy_timeout = 0');
    if (isEmpty(database)) return;
    identify(database, path);
    truncateLog(database);
  } finally {
    database.close();
  }
}

/** Runs while no other process should have the file open: one that does so anyway keeps the old memory to itself, and notices. */
function setMemoryAside(path: string): void {
  try {
    renameSync(`${path}-shm`, aside(path));
  } catch {
    // There is none, or another process has mapped it (Windows), where no lock is ever dropped.
  }
}

const aside = (path: string): string => `${path}-shm-old`;

/** `undefined` while another process is creating, migrating or checking it. */
function openShared(path: string): DatabaseSync | undefined {
  const database = openDatabase(path);
  try {
    database.exec(settings);
    if (!isEmpty(database)) {
      identify(database, path);
      if (versionOf(database) === schemaVersion && !isSuspect(path)) {
        makeAdminTables(database, false);
        return database;
      }
    }
  } catch (error) {
    if (!isBusy(error)) {
      database.close();
      throw error;
    }
  }
  database.close();
  return undefined;
}

/** Refuses a file that another program, or a later version of this library, has written. */
function identify(database: DatabaseSync, path: string): void {
  if (applicationOf(database) !== applicationId) {
    throw new OfflineImError('SPOOL_ROOT_UNUSABLE', `${quoted(path)} is the database of another program; choose another path.`);
  }
  const version = versionOf(database);
  if (version > schemaVersion) {
    const message = `The spool ${quoted(path)} has version ${version}; this library knows up to ${schemaVersion}. Use the later version.`;
    throw new OfflineImError('SPOOL_VERSION', message, { details: { version, known: schemaVersion } });
  }
}

/** A mark beside a file found damaged: the file is checked again before use, even if it looks clean by then. */
function suspicion(path: string): string {
  return `${path}-damaged`;
}

function suspect(path: string): void {
  try {
    writeFileSync(suspicion(path), '', { mode: 0o600 });
  } catch {
    // On a full disk, for example: the caller gets the error all the same.
  }
}

function isSuspect(path: string): boolean {
  return existsSync(suspicion(path));
}

function check(database: DatabaseSync, path: string): void {
  const findings = database.prepare('PRAGMA quick_check(1)').all();
  if (findings.length === 1 && findings[0]?.quick_check === 'ok') return;
  throw corrupt(path, 'is damaged');
}

/** After a clean close every page is in the file; SQLite itself accepts a partial page as a whole one. */
function assertWhole(database: DatabaseSync, path: string): void {
  const pragma = (name: string): number => Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
  const expected = pragma('page_count') * pragma('page_size');
  const { size } = statSync(path);
  if (size < expected) throw corrupt(path, `was cut off: it has ${size} of ${expected} bytes`);
}

/** SQLite would remove the log of an empty file, and with it everything that can still be recovered. */
async function lookAtEmpty(path: string, warn: (error: OfflineImError) => void): Promise<void> {
  const isBegun = (): boolean => statSync(path).size > 0;
  for (const until = performance.now() + creationTimeout; !isBegun(); await wait(5)) {
    // The log first: a process that creates the spool now writes to the file before there is a log.
    if (hasLog(path) && !isBegun()) throw corrupt(path, 'is empty, but its log (-wal) is not');
    if (performance.now() < until) continue;
    // Created in advance, or by a process that died at once; or emptied.
    warn(
      corrupt(path, 'existed and was empty; a new spool was created in it. If it should have contained messages, they are lost'),
    );
    return;
  }
}

function corrupt(path: string, found: string): OfflineImError {
  const message = `The spool ${quoted(path)} ${found}. Restore a backup, or recover what is left with the sqlite3 shell (.recover).`;
  return new OfflineImError('SPOOL_CORRUPT', message);
}
