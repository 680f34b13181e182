import { missing } from '../../../core/errors/missing.ts';
import type { NoteRow } from '../../rows/note-row.ts';
import { Transaction } from '../../state/transaction.ts';
import type { PgClient } from '../connection/pool.ts';
import type { Done } from '../connection/transact.ts';
import { Loaded, noteRowColumns, type UnreadableRows } from '../tables/loaded.ts';
import { counterColumns, countersOfGone } from '../tables/schema.ts';
import { type Sql, statement } from '../tables/statement.ts';
import { writeChanges } from '../tables/write.ts';
import { materialize } from './materialize.ts';

const lockStreams = statement(
  'lock_unreadable',
  (t) => `WITH k AS MATERIALIZED (SELECT DISTINCT stream AS key, lane FROM ${t.entries} WHERE id = ANY($1::text[])),
  l AS (INSERT INTO ${t.streams} (key, lane) SELECT key, lane FROM k ORDER BY key
    ON CONFLICT (key) DO UPDATE SET lane = EXCLUDED.lane WHERE false)
  SELECT key FROM k`,
);

const move = statement(
  'set_aside',
  (t) => `WITH now AS MATERIALIZED (
    SELECT id, state FROM ${t.entriesNow} WHERE id = ANY($1::text[])
  ), gone AS (
    DELETE FROM ${t.entries} WHERE id = ANY($1::text[]) RETURNING *
  ), put AS (
    INSERT INTO ${t.corrupt} (at, what, entry) SELECT ${t.now}(), x.what, to_json(gone)
    FROM gone JOIN json_to_recordset($2::json) AS x(id text, what text) ON x.id = gone.id
  ), tally AS (
    INSERT INTO ${t.tallies} (${counterColumns.join(', ')})
    SELECT ${countersOfGone} FROM (SELECT now.state, gone.purged, gone.weight, gone.tombstone_at FROM gone JOIN now ON now.id = gone.id) g
  )
  SELECT id FROM gone`,
);

const notesOf = statement(
  'notes_of_unreadable',
  (t) => `SELECT (to_json(n))::text AS row FROM (SELECT ${noteRowColumns} FROM ${t.notes} WHERE stream = ANY($1::text[])) n`,
);

/** Entries of notes; a full scan, for the rare case only. */
const membersOf = statement(
  'members_of_unreadable',
  (t) => `SELECT id, note_id FROM ${t.entries}
    WHERE note_id = ANY($1::text[]) AND state IN ('delivering', 'deferred', 'unconfirmed')`,
);

const drop = statement('drop_unreadable', (t) => `DELETE FROM ${t.notes} WHERE id = ANY($1::text[])`);

/**
 * Moves unreadable rows to `corrupt`: they leave their stream and their note, and the rest goes on. The members of an unreadable note go with it: the record of what
 * was sent is lost too, so they may neither be sent again nor probed.
 *
 * @returns the moved entries, each with its error.
 */
export async function setAside(
  client: PgClient,
  sql: Sql,
  { entries, notes }: UnreadableRows,
): Promise<Done<ReadonlyMap<string, Error>>> {
  const rows = new Map(entries);
  if (notes.size > 0) {
    const members = await sql.rows<{ id: string; note_id: string }>(client, membersOf, [[...notes.keys()]]);
    for (const { id, note_id } of members) rows.set(id, notes.get(note_id) ?? missing('The note of a member'));
  }
  const ids = [...rows.keys()];
  const streams = (await sql.rows<{ key: string }>(client, lockStreams, [ids])).map(({ key }) => key);
  const what = JSON.stringify([...rows].map(([id, error]) => ({ id, what: error.message })));
  const gone = new Set((await sql.rows<{ id: string }>(client, move, [ids, what])).map(({ id }) => id));
  if (notes.size > 0) await sql.rows(client, drop, [[...notes.keys()]]);
  await materialize(client, sql, streams);
  const loaded = new Loaded();
  const tx = new Transaction(loaded, 0, 0);
  for (const { row } of await sql.rows<{ row: string }>(client, notesOf, [streams])) loaded.noteRow(JSON.parse(row) as NoteRow);
  loaded.assertReadable();
  for (const note of loaded.notes.values()) {
    const entryIds = note.entryIds.filter((id) => !gone.has(id));
    if (entryIds.length === 0) tx.dropNote(note.id);
    else if (entryIds.length < note.entryIds.length) tx.putNote({ ...note, entryIds });
  }
  await writeChanges(client, sql, tx, loaded, streams);
  return { result: new Map([...rows].filter(([id]) => gone.has(id))), commit: true };
}
