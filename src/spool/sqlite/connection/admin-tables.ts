import type { DatabaseSync } from 'node:sqlite';
import type { SpoolState } from '../../contract.ts';
import { isThere, rollBack } from './schema.ts';
import { isFull } from './sqlite-error.ts';

/*
 * What operators and hosts list by, added to version 1: older libraries ignore the table, and SQLite keeps the indexes up to date for them.
 */

const records = `CREATE TABLE IF NOT EXISTS admin (
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  at INTEGER NOT NULL,
  content TEXT NOT NULL,
  PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID`;

/**
 * Each costs every message something, so there are two: what has not ended, in order of acceptance, which a message enters at its end and leaves near its beginning;
 * and what waits after a failure, which a message that is delivered at once never enters.
 */
const indexes: Readonly<Record<string, string>> = {
  entries_waiting: 'CREATE INDEX entries_waiting ON entries (seq) WHERE ended_at IS NULL',
  entries_waiting_again: "CREATE INDEX entries_waiting_again ON entries (state) WHERE state IN ('deferred', 'unconfirmed')",
};

/** Dearer ones that this version once had. */
const former = `
DROP TRIGGER IF EXISTS waiting_recipients_add;
DROP TRIGGER IF EXISTS waiting_recipients_back;
DROP TRIGGER IF EXISTS waiting_recipients_end;
DROP TRIGGER IF EXISTS waiting_recipients_gone;
DROP TABLE IF EXISTS waiting_recipients;
DROP INDEX IF EXISTS entries_waiting_state;
DROP INDEX IF EXISTS entries_waiting_lane;
`;

/** Whether there are indexes over what waits. */
export function hasIndexes(database: DatabaseSync): boolean {
  return Object.keys(indexes).every((name) => isThere(database, name));
}

/** Creates the table of records, if it is missing. */
export function makeRecords(database: DatabaseSync): void {
  if (!isThere(database, 'admin')) database.exec(records);
}

/** Creates what is missing, where there is room. The indexes of a large spool take seconds: only a process that is alone with it creates them. */
export function makeAdminTables(database: DatabaseSync, alone: boolean): void {
  try {
    makeRecords(database);
  } catch (error) {
    // On a full disk the spool still opens, and its first record creates the table.
    if (!isFull(error)) throw error;
  }
  if (!alone || (hasIndexes(database) && !isThere(database, 'waiting_recipients'))) return;
  database.exec('BEGIN IMMEDIATE');
  try {
    database.exec(former);
    for (const [name, sql] of Object.entries(indexes)) if (!isThere(database, name)) database.exec(sql);
    database.exec('COMMIT');
  } catch (error) {
    rollBack(database);
    // They only make lists faster: on a full disk the spool still opens, and a later opening creates them.
    if (!isFull(error)) throw error;
  }
}

/** Where a list finds its entries, among others perhaps: FROM and the beginning of WHERE. Finding the next ones by `seq` costs what it finds, not what there is. */
export function sourceOf(state: SpoolState | undefined, ended: boolean, indexed: boolean): string {
  switch (state) {
    case 'held':
    case 'dead':
      return `entries INDEXED BY entries_kept WHERE state IN ('held', 'dead') AND state = '${state}'`;
    case 'deferred':
    case 'unconfirmed':
      if (!indexed) break;
      return `entries INDEXED BY entries_waiting_again WHERE state IN ('deferred', 'unconfirmed') AND state = '${state}'`;
    case 'delivering':
      // They are few, and members of the notes that are leased.
      return `entries INDEXED BY entries_id WHERE state = 'delivering' AND id IN (
        SELECT member.value FROM notes INDEXED BY notes_lease, json_each(CASE WHEN json_valid(entry_ids) THEN entry_ids ELSE '[]' END) AS member
        WHERE lease_until IS NOT NULL)`;
  }
  return indexed && !ended ? 'entries INDEXED BY entries_waiting WHERE ended_at IS NULL' : 'entries WHERE TRUE';
}
