import { addedAttempts } from '../../rows/attempts.ts';
import { statusCells, statusColumns } from '../../rows/entry-row.ts';
import { noteCells, noteColumns } from '../../rows/note-row.ts';
import { probeAt } from '../../state/derived.ts';
import { type EntryRecord, type EntryStatus, isActive, type NoteRecord, tombstoneSince } from '../../state/records.ts';
import type { TableReads, Transaction } from '../../state/transaction.ts';
import type { PgClient } from '../connection/pool.ts';
import { addCounters, countersOf } from './counters.ts';
import { isKey, type Sql, statement, type Tables } from './statement.ts';
import { refreshStreams, storedStreamKey } from './streams.ts';
import { storableText } from './texts.ts';

/** Types of columns in JSON rows; the rest are text. */
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

/** `json_to_recordset` of a parameter, with the types of its columns. */
export function recordset(parameter: string, columns: readonly string[]): string {
  const definitions = columns.map((name) => `${name} ${types[name] ?? 'text'}`).join(', ');
  return `json_to_recordset(${parameter}::json) AS x(${definitions})`;
}

/** Columns that follow from the status, for the indexes. */
const derived = ['active', 'kept', 'tombstone_at'] as const;
const updated = [...statusColumns, ...derived];
const noteRow = [...noteColumns, 'stream', 'probe_at'];

function putNotes(t: Tables, parameter: string): string {
  const names = noteRow.join(', ');
  const changed = noteRow.filter((name) => name !== 'id' && name !== 'stream').map((name) => `${name} = EXCLUDED.${name}`);
  return `INSERT INTO ${t.notes} (${names}) SELECT ${names} FROM ${recordset(parameter, noteRow)}
    ON CONFLICT (id) DO UPDATE SET ${changed.join(', ')}`;
}

const write = statement(
  'write',
  (t) => `WITH x AS MATERIALIZED (
    SELECT * FROM ${recordset('$1', ['id', ...updated])}
  ), e AS (
    UPDATE ${t.entries} AS e SET ${updated.map((name) => `${name} = x.${name}`).join(', ')},
      body = CASE WHEN x.tombstone_at IS NULL THEN e.body END
    FROM x WHERE ${isKey('e.id', 'x.id')}
  ), n AS (
    ${putNotes(t, '$2')}
  ), d AS (
    DELETE FROM ${t.notes} WHERE id = ANY($3::text[])
  ), a AS (
    INSERT INTO ${t.attempts} (tag, entry_id) SELECT tag, entry_id FROM ${recordset('$4', ['tag', 'entry_id'])} ON CONFLICT DO NOTHING
  )
  ${addCounters(t, '$5')}`,
);

/** Entries of an older note change little; their streams only become busy. */
const writeClaimed = statement(
  'write_claimed',
  (t) => `WITH x AS MATERIALIZED (
    SELECT * FROM ${recordset('$1', ['id', 'note_id', 'attempt'])}
  ), e AS (
    UPDATE ${t.entries} AS e SET state = 'delivering', rev = $2, note_id = x.note_id, attempt = x.attempt, tried_by = $3
    FROM x WHERE ${isKey('e.id', 'x.id')}
  ), n AS (
    ${putNotes(t, '$4')}
  ), s AS (
    UPDATE ${t.streams} SET due_at = NULL WHERE key = ANY($5::text[])
  )
  ${addCounters(t, '$6')}`,
);

/** Writes what a transaction changed, and when its streams are due; new entries are inserted elsewhere. */
export async function writeChanges(
  client: PgClient,
  sql: Sql,
  tx: Transaction,
  before: TableReads,
  streams: readonly string[],
): Promise<void> {
  const entries = [...tx.entries.values()];
  const dropped = [...tx.notes].flatMap(([id, note]) => (note === undefined ? id : []));
  const attempts = entries.flatMap(({ fixed, status }) =>
    addedAttempts(status.unknownAttempts, before.entry(fixed.id)?.status.unknownAttempts).map(({ tag }) => ({
      tag,
      entry_id: fixed.id,
    })),
  );
  const rows = JSON.stringify(entries.map(statusRow));
  await sql.rows(client, write, [
    rows,
    notesJson(tx, tx.notes.values()),
    dropped,
    JSON.stringify(attempts),
    countersOf(entries, before),
  ]);
  if (streams.length > 0) await refreshStreams(client, sql, streams);
}

/** Writes what a claim changed of older notes. @param busy Streams that are in progress from now on. */
export async function writeClaims(
  client: PgClient,
  sql: Sql,
  tx: Transaction,
  before: TableReads,
  { owner, busy, notes }: { readonly owner: string; readonly busy: readonly string[]; readonly notes: readonly NoteRecord[] },
): Promise<void> {
  // A probe changes no entries.
  const entries = notes.flatMap((note) => note.entryIds.flatMap((id) => tx.entries.get(id) ?? []));
  const rows = entries.map(({ fixed, status }) => ({ id: fixed.id, note_id: status.noteId, attempt: status.attempt }));
  await sql.rows(client, writeClaimed, [
    JSON.stringify(rows),
    tx.rev,
    owner,
    notesJson(tx, notes),
    busy,
    countersOf(entries, before),
  ]);
}

function notesJson(tx: Transaction, notes: Iterable<NoteRecord | undefined>): string {
  const rows = [...notes].flatMap((note) => {
    if (note === undefined) return [];
    const first = tx.entry(note.entryIds[0] ?? '')?.fixed;
    const due = probeAt(note);
    const cells = [first === undefined ? '' : storedStreamKey(first), due === undefined ? null : Math.ceil(due)];
    return objectOf(noteRow, [...noteCells(note), ...cells]);
  });
  return JSON.stringify(rows);
}

function statusRow({ fixed, status }: EntryRecord): object {
  return objectOf(['id', ...updated], [fixed.id, ...statusCells(storable(status)), ...derivedCells(status)]);
}

/** The values of {@link derived}. */
function derivedCells(status: EntryStatus): (boolean | number | null)[] {
  const since = tombstoneSince(status);
  const kept = since === undefined && (status.state === 'held' || status.state === 'dead');
  return [isActive(status.state), kept, since ?? null];
}

function storable(status: EntryStatus): EntryStatus {
  return status.sentClass === undefined ? status : { ...status, sentClass: storableText(status.sentClass) };
}

export function objectOf(names: readonly string[], cells: readonly unknown[]): Record<string, unknown> {
  const row: Record<string, unknown> = {};
  for (let index = 0; index < names.length; index++) row[names[index] ?? ''] = cells[index];
  return row;
}
