import type { NoteRow } from '../rows/note-row.ts';
import type { ClaimedNote, ClaimRequest } from '../storage.ts';
import type { Pick } from '../table/claim.ts';
import { claimPick, runOf } from '../table/claim.ts';
import type { EntryRecord, NoteRecord } from '../table/records.ts';
import { streamKey } from '../table/records.ts';
import type { Transaction } from '../table/transaction.ts';
import type { LaneTurns, Outlook } from './lane-turns.ts';
import type { ReadEntry } from './loaded.ts';
import { entryColumns, Loaded, noteRowColumns } from './loaded.ts';
import type { PgClient } from './pool.ts';
import { refreshStreams } from './refresh.ts';
import type { Fresh } from './running.ts';
import { startRunning } from './running.ts';
import type { Sql } from './statement.ts';
import { statement } from './statement.ts';
import type { Done } from './transact.ts';
import { begin } from './work.ts';
import { writeClaims } from './write.ts';

/** Streams whose head is due; those that another process is about to claim are passed over. */
const takeDue = takeStreams('take_due', 'due_at <= $2::bigint');
/** The same before their pickup time; a back-off counts all the same. */
const takeEarly = takeStreams('take_early', 'due_at IS NOT NULL AND (NOT deferred OR due_at <= $2::bigint)');

function takeStreams(name: string, due: string) {
  return statement(
    name,
    (t) => `SELECT s.key, s.lane, (SELECT nextval('${t.ticks}'))::text AS tick FROM unnest($1::text[]) AS q(lane), LATERAL (
      SELECT key, lane FROM ${t.streams} WHERE lane = q.lane AND ${due} ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED
    ) s LIMIT $4`,
  );
}

/** Unconfirmed notes whose probe is due, and whose stream nobody works on. */
const takeProbes = statement(
  'take_probes',
  (t) => `WITH n AS MATERIALIZED (
    SELECT s.id, s.lane, s.stream FROM unnest($1::text[]) AS q(lane), LATERAL (
      SELECT id, lane, stream FROM ${t.notes} WHERE lane = q.lane AND probe_at <= $2::bigint ORDER BY probe_at LIMIT $3
      FOR UPDATE SKIP LOCKED
    ) s LIMIT $4
  ), l AS MATERIALIZED (
    SELECT key FROM ${t.streams} WHERE key = ANY(ARRAY(SELECT stream FROM n)) ORDER BY key FOR UPDATE SKIP LOCKED
  )
  SELECT n.id AS key, n.lane, (SELECT nextval('${t.ticks}'))::text AS tick FROM n JOIN l ON l.key = n.stream`,
);

/** First entries of streams, in order; with as many messages as a note takes. */
const heads = statement(
  'heads',
  (t) => `SELECT to_json(x)::text AS row FROM (
    SELECT ${entryColumns}, CASE WHEN n = 1 OR total <= $3 THEN body END AS body FROM unnest($1::text[]) AS q(key), LATERAL (
      SELECT f.*, row_number() OVER w AS n, sum(weight) OVER w AS total
      FROM (SELECT ${entryColumns}, body FROM ${t.entries} WHERE stream = q.key AND active ORDER BY ord LIMIT $2) f
      WINDOW w AS (ORDER BY ord)
    ) e
  ) x`,
);

const members = statement(
  'members',
  (t) => `SELECT to_json(x)::text AS row FROM (SELECT ${entryColumns}, body FROM ${t.entries} WHERE id = ANY($1::text[])) x`,
);

const notesById = statement(
  'notes_by_id',
  (t) => `SELECT to_json(x)::text AS row FROM (
    SELECT ${noteRowColumns} FROM ${t.notes} WHERE id = ANY($1::text[]) ORDER BY id FOR UPDATE
  ) x`,
);

interface Taken {
  readonly key: string;
  readonly lane: string;
  readonly tick: string;
}
interface JsonRow {
  readonly row: string;
}

/** Claims what {@link Outlook} saw: as many steps as there are notes, whatever waits. */
export async function claimNotes(
  client: PgClient,
  sql: Sql,
  turns: LaneTurns,
  request: ClaimRequest,
  seen: Outlook,
): Promise<Done<readonly ClaimedNote[]>> {
  const taken = await take(client, sql, turns, request, seen);
  if (taken.length === 0) return { result: [], commit: false };
  const loaded = new Loaded();
  const keys = taken.map(({ key }) => key);
  const delivering = request.kind === 'deliver';
  const picks = delivering
    ? await pickRuns(client, sql, loaded, keys, request, seen.now)
    : await pickNotes(client, sql, loaded, keys);
  const messages = loaded.messages(picks.flatMap((one) => one.members.map(({ fixed }) => fixed.id)));
  const tx = begin(loaded, Number(taken[0]?.tick));
  const claimed = picks.map((one) => claimPick(tx, one, messages, request, seen.now));
  await write(client, sql, tx, loaded, picks, request);
  if (delivering) {
    // What was due but gave nothing has been seen wrongly: its row is made anew.
    const busy = new Set(picks.map(streamOf));
    const streams = keys.filter((key) => !busy.has(key));
    if (streams.length > 0) await refreshStreams(client, sql, streams);
  }
  return { result: claimed, commit: true };
}

/** Notes that were made just now run in their streams; those that were there before have rows of their own. */
async function write(
  client: PgClient,
  sql: Sql,
  tx: Transaction,
  before: Loaded,
  picks: readonly Pick[],
  { kind, owner }: ClaimRequest,
): Promise<void> {
  const fresh: Fresh[] = [];
  const notes: NoteRecord[] = [];
  const made = new Map([...tx.notes.values()].flatMap((note) => (note === undefined ? [] : [[note.entryIds[0], note]])));
  for (const pick of picks) {
    const note = made.get(pick.members[0]?.fixed.id);
    if (note === undefined) continue;
    if (pick.note === undefined) fresh.push({ stream: streamOf(pick), note, to: pick.members.at(-1)?.status.order ?? 0 });
    else notes.push(note);
  }
  if (fresh.length > 0) await startRunning(client, sql, tx, before, fresh, owner);
  const busy = kind === 'deliver' ? picks.filter(({ note }) => note !== undefined).map(streamOf) : [];
  if (notes.length > 0) await writeClaims(client, sql, tx, before, { owner, busy, notes });
}

function streamOf({ members }: Pick): string {
  const [first] = members;
  return first === undefined ? '' : streamKey(first.fixed);
}

async function take(client: PgClient, sql: Sql, turns: LaneTurns, request: ClaimRequest, seen: Outlook): Promise<Taken[]> {
  const { kind, limit, perLane } = request;
  const one = kind === 'probe' ? takeProbes : request.ignorePickup === true ? takeEarly : takeDue;
  const taken: Taken[] = [];
  if (limit <= 0 || perLane <= 0) return taken;
  for await (const lanes of turns.inTurn(client, sql, request, seen)) {
    if (lanes.length > 0) taken.push(...(await sql.rows<Taken>(client, one, [lanes, seen.now, perLane, limit - taken.length])));
    if (taken.length >= limit) break;
  }
  const last = taken.at(-1);
  if (last !== undefined) turns.served(kind, last.lane);
  return taken;
}

async function pickRuns(
  client: PgClient,
  sql: Sql,
  loaded: Loaded,
  keys: readonly string[],
  request: ClaimRequest,
  now: number,
): Promise<Pick[]> {
  const rows = await sql.rows<JsonRow>(client, heads, [keys, request.maxEntries, request.maxBytes]);
  const streams = new Map<string, EntryRecord[]>(keys.map((key) => [key, []]));
  for (const { row } of rows) {
    const record = loaded.entryRow(JSON.parse(row) as ReadEntry);
    if (record !== undefined) streams.get(streamKey(record.fixed))?.push(record);
  }
  loaded.assertReadable();
  const picks: Pick[] = [];
  const deferred: string[] = [];
  for (const stream of streams.values()) {
    const run = runOf(stream, request, now);
    if (run === undefined) continue;
    if ('members' in run) picks.push(run);
    else deferred.push(run.deferredNoteId);
  }
  const again = deferred.length === 0 ? [] : await pickNotes(client, sql, loaded, deferred);
  return [...picks, ...again.filter(({ note }) => note !== undefined && note.due.at <= now)];
}

/** Notes that exist, with their members and their messages. */
async function pickNotes(client: PgClient, sql: Sql, loaded: Loaded, ids: readonly string[]): Promise<Pick[]> {
  const notes = (await sql.rows<JsonRow>(client, notesById, [ids])).map(({ row }) => loaded.noteRow(JSON.parse(row) as NoteRow));
  const missing = notes.flatMap(({ entryIds }) => entryIds).filter((id) => !loaded.hasMessage(id));
  if (missing.length > 0) {
    for (const { row } of await sql.rows<JsonRow>(client, members, [missing])) loaded.entryRow(JSON.parse(row) as ReadEntry);
    loaded.assertReadable();
  }
  return notes.flatMap((note) => {
    const records = note.entryIds.flatMap((id) => loaded.entry(id) ?? []);
    return records.length === 0 ? [] : { note, members: records };
  });
}
