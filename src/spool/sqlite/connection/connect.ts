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

const needs = 'SQLite can lose what it has written when two machines, or two containers that share no memory, have it open';

/** How the file is opened. */
export interface ConnectOptions {
  readonly path: string;
  /** How long others may keep it locked, in ms. */
  readonly busyTimeout: number;
  /** Warns of a network disk instead of refusing it. */
  readonly allowNetworkDisk: boolean;
  /** The wall clock. */
  now(): number;
  /** Told of what is strange and harmless. */
  warn(error: OfflineImError): void;
  /** Told when no lock file can be had, each time the spool is opened. */
  noLock(): void;
}

/** ms for which somebody else may have made the file, and not yet written to it. */
const beginningTakes = 250;

/**
 * Opens the file, made and brought to this version where needed. Whoever is alone with it first checks and mends what a
 * process that died, or a clock that was set, may have left.
 */
export async function connect(options: ConnectOptions): Promise<{
  readonly database: DatabaseSync;
  /** As it was before anybody else could take it for unused. */
  readonly file: OpenFile;
  readonly lock: WriteLock;
  /** Nobody else had it open. */
  readonly alone: boolean;
}> {
  const { path, busyTimeout, warn, noLock } = options;
  const made = makeFile(path);
  assertWritable(path);
  if (!statSync(path).isFile()) {
    throw new OfflineImError(
      'SPOOL_ROOT_UNUSABLE',
      `${quoted(path)} is not a file; choose the path of a file, or of one to be made.`,
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
      // Once: whoever keeps it to himself would be waited for without end.
      if (!looked && isWorthAThread(path, isSuspect(path))) {
        const whole = await lock.during(() => checkInThread(path, suspicion(path)));
        looked = whole !== undefined;
        if (looked) deadline = performance.now() + busyTimeout;
        if (whole === true) rmSync(suspicion(path), { force: true });
      }
      // Somebody whose locks on the file were dropped may be writing: only without them is anything begun.
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

/** Nobody else has the database yet: where its file can't be looked at, it is closed. */
function openFileOf(database: DatabaseSync, path: string): OpenFile {
  try {
    return new OpenFile(path);
  } catch (error) {
    database.close();
    throw error;
  }
}

/** False where somebody has it open, and has looked after it. */
function prepare(path: string, now: number): boolean {
  try {
    prepareAlone(path, now);
    return true;
  } catch (error) {
    if (!isBusy(error)) throw error;
    return false;
  }
}

/** With a lock that nobody else can have at the same time; SQLITE_BUSY when somebody has the file open. */
function prepareAlone(path: string, now: number): void {
  // The end of the last one that had it open folded the log into the file, unless it was no clean end.
  let unclean = hasLog(path) || isSuspect(path);
  if (hasLog(path)) foldLog(path);
  const database = openDatabase(path);
  let ours = false;
  try {
    database.exec('PRAGMA busy_timeout = 0; PRAGMA locking_mode = EXCLUSIVE; PRAGMA secure_delete = ON');
    if (isEmpty(database)) {
      // Only an empty file takes it in.
      database.exec('PRAGMA auto_vacuum = INCREMENTAL');
    } else {
      identify(database, path);
      ours = true;
      // Whoever had it until now may have died meanwhile.
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
    // Closing folds the log into the file: the next opening would take it for a clean one. Still alone, so nobody has it open.
    if (ours && hasCode(asSpoolError(error, path), 'SPOOL_CORRUPT')) suspect(path);
    throw error;
  } finally {
    database.close();
    // Not before the log is folded: on a full disk the file would grow into its room, and none would be left for the next memory.
    rmSync(aside(path), { force: true });
  }
  rmSync(suspicion(path), { force: true });
}

/**
 * Folds the log into the file through the memory that all who have it open share. Somebody whose locks were dropped may still have it open; if the log were
 * folded past that memory, closing it would fold the same once more, over whatever has been written since.
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

/** While nobody can have it open: whoever has it in spite of that keeps it to himself, and notices. */
function setMemoryAside(path: string): void {
  try {
    renameSync(`${path}-shm`, aside(path));
  } catch {
    // There is none, or it is mapped by somebody (Windows), where no lock is ever dropped.
  }
}

const aside = (path: string): string => `${path}-shm-old`;

/** `undefined` while somebody else is about to make, to migrate or to check it. */
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

/** Nothing is touched that another program, or a later version of this library, has written. */
function identify(database: DatabaseSync, path: string): void {
  if (applicationOf(database) !== applicationId) {
    throw new OfflineImError('SPOOL_ROOT_UNUSABLE', `${quoted(path)} is the database of another program; choose another path.`);
  }
  const version = versionOf(database);
  if (version > schemaVersion) {
    const message = `The spool ${quoted(path)} has version ${version}; this library knows up to ${schemaVersion}. Use the newer one.`;
    throw new OfflineImError('SPOOL_VERSION', message, { details: { version, known: schemaVersion } });
  }
}

/** Beside a file that was found damaged: it is looked at again before anybody uses it, also where it looks clean by then. */
function suspicion(path: string): string {
  return `${path}-damaged`;
}

function suspect(path: string): void {
  try {
    writeFileSync(suspicion(path), '', { mode: 0o600 });
  } catch {
    // On a full disk, say: whoever was refused has been told all the same.
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

/** After a clean close every page is in the file; SQLite itself takes part of a page for a whole one. */
function assertWhole(database: DatabaseSync, path: string): void {
  const pragma = (name: string): number => Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
  const expected = pragma('page_count') * pragma('page_size');
  const { size } = statSync(path);
  if (size < expected) throw corrupt(path, `was cut off: it has ${size} of ${expected} bytes`);
}

/** SQLite would remove the log of an empty file, and with it all that can still be read. */
async function lookAtEmpty(path: string, warn: (error: OfflineImError) => void): Promise<void> {
  const isBegun = (): boolean => statSync(path).size > 0;
  for (const until = performance.now() + beginningTakes; !isBegun(); await wait(5)) {
    // The log first: whoever begins the file now writes to it before there is a log.
    if (hasLog(path) && !isBegun()) throw corrupt(path, 'is empty, but its log (-wal) is not');
    if (performance.now() < until) continue;
    // Made for the spool by somebody, or by a process that died at once; or emptied.
    warn(corrupt(path, 'was there and empty; a new spool was begun in it. If it should have held messages, they are gone'));
    return;
  }
}

function corrupt(path: string, found: string): OfflineImError {
  const message = `The spool ${quoted(path)} ${found}. Restore a backup, or take out what is left with the sqlite3 shell (.recover).`;
  return new OfflineImError('SPOOL_CORRUPT', message);
}
