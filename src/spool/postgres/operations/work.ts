import type { NoteRow } from '../../rows/note-row.ts';
import { type TagReads, Transaction } from '../../state/transaction.ts';
import type { Subject, Transition } from '../../state/transition-spool.ts';
import { expireLeases } from '../../state/unconfirmed.ts';
import type { PgClient } from '../connection/pool.ts';
import type { Done } from '../connection/transact.ts';
import { ordersATick } from '../tables/append.ts';
import { entryColumns, Loaded, memberIds, noteRowColumns, type ReadEntry } from '../tables/loaded.ts';
import { type Sql, statement } from '../tables/statement.ts';
import { writeChanges } from '../tables/write.ts';
import { materialize } from './materialize.ts';

/** An operation on the rows that it has locked and read. */
export interface Work extends Transition {
  readonly client: PgClient;
  readonly sql: Sql;
  readonly loaded: Loaded;
  /** Streams that are locked. */
  readonly streams: readonly string[];
}

/** Begins a revision; its orders follow `tick * ordersATick`. */
export function begin(loaded: Loaded, tick: number): Transaction {
  return new Transaction(loaded, tick, tick * ordersATick);
}

/**
 * Locks streams, always in the order of their keys. A stream without a row gets one for the transaction, so that two operations
 * on an entry that is in no stream (a dead one, say) wait for each other as well.
 */
const lock = statement(
  'lock',
  (t) => `WITH k AS MATERIALIZED (
    SELECT stream AS key, lane FROM ${t.notesNow} WHERE id = ANY($1::text[])
    UNION SELECT stream, lane FROM ${t.entries} WHERE id = ANY($2::text[])
    UNION SELECT stream, lane FROM ${t.entries} WHERE id = ANY(ARRAY(SELECT entry_id FROM ${t.attempts} WHERE tag = ANY($3::text[])))
  ), l AS (
    INSERT INTO ${t.streams} (key, lane) SELECT key, lane FROM k ORDER BY key
    ON CONFLICT (key) DO UPDATE SET lane = EXCLUDED.lane WHERE false
  )
  SELECT key FROM k`,
);

const load = statement(
  'load',
  (t) => `WITH tagged AS MATERIALIZED (
    SELECT tag, entry_id FROM ${t.attempts} WHERE tag = ANY($3::text[])
  ), seed AS MATERIALIZED (
    SELECT id, note_id FROM ${t.entries} WHERE id = ANY($2::text[] || ARRAY(SELECT entry_id FROM tagged))
  ), n AS MATERIALIZED (
    SELECT ${noteRowColumns} FROM ${t.notes}
    WHERE id = ANY($1::text[] || ARRAY(SELECT note_id FROM seed WHERE note_id IS NOT NULL)) ORDER BY id FOR UPDATE
  ), e AS MATERIALIZED (
    SELECT ${entryColumns} FROM ${t.entries}
    WHERE id = ANY(ARRAY(SELECT m.id FROM n, json_array_elements_text(${memberIds('n.entry_ids')}) AS m(id)) || ARRAY(SELECT id FROM seed))
    ORDER BY id FOR UPDATE
  )
  SELECT (${t.now}())::text AS now, nextval('${t.ticks}')::text AS tick,
    (SELECT coalesce(json_agg(n), '[]') FROM n)::text AS notes,
    (SELECT coalesce(json_agg(e), '[]') FROM e)::text AS entries,
    (SELECT coalesce(json_agg(tagged), '[]') FROM tagged)::text AS tagged`,
);

interface LoadRow {
  readonly now: string;
  readonly tick: string;
  readonly notes: string;
  readonly entries: string;
  readonly tagged: string;
}

/** Locks the subject of an operation; returns the keys of its streams. */
async function lockStreams(
  client: PgClient,
  sql: Sql,
  { notes = [], entries = [], tags = [] }: Subject,
): Promise<readonly string[]> {
  return (await sql.rows<{ key: string }>(client, lock, [notes, entries, tags])).map(({ key }) => key);
}

/** Locks and reads the subject of an operation. Makes notes with expired leases unconfirmed. */
export async function startWork(client: PgClient, sql: Sql, subject: Subject, locked?: readonly string[]): Promise<Work> {
  const { notes = [], entries = [], tags = [] } = subject;
  const streams = locked ?? (await lockStreams(client, sql, subject));
  await materialize(client, sql, streams);
  const row = await sql.row<LoadRow>(client, load, [notes, entries, tags]);
  const loaded = new Loaded();
  for (const one of JSON.parse(row.entries) as ReadEntry[]) loaded.entryRow(one);
  for (const one of JSON.parse(row.notes) as NoteRow[]) loaded.noteRow(one);
  loaded.assertReadable();
  for (const one of JSON.parse(row.tagged) as { tag: string; entry_id: string }[]) loaded.attemptRow(one);
  const now = Number(row.now);
  const tx = begin(loaded, Number(row.tick));
  expireLeases(tx, loaded.notes.keys(), now);
  return { client, sql, loaded, tx, tags: tagsOf(tx, loaded), now, streams };
}

/** Finds entries by tag, including tags of leases that expired in this very transaction. */
function tagsOf(tx: Transaction, loaded: Loaded): TagReads {
  return {
    entriesWithTag: (tag) => [
      ...loaded.entriesWithTag(tag),
      ...[...tx.entries.values()]
        .filter(({ status }) => status.unknownAttempts.some((one) => one.tag === tag))
        .map(({ fixed }) => fixed.id),
    ],
  };
}

/** Writes the changes of an operation. */
export async function finishWork<Result>({ client, sql, tx, loaded, streams }: Work, result: Result): Promise<Done<Result>> {
  if (tx.empty) return { result, commit: false };
  await writeChanges(client, sql, tx, loaded, streams);
  return { result, commit: true };
}
