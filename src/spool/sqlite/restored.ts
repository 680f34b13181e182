import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { holdRestored, isHeldOfCopy, releaseRestored } from '../state/restored.ts';
import { isThere } from './connection/schema.ts';
import type { Group } from './group.ts';

/*
 * Tables that only restored copies have: `backup` marks a copy not opened yet; `restored` lists the held entries by `seq`;
 * `restored_file` lists the files for which `restored: true` has been applied.
 */

/** At most this many entries are held or released in one transaction. */
const atOnce = 500;

/** Whether a file is a copy whose entries must be held. @param told Whether the host says so, which counts once per file. */
export function isUnheldCopy(database: DatabaseSync, path: string, told: boolean): boolean {
  if (isThere(database, 'backup')) return true;
  if (!told) return false;
  return (
    !isThere(database, 'restored_file') ||
    database.prepare('SELECT 1 FROM restored_file WHERE file = ?').get(fileOf(path)) === undefined
  );
}

/** Holds some entries; returns false once all are held and the copy is an ordinary spool. */
export function holdCopy(group: Group, database: DatabaseSync, path: string): boolean {
  database.exec('CREATE TABLE IF NOT EXISTS restored (seq INTEGER PRIMARY KEY) STRICT');
  group.changed();
  const rows = database.prepare('SELECT seq, id FROM entries WHERE stream IS NOT NULL ORDER BY stream, ord LIMIT ?').all(atOnce);
  const keep = database.prepare('INSERT OR IGNORE INTO restored (seq) VALUES (?)');
  for (const { seq, id } of rows) {
    holdRestored(group.tx, String(id), group.now);
    keep.run(Number(seq));
  }
  group.flush();
  if (rows.length > 0) return true;
  resumeCopy(group, database, path);
  return false;
}

/** Turns a copy into an ordinary spool. */
export function resumeCopy(group: Group, database: DatabaseSync, path: string): void {
  database.exec('DROP TABLE IF EXISTS backup; CREATE TABLE IF NOT EXISTS restored_file (file TEXT PRIMARY KEY) STRICT');
  database.prepare('INSERT OR IGNORE INTO restored_file (file) VALUES (?)').run(fileOf(path));
  group.changed();
}

/** Releases some entries, in their order; `more`: there may be more. */
export function releaseCopy(group: Group, database: DatabaseSync): { readonly released: number; readonly more: boolean } {
  if (!isThere(database, 'restored')) return { released: 0, more: false };
  group.flush();
  const rows = database
    .prepare('SELECT seq, entries.id FROM restored LEFT JOIN entries USING (seq) ORDER BY entries.ord LIMIT ?')
    .all(atOnce);
  const forget = database.prepare('DELETE FROM restored WHERE seq = ?');
  const before = group.tx.changes.length;
  for (const { seq, id } of rows) {
    if (typeof id === 'string' && isHeldOfCopy(group.tx.entry(id))) releaseRestored(group.tx, id, group.now);
    forget.run(Number(seq));
  }
  group.changed();
  return { released: group.tx.changes.length - before, more: rows.length === atOnce };
}

/** Counts the entries of a restored copy that are still held. */
export function heldOfCopy(database: DatabaseSync): number {
  if (!isThere(database, 'restored')) return 0;
  return Number(database.prepare("SELECT count(*) AS n FROM restored JOIN entries USING (seq) WHERE state = 'held'").get()?.n);
}

/** Identifies the file itself, wherever it lies: a copy of it is another file. */
function fileOf(path: string): string {
  const { ino, birthtimeMs } = statSync(path);
  return `${ino}:${birthtimeMs}`;
}
