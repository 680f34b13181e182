import type { DatabaseSync } from 'node:sqlite';
import { spoolStates } from '../../contract.ts';

/**
 * Ends a failed transaction, if there still is one: SQLite ends some by itself (on a full disk), and Node before 22.16 can't tell.
 */
export function rollBack(database: DatabaseSync): void {
  try {
    database.exec('ROLLBACK');
  } catch {
    // There was none.
  }
}

/** "OIMs": distinguishes a spool from other SQLite files. */
export const applicationId = 0x4f494d73;

/** Columns of the spool's one row of totals: entries by state, without purged ones. */
export const countColumns = spoolStates.map((state) => `${state}_count`);

/**
 * Version 1. Times are whole ms since 1970, by the spool's clock (`SharedClock` in stores.ts).
 *
 * `seq` is the order of acceptance and never changes; `ord` is the place in the stream, and does. A stream has a row while it
 * has active entries, with the due time of its head unless that is in progress; a lane has a row while it has a stream or a
 * probe, so that a claim finds what is due without reading the rest. Texts have their own table, so that no scan reads them.
 */
const version1 = `
CREATE TABLE spool (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  rev INTEGER NOT NULL DEFAULT 0,
  ord INTEGER NOT NULL DEFAULT 0,
  clock_offset INTEGER NOT NULL DEFAULT 0,
  last_now INTEGER NOT NULL DEFAULT 0,
  appends INTEGER NOT NULL DEFAULT 0,
  ${countColumns.map((name) => `${name} INTEGER NOT NULL DEFAULT 0`).join(',\n  ')}
) STRICT;
INSERT INTO spool (one) VALUES (1);

CREATE TABLE entries (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  message_id TEXT NOT NULL,
  content_hash TEXT NOT NULL,
  lane TEXT NOT NULL,
  conversation_id TEXT NOT NULL,
  audience TEXT NOT NULL,
  recipients_key TEXT NOT NULL,
  message_class TEXT NOT NULL,
  weight INTEGER NOT NULL,
  recipients TEXT NOT NULL,
  accepted_at INTEGER NOT NULL,
  pickup_at INTEGER NOT NULL,
  expires_in INTEGER NOT NULL,
  state TEXT NOT NULL,
  rev INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  due_within INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  single INTEGER NOT NULL,
  unknown_attempts TEXT,
  cancel_requested INTEGER NOT NULL,
  tried_by TEXT,
  note_id TEXT,
  attempt INTEGER NOT NULL,
  reason TEXT,
  ended_at INTEGER,
  sent_class TEXT,
  purged INTEGER NOT NULL,
  ord INTEGER NOT NULL,
  stream INTEGER,        -- while active
  expiry INTEGER,        -- expires_at while spooled or deferred
  tombstone_at INTEGER   -- since when it is a tombstone, or was last looked at as one
) STRICT;
CREATE UNIQUE INDEX entries_id ON entries (id);
CREATE INDEX entries_message ON entries (message_id);
CREATE INDEX entries_stream ON entries (stream, ord) WHERE stream IS NOT NULL;
CREATE INDEX entries_expiry ON entries (lane, expiry) WHERE expiry IS NOT NULL;
CREATE INDEX entries_tried ON entries (tried_by, expiry) WHERE expiry IS NOT NULL AND tried_by IS NOT NULL;
CREATE INDEX entries_tombstone ON entries (tombstone_at) WHERE tombstone_at IS NOT NULL;
CREATE INDEX entries_kept ON entries (state, seq) WHERE state IN ('held', 'dead');

CREATE TABLE bodies (seq INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;

CREATE TABLE streams (
  id INTEGER PRIMARY KEY,
  lane TEXT NOT NULL,
  key TEXT NOT NULL,
  deferred INTEGER NOT NULL,
  due_at INTEGER,
  due_within INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX streams_key ON streams (key);
CREATE INDEX streams_due ON streams (lane, due_at) WHERE due_at IS NOT NULL;

CREATE TABLE lanes (
  lane TEXT PRIMARY KEY,
  deliver_turn INTEGER,
  deliver_served INTEGER NOT NULL,
  deliver_rev INTEGER NOT NULL,
  probe_turn INTEGER,
  probe_served INTEGER NOT NULL,
  probe_rev INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX lanes_deliver ON lanes (deliver_turn, deliver_rev) WHERE deliver_turn IS NOT NULL;
CREATE INDEX lanes_probe ON lanes (probe_turn, probe_rev) WHERE probe_turn IS NOT NULL;

CREATE TABLE notes (
  id TEXT PRIMARY KEY,
  lane TEXT NOT NULL,
  entry_ids TEXT NOT NULL,
  frozen TEXT,
  attempt INTEGER NOT NULL,
  state TEXT NOT NULL,
  due_at INTEGER NOT NULL,
  due_within INTEGER NOT NULL,
  failures INTEGER NOT NULL,
  probes INTEGER NOT NULL,
  absences INTEGER NOT NULL,
  last_ran_at INTEGER NOT NULL,
  unconfirmed_for INTEGER NOT NULL,
  token TEXT,
  lease_kind TEXT,
  lease_until INTEGER,
  lease_before TEXT,
  lease_tried_by TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX notes_lease ON notes (lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX notes_probe ON notes (lane, due_at) WHERE state = 'unconfirmed' AND lease_until IS NULL;

CREATE TABLE attempts (tag TEXT NOT NULL, entry_id TEXT NOT NULL, PRIMARY KEY (tag, entry_id)) STRICT, WITHOUT ROWID;

CREATE TABLE corrupt (at INTEGER NOT NULL, what TEXT NOT NULL, entry TEXT NOT NULL, body TEXT) STRICT;
`;

/** One step per version: step n leads from version n to n + 1. A released step never changes. */
const steps: readonly string[] = [version1];

/** The version that this library reads and writes. */
export const schemaVersion = steps.length;

export function versionOf(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA user_version').get()?.user_version ?? 0);
}

export function applicationOf(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA application_id').get()?.application_id ?? 0);
}

/** Whether there is a table, index or trigger of that name. */
export function isThere(database: DatabaseSync, name: string): boolean {
  return database.prepare('SELECT 1 FROM sqlite_schema WHERE name = ?').get(name) !== undefined;
}

/** Whether the file was never written to: another program may have marked it before creating its tables. */
export function isEmpty(database: DatabaseSync): boolean {
  const { tables } = database.prepare('SELECT count(*) AS tables FROM sqlite_schema').get() ?? {};
  return tables === 0 && applicationOf(database) === 0 && versionOf(database) === 0;
}

/** Migrates the tables to this library's version, all or nothing. */
export function migrate(database: DatabaseSync): void {
  const version = versionOf(database);
  if (version === schemaVersion) return;
  database.exec('BEGIN IMMEDIATE');
  try {
    for (const step of steps.slice(version)) database.exec(step);
    database.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${schemaVersion}; COMMIT`);
  } catch (error) {
    rollBack(database);
    throw error;
  }
}
