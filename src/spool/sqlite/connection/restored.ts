import type { DatabaseSync } from 'node:sqlite';
import { tell } from '../../../core/host-calls.ts';
import { openDatabase } from './database-file.ts';
import { applicationId, applicationOf, isThere } from './schema.ts';

/*
 * A backup has one table more than a spool, which marks it as a copy: the original spool may have sent since what waits in it.
 * Older versions take it for an ordinary spool.
 */

/** Marks a complete copy, and leaves it without a log, as a single file. */
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

/** Whether a file is a backup that was never opened as a spool. Doesn't change the file. */
export function isMarkedCopy(path: string): boolean {
  let database: DatabaseSync | undefined;
  try {
    database = openDatabase(path, { readOnly: true });
    return applicationOf(database) === applicationId && isThere(database, 'backup');
  } catch {
    return false;
  } finally {
    tell(() => database?.close()); // what was read is read
  }
}
