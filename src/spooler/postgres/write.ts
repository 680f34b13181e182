import { statusCells, statusColumns } from '../rows/entry-row.ts';
import { noteCells, noteColumns } from '../rows/note-row.ts';
import type { SpoolState } from '../storage.ts';
import { spoolStates } from '../storage.ts';
import type { EntryRecord, EntryStatus } from '../table/records.ts';
import { isActive, isTombstone, streamKey } from '../table/records.ts';
import type { TableReads, Transaction } from '../table/transaction.ts';
import type { PgClient } from './pool.ts';
import { tallyColumns } from './schema.ts';
import type { Sql } from './statement.ts';
import { statement } from './statement.ts';

/** Types of the columns that JSON rows have; the rest are text. */
const types: Readonly<Record<string, string>> = {
  part: 'integer',
  weight: 'integer',
  accepted_at: 'bigint',
  pickup_at: 'bigint',
  expires_in: 'bigint',
  rev: 'bigint',
  due_at: 'bigint',
  due_within: 'bigint',
  expires_at: 'bigint',
  single: 'integer',
  cancel_requested: 'integer',
  attempt: 'integer',
  ended_at: 'bigint',
  purged: 'integer',
  ord: 'bigint',
  active: 'boolean',
  kept: 'boolean',
  tombstone_at: 'bigint',
  failures: 'integer',
  probes: 'integer',
  absences: 'integer',
  last_ran_at: 'bigint',
  unconfirmed_for: 'bigint',
  lease_until: 'bigint',
  probe_at: 'bigint',
};

/** `json_to_recordset` over a parameter, with the types of its columns. */
export function recordset(parameter: string, columns: readonly string[]): string {
  const definitions = columns.map((name) => `${name} ${types[name] ?? 'text'}`).join(', ');
  return `json_to_recordset(${parameter}::json) AS x(${definitions})`;
}

/** Columns that follow from the status, for the indexes. */
const derived = ['active', 'kept', 'tombstone_at'] as const;
const updated = [...statusColumns, ...derived];
const noteRow = [...noteColumns, 'stream', 'probe_at'];

const write = statement(
  'write',
  (t) => `WITH e AS (
    UPDATE ${t.entries} AS e SET ${updated.map((name) => `${name} = x.${name}`).join(', ')},
      body = CASE WHEN x.tombstone_at IS NULL THEN e.body END
    FROM ${recordset('$1', ['id', ...updated])} WHERE e.id = x.id
  ), n AS (
    INSERT INTO ${t.notes} AS n (${noteRow.join(', ')}) SELECT ${noteRow.join(', ')} FROM ${recordset('$2', noteRow)}
    ON CONFLICT (id) DO UPDATE SET ${noteRow
      .filter((name) => name !== 'id' && name !== 'stream')
      .map((name) => `${name} = EXCLUDED.${name}`)
      .join(', ')}
  ), d AS (
    DELETE FROM ${t.notes} WHERE id = ANY($3::text[])
  ), a AS (
    INSERT INTO ${t.attempts} (tag, entry_id) SELECT tag, entry_id FROM ${recordset('$4', ['tag', 'entry_id'])} ON CONFLICT DO NOTHING
  ), s AS (
    UPDATE ${t.streams} SET due_at = NULL WHERE key = ANY($5::text[])
  )
  INSERT INTO ${t.tallies} (${tallyColumns.join(', ')}) SELECT ${tallyColumns.map((_, index) => `($6::bigint[])[${index + 1}]`).join(', ')}
  WHERE $6 IS NOT NULL`,
);

/**
 * Computes anew when the heads of streams may be claimed, from what is written by now; a stream without active entries goes. A
 * stream whose head is at work waits for it.
 */
const refresh = statement(
  'refresh',
  (t) => `WITH h AS MATERIALIZED (
    SELECT k.key, e.state, CASE e.state WHEN 'spooled' THEN e.due_at WHEN 'deferred' THEN n.due_at END AS due_at,
      CASE e.state WHEN 'spooled' THEN e.due_within WHEN 'deferred' THEN n.due_within ELSE 0 END AS due_within
    FROM unnest($1::text[]) AS k(key)
    LEFT JOIN LATERAL (
      SELECT state, due_at, due_within, note_id FROM ${t.entries} WHERE stream = k.key AND active ORDER BY ord LIMIT 1
    ) e ON true
    LEFT JOIN ${t.notes} n ON e.state = 'deferred' AND n.id = e.note_id
  ), d AS (
    DELETE FROM ${t.streams} s USING h WHERE s.key = h.key AND h.state IS NULL
  )
  UPDATE ${t.streams} s SET deferred = (h.state = 'deferred'), due_at = h.due_at, due_within = coalesce(h.due_within, 0)
  FROM h WHERE s.key = h.key AND h.state IS NOT NULL
    AND (s.due_at IS DISTINCT FROM h.due_at OR s.deferred <> (h.state = 'deferred') OR s.due_within <> coalesce(h.due_within, 0))`,
);

/** What is written besides the transaction's own changes. */
export interface WriteOptions {
  /** Streams that are at work from now on: nothing else has changed in them. */
  readonly busy?: readonly string[];
  /** Streams whose head may be another one. */
  readonly streams: readonly string[];
}

/** Writes what a transaction changed; new entries are not its part. */
export async function writeChanges(
  client: PgClient,
  sql: Sql,
  tx: Transaction,
  before: TableReads,
  { busy = [], streams }: WriteOptions,
): Promise<void> {
  const entries = [...tx.entries.values()];
  const notes = [...tx.notes.values()].filter((note) => note !== undefined);
  const dropped = [...tx.notes].flatMap(([id, note]) => (note === undefined ? id : []));
  const noteRows = notes.map((note) => {
    const first = tx.entry(note.entryIds[0] ?? '')?.fixed;
    const probeAt = note.state === 'unconfirmed' && note.lease === undefined ? Math.ceil(note.due.at) : null;
    return objectOf(noteRow, [...noteCells(note), first === undefined ? '' : streamKey(first), probeAt]);
  });
  const attempts = entries.flatMap(({ fixed, status }) =>
    status.unknownAttempts === before.entry(fixed.id)?.status.unknownAttempts
      ? []
      : status.unknownAttempts.map(({ tag }) => ({ tag, entry_id: fixed.id })),
  );
  await sql.rows(client, write, [
    JSON.stringify(entries.map(statusRow)),
    JSON.stringify(noteRows),
    dropped,
    JSON.stringify(attempts),
    busy,
    tally(entries, before),
  ]);
  if (streams.length > 0) await refreshStreams(client, sql, streams);
}

export async function refreshStreams(client: PgClient, sql: Sql, streams: readonly string[]): Promise<void> {
  await sql.rows(client, refresh, [streams]);
}

function statusRow({ fixed, status }: EntryRecord): object {
  return objectOf(['id', ...updated], [fixed.id, ...statusCells(storable(status)), ...derivedCells(status)]);
}

/** The values of {@link derived}. */
export function derivedCells(status: EntryStatus): (boolean | number | null)[] {
  const tombstone = isTombstone(status);
  const kept = !tombstone && (status.state === 'held' || status.state === 'dead');
  return [isActive(status.state), kept, tombstone ? (status.endedAt ?? 0) : null];
}

/** The one text of a status that a server gave: PostgreSQL keeps no NUL. */
function storable(status: EntryStatus): EntryStatus {
  if (status.sentClass === undefined || isStorable(status.sentClass)) return status;
  return { ...status, sentClass: status.sentClass.toWellFormed().replaceAll('\0', '\uFFFD') };
}

/** Whether a text comes back from PostgreSQL as it was given. */
export function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

export function objectOf(names: readonly string[], cells: readonly unknown[]): object {
  const row: Record<string, unknown> = {};
  for (let index = 0; index < names.length; index++) row[names[index] ?? ''] = cells[index];
  return row;
}

/** How many more, or fewer, entries and bytes there are, as {@link tallyColumns} says; `null` when nothing of that has changed. */
export function tally(entries: readonly EntryRecord[], before: TableReads): number[] | null {
  const by = new Map<SpoolState, number>();
  let bytes = 0;
  const count = (record: EntryRecord | undefined, difference: 1 | -1): void => {
    if (record === undefined) return;
    const { state, purged } = record.status;
    if (purged !== true) by.set(state, (by.get(state) ?? 0) + difference);
    if (!isTombstone(record.status)) bytes += difference * record.fixed.weight;
  };
  for (const record of entries) {
    count(before.entry(record.fixed.id), -1);
    count(record, 1);
  }
  const differences = [...spoolStates.map((state) => by.get(state) ?? 0), bytes];
  return differences.some((one) => one !== 0) ? differences : null;
}
