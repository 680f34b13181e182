import type { DatabaseSync } from 'node:sqlite';

/**
 * Ends a transaction that failed. Whether there still is one it doesn't ask: SQLite ends some by itself (a full disk), and
 * Node before 22.16 can't tell.
 */
export function rollBack(database: DatabaseSync): void {
  try {
    database.exec('ROLLBACK');
  } catch {
    // There was none any more.
  }
}
