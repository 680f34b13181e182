import type { Frozen } from '../../contract.ts';
import { objectOf } from '../../rows/cells.ts';
import type { NoteRow } from '../../rows/note-row.ts';
import { triedByOf } from '../../state/claim.ts';
import type { EntryRecord } from '../../state/records.ts';
import { type TagReads, Transaction } from '../../state/transaction.ts';
import type { Subject, Transition } from '../../state/transition-spool.ts';
import { lapse } from '../../state/unconfirmed.ts';
import type { PgClient } from '../connection/pool.ts';
import type { Done } from '../connection/transact.ts';
import { asEntry, entryColumns, entryNames, Loaded, noteRowColumns, type ReadEntry } from '../tables/loaded.ts';
import { notRunning } from '../tables/running.ts';
import { type Sql, statement } from '../tables/statement.ts';
import { writeChanges } from '../tables/write.ts';

const running = statement(
  'running',
  (
    t,
  ) => `SELECT key, lane, note_id, token, lease_until::text, run_by, frozen, (${t.now}())::text AS now, nextval('${t.ticks}')::text AS tick
    FROM ${t.streams} WHERE key = ANY($1::text[]) AND note_id IS NOT NULL`,
);

/** As they were before the claim. */
const members = statement(
  'running_members',
  (t) => `SELECT r.note_id AS running, ${entryNames.map((name) => `e.${name}`).join(', ')} FROM ${t.streams} r
    JOIN ${t.entries} e ON e.stream = r.key AND e.active AND e.state <> 'unconfirmed' AND e.ord <= r.running_to WHERE r.key = ANY($1::text[]) ORDER BY e.ord`,
);

const stop = statement('stop_running', (t) => `UPDATE ${t.streams} SET ${notRunning} WHERE key = ANY($1::text[])`);

interface RunningRow {
  readonly key: string;
  readonly lane: string;
  readonly note_id: string;
  readonly token: string;
  readonly lease_until: string;
  readonly run_by: string;
  readonly frozen: string;
  readonly now: string;
  readonly tick: string;
}

type MemberRow = Readonly<Record<string, unknown>> & { readonly running: string };

/** Makes ordinary notes of those that run in these streams, which are locked. Hardly ever is there one. */
export async function writeOut(client: PgClient, sql: Sql, streams: readonly string[]): Promise<void> {
  const notes = await sql.rows<RunningRow>(client, running, [streams]);
  if (notes.length === 0) return;
  const keys = notes.map(({ key }) => key);
  const loaded = new Loaded();
  const byNote = new Map<string, EntryRecord[]>(notes.map(({ note_id }) => [note_id, []]));
  for (const { running: noteId, ...row } of await sql.rows<MemberRow>(client, members, [keys])) {
    const record = loaded.entryRow(asEntry(row));
    if (record !== undefined) byNote.get(noteId)?.push(record);
  }
  loaded.assertReadable();
  const tx = new Transaction(loaded, Number(notes[0]?.tick), 0);
  for (const note of notes) write(tx, note, byNote.get(note.note_id) ?? []);
  // They were counted when they were claimed.
  await writeChanges(client, sql, tx, tx, []);
  await sql.rows(client, stop, [keys]);
}

/** What the claim would have written. */
function write(tx: Transaction, row: RunningRow, before: readonly EntryRecord[]): void {
  if (before.length === 0) return;
  const now = Number(row.now);
  tx.putNote({
    id: row.note_id,
    lane: row.lane,
    entryIds: before.map(({ fixed }) => fixed.id),
    frozen: objectOf<Frozen>(row.frozen, 'what is frozen'),
    attempt: 1,
    state: 'delivering',
    due: { at: now, within: 0 },
    failures: 0,
    probes: 0,
    absences: 0,
    lastRanAt: now,
    unconfirmedFor: 0,
    lease: {
      token: row.token,
      kind: 'deliver',
      until: Number(row.lease_until),
      before: undefined,
      triedBy: triedByOf(before),
    },
  });
  for (const record of before) tx.move(record, 'delivering', { noteId: row.note_id, attempt: 1, triedBy: row.run_by });
}

/** One operation over what it has locked and read. */
export interface Work extends Transition {
  readonly client: PgClient;
  readonly sql: Sql;
  readonly loaded: Loaded;
  /** Streams that are locked. */
  readonly streams: readonly string[];
}

/** Entries that one revision can give an order to. */
export const ordersATick = 4_096;

/** A new revision, and the order that comes before its first. */
export function begin(loaded: Loaded, tick: number): Transaction {
  return new Transaction(loaded, tick, tick * ordersATick);
}

/**
 * Locks streams, always in the order of their keys. A stream that has no row gets one for the time of the transaction: so two
 * operations on an entry that is in no stream (a dead one, say) wait for each other as well.
 */
const lock = statement(
  'lock',
  (t) => `WITH k AS MATERIALIZED (
    SELECT key, lane FROM ${t.streams} WHERE note_id = ANY($1::text[])
    UNION SELECT stream, lane FROM ${t.notes} WHERE id = ANY($1::text[])
    UNION SELECT stream, lane FROM ${t.entries} WHERE id = ANY($2::text[])
    UNION SELECT e.stream, e.lane FROM ${t.attempts} a JOIN ${t.entries} e ON e.id = a.entry_id WHERE a.tag = ANY($3::text[])
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
    WHERE id = ANY(ARRAY(SELECT m.id FROM n, json_array_elements_text(n.entry_ids::json) AS m(id)) || ARRAY(SELECT id FROM seed))
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

/** Locks what an operation is about; the keys of its streams. */
export async function lockStreams(
  client: PgClient,
  sql: Sql,
  { notes = [], entries = [], tags = [] }: Subject,
): Promise<readonly string[]> {
  return (await sql.rows<{ key: string }>(client, lock, [notes, entries, tags])).map(({ key }) => key);
}

/** Locks and reads what an operation is about. Leases that ran out by now have become unconfirmed. */
export async function startWork(client: PgClient, sql: Sql, subject: Subject, locked?: readonly string[]): Promise<Work> {
  const { notes = [], entries = [], tags = [] } = subject;
  const streams = locked ?? (await lockStreams(client, sql, subject));
  await writeOut(client, sql, streams);
  const row = await sql.row<LoadRow>(client, load, [notes, entries, tags]);
  const loaded = new Loaded();
  for (const one of JSON.parse(row.entries) as ReadEntry[]) loaded.entryRow(one);
  loaded.assertReadable();
  for (const one of JSON.parse(row.notes) as NoteRow[]) loaded.noteRow(one);
  for (const one of JSON.parse(row.tagged) as { tag: string; entry_id: string }[]) loaded.attemptRow(one);
  const now = Number(row.now);
  const tx = begin(loaded, Number(row.tick));
  lapse(tx, loaded.notes.keys(), now);
  return { client, sql, loaded, tx, tags: tagsOf(tx, loaded), now, streams };
}

/** By tags, those of leases that have just lapsed in this very transaction among them. */
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

/** Writes what an operation has changed. */
export async function finishWork<Result>({ client, sql, tx, loaded, streams }: Work, result: Result): Promise<Done<Result>> {
  if (tx.empty) return { result, commit: false };
  await writeChanges(client, sql, tx, loaded, streams);
  return { result, commit: true };
}
