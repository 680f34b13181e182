import type { DatabaseSync } from 'node:sqlite';
import { hasTable } from './restored.ts';
import { rollBack } from './schema.ts';

/*
 * Tables for operators, added to version 1: older libraries ignore them, while triggers still keep the index of recipients right.
 */

const records = `CREATE TABLE IF NOT EXISTS admin (
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  at INTEGER NOT NULL,
  content TEXT NOT NULL,
  PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID`;

/** Empty for an unreadable row, which must still be possible to set aside. */
const listOf = (row: string): string => `json_each(CASE WHEN json_valid(${row}.recipients) THEN ${row}.recipients ELSE '[]' END)`;
/** Addresses in lower case, for ASCII only; the row's own column is authoritative. */
const recipient = `lower(coalesce(CASE WHEN type = 'object' THEN json_extract(value, '$.address') END, ''))`;
const recipientsOf = (row: string): string => `SELECT ${recipient}, ${row}.seq FROM ${listOf(row)}`;

const indexes = `
CREATE INDEX entries_waiting_state ON entries (state) WHERE state IN ('spooled', 'deferred', 'delivering', 'unconfirmed');
CREATE INDEX entries_waiting_lane ON entries (lane) WHERE ended_at IS NULL;
CREATE TABLE waiting_recipients (recipient TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (recipient, seq)) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO waiting_recipients SELECT ${recipient}, e.seq FROM entries e, ${listOf('e')} WHERE e.ended_at IS NULL;
CREATE TRIGGER waiting_recipients_add AFTER INSERT ON entries WHEN new.ended_at IS NULL BEGIN
  INSERT OR IGNORE INTO waiting_recipients ${recipientsOf('new')};
END;
CREATE TRIGGER waiting_recipients_back AFTER UPDATE OF ended_at ON entries WHEN new.ended_at IS NULL AND old.ended_at IS NOT NULL BEGIN
  INSERT OR IGNORE INTO waiting_recipients ${recipientsOf('new')};
END;
CREATE TRIGGER waiting_recipients_end AFTER UPDATE OF ended_at ON entries WHEN new.ended_at IS NOT NULL AND old.ended_at IS NULL BEGIN
  DELETE FROM waiting_recipients WHERE (recipient, seq) IN (${recipientsOf('old')});
END;
CREATE TRIGGER waiting_recipients_gone AFTER DELETE ON entries WHEN old.ended_at IS NULL BEGIN
  DELETE FROM waiting_recipients WHERE (recipient, seq) IN (${recipientsOf('old')});
END;
`;

/** Whether there are indexes over what waits. */
export function hasIndexes(database: DatabaseSync): boolean {
  return hasTable(database, 'waiting_recipients');
}

/** Creates what is missing. The indexes of a large spool take seconds: only a process that is alone with it creates them. */
export function makeAdminTables(database: DatabaseSync, alone: boolean): void {
  if (!hasTable(database, 'admin')) database.exec(records);
  if (!alone || hasIndexes(database)) return;
  database.exec('BEGIN IMMEDIATE');
  try {
    database.exec(indexes);
    database.exec('COMMIT');
  } catch (error) {
    rollBack(database);
    throw error;
  }
}
