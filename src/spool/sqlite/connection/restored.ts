import type { DatabaseSync } from 'node:sqlite';
import { tell } from '../../../core/host-calls.ts';
import { openDatabase } from './database-file.ts';
import { applicationId, applicationOf } from './schema.ts';

/*
 * A backup has one table more than a spool, so that whoever opens it knows it for a copy: what waits in it may have been sent
 * since by the spool that it was made of. Versions that know nothing of it take it for any other spool.
 */

/** Marks a whole copy, and leaves it without a log, so that it is one file. */
export function markCopy(path: string): void {
  const database = openDatabase(path);
  try {
    database.exec(`PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;
      BEGIN IMMEDIATE;
      DROP TABLE IF EXISTS backup;
      CREATE TABLE backup (made_at INTEGER NOT NULL) STRICT;
      INSERT INTO backup (made_at) VALUES (${Date.now()});
      COMMIT`);
  } finally {
    database.close();
  }
}

/** Whether a file is a backup that nobody has opened as a spool. Leaves it as it is, whatever it is. */
export function isMarkedCopy(path: string): boolean {
  let database: DatabaseSync | undefined;
  try {
    database = openDatabase(path, { readOnly: true });
    return applicationOf(database) === applicationId && hasTable(database, 'backup');
  } catch {
    return false;
  } finally {
    tell(() => database?.close()); // what was read is read
  }
}

export function hasTable(database: DatabaseSync, name: string): boolean {
  return database.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?").get(name) !== undefined;
}
