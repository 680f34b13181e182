import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import { OfflineImError } from '../../errors/index.ts';
import { quoted } from '../../errors/quote.ts';
import { hasLog, makeFile, restrict } from './file-rights.ts';
import { recover } from './recover.ts';
import { applicationId, applicationOf, isEmpty, migrate, schemaVersion, versionOf } from './schema.ts';
import { isBusy } from './sqlite-error.ts';

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
`;

/**
 * Opens the file, made and brought to this version where needed. Whoever is alone with it first checks and mends what a
 * process that died, or a clock that was set, may have left.
 *
 * @param now The wall clock.
 * @param patience How long others may keep it locked, in ms.
 */
export async function connect(path: string, now: () => number, patience: number): Promise<DatabaseSync> {
  makeFile(path);
  const deadline = performance.now() + patience;
  for (;;) {
    try {
      prepareAlone(path, now());
    } catch (error) {
      // Somebody has it open, and has looked after it.
      if (!isBusy(error)) throw error;
    }
    const database = openShared(path);
    if (database !== undefined) {
      restrict(path);
      return database;
    }
    if (performance.now() > deadline) {
      throw new OfflineImError('SPOOL_BUSY', `The spool ${quoted(path)} stayed locked by others for ${patience} ms.`);
    }
    await wait(5 + Math.random() * 20);
  }
}

/** With a lock that nobody else can have at the same time; SQLITE_BUSY when somebody has the file open. */
function prepareAlone(path: string, now: number): void {
  // The end of the last one that had it open folded the log into the file, unless it was no clean end.
  const unclean = hasLog(path);
  const database = new DatabaseSync(path);
  try {
    database.exec('PRAGMA busy_timeout = 0; PRAGMA locking_mode = EXCLUSIVE');
    if (isEmpty(database)) {
      // Only an empty file takes it in.
      database.exec('PRAGMA auto_vacuum = INCREMENTAL');
    } else {
      identify(database, path);
      if (unclean) check(database, path);
    }
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    migrate(database);
    recover(database, now);
  } finally {
    database.close();
  }
}

/** `undefined` while somebody else is about to make or to migrate it. */
function openShared(path: string): DatabaseSync | undefined {
  const database = new DatabaseSync(path);
  try {
    database.exec(settings);
    if (!isEmpty(database)) {
      identify(database, path);
      if (versionOf(database) === schemaVersion) return database;
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

function check(database: DatabaseSync, path: string): void {
  const findings = database.prepare('PRAGMA quick_check(1)').all();
  if (findings.length === 1 && findings[0]?.quick_check === 'ok') return;
  const message = `The spool ${quoted(path)} is damaged. Restore a backup, or take out what is left with the sqlite3 shell (.recover).`;
  throw new OfflineImError('SPOOL_CORRUPT', message);
}
