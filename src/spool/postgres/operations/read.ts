import { missing } from '../../../core/errors/missing.ts';
import {
  type LaneFilter,
  type SpoolEntry,
  type SpoolQuery,
  type SpoolState,
  type Standing,
  spoolStates,
} from '../../contract.ts';
import { standingOf } from '../../state/derived.ts';
import { isTombstone, viewOf } from '../../state/records.ts';
import type { PgClient } from '../connection/pool.ts';
import { lapsedBy } from '../tables/due.ts';
import { asEntry, entryTexts, Loaded } from '../tables/loaded.ts';
import { counterColumns } from '../tables/schema.ts';
import { type Sql, statement, type Tables } from '../tables/statement.ts';
import { isNoneOf, textArray } from '../tables/texts.ts';

/** The columns of times at which something is due or a lease ends. */
const sources = (t: Tables) => [
  { table: t.streams, due: 'due_at' },
  { table: t.notes, due: 'probe_at' },
  { table: t.notesNow, due: 'lease_until' },
];

const least = (t: Tables, parts: readonly string[]): string => `SELECT (least(${parts.join(', ')}) - ${t.now}())::text AS due`;

const ofAll = statement('next_due', (t) =>
  least(
    t,
    sources(t).map(({ table, due }) => `(SELECT min(${due}) FROM ${table} WHERE ${due} IS NOT NULL)`),
  ),
);

/** The first due rows are read first: they are hardly ever all of excluded lanes. */
const first = 200;

const ofAllBut = statement('next_due_but', (t) =>
  least(
    t,
    sources(t).map(
      ({ table, due }) => `(
      SELECT CASE WHEN count(*) FILTER (WHERE ${isNoneOf('lane', '$1')}) > 0 OR count(*) < ${first}
        THEN min(${due}) FILTER (WHERE ${isNoneOf('lane', '$1')})
        ELSE (SELECT min(${due}) FROM ${table} WHERE ${due} IS NOT NULL AND ${isNoneOf('lane', '$1')}) END
      FROM (SELECT lane, ${due} FROM ${table} WHERE ${due} IS NOT NULL ORDER BY ${due} LIMIT ${first}) f
    )`,
    ),
  ),
);

const ofOnly = statement('next_due_only', (t) =>
  least(
    t,
    sources(t).map(({ table, due }) => `(SELECT min(${due}) FROM ${table} WHERE ${due} IS NOT NULL AND lane = ANY($1::text[]))`),
  ),
);

/** ms until something in those lanes is due, or a lease there ends. */
export async function nextDue(client: PgClient, sql: Sql, lanes: LaneFilter | undefined): Promise<number | undefined> {
  const row = await ask(client, sql, lanes);
  return row.due === null ? undefined : Math.max(0, Number(row.due));
}

function ask(client: PgClient, sql: Sql, lanes: LaneFilter | undefined): Promise<{ readonly due: string | null }> {
  if (lanes === undefined || ('except' in lanes && lanes.except.length === 0)) return sql.row(client, ofAll, []);
  return 'only' in lanes
    ? sql.row(client, ofOnly, [textArray(lanes.only)])
    : sql.row(client, ofAllBut, [textArray(lanes.except)]);
}

const select = (t: Tables, where: string): string => `SELECT ${entryTexts()}, body FROM ${t.entriesNow} WHERE ${where}`;

const anyLapsed = statement('any_lapsed', (t) => `SELECT ${lapsedBy(t, `(SELECT ${t.now}())`)}::text AS lapsed`);

const byId = statement('get', (t) => select(t, 'id = $1 AND purged = 0'));
const byMessage = statement('find_message', (t) => select(t, 'message_id = $1 ORDER BY part'));

const withHead = statement(
  'get_with_head',
  (t) => `SELECT ${entryTexts()} FROM ${t.entriesNow} WHERE id = $1 OR id = (
    SELECT h.id FROM ${t.entries} h WHERE h.active AND h.stream = (SELECT stream FROM ${t.entries} WHERE id = $1) ORDER BY h.ord LIMIT 1
  )`,
);
const noteDue = statement(
  'note_due',
  (t) => `SELECT due_at::text, due_within::text FROM ${t.notes} WHERE id = $1 AND token IS NULL`,
);
const clockNow = statement('clock_now', (t) => `SELECT ${t.now}()::text AS now`);

/** Sizes of the pages of a list; the last one repeats. Small at first, so that a caller who needs a few entries doesn't read hundreds of texts. */
const pageSizes = [1, 16, 250] as const;
const lane = '($2::text IS NULL OR lane = $2)';
/** Held and dead entries may be few among many; they have an index. */
const pages = pageSizes.map((size) => ({
  size,
  all: statement(`page_${size}`, (t) =>
    select(t, `id > $1 AND ${lane} AND ($3::text IS NULL OR state = $3) AND purged = 0 ORDER BY id LIMIT ${size}`),
  ),
  kept: statement(`page_kept_${size}`, (t) => select(t, `kept AND id > $1 AND ${lane} AND state = $3 ORDER BY id LIMIT ${size}`)),
}));

const sums = statement(
  'counts',
  (t) => `SELECT json_build_array(${counterColumns.map((name) => `coalesce(sum(${name}), 0)`).join(', ')})::text AS counts
    FROM ${t.tallies}`,
);

type Row = Readonly<Record<string, unknown>>;

/** Whether a lease has expired whose note is not unconfirmed yet. */
export async function leasesLapsed(client: PgClient, sql: Sql): Promise<boolean> {
  return (await sql.row<{ lapsed: string }>(client, anyLapsed, [])).lapsed === 'true';
}

export async function entryById(client: PgClient, sql: Sql, id: string): Promise<SpoolEntry | undefined> {
  return viewsOf(await sql.rows<Row>(client, byId, [id]))[0];
}

export async function entriesOfMessage(client: PgClient, sql: Sql, messageId: string): Promise<readonly SpoolEntry[]> {
  return viewsOf(await sql.rows<Row>(client, byMessage, [messageId]));
}

/** The standing of an entry, from the current head of its stream and its own note. */
export async function standing(client: PgClient, sql: Sql, id: string): Promise<Standing | undefined> {
  const loaded = new Loaded();
  const records = (await sql.rows<Row>(client, withHead, [id])).flatMap((row) => loaded.entryRow(asEntry(row)) ?? []);
  const record = records.find(({ fixed }) => fixed.id === id);
  if (record === undefined) return undefined;
  const note = (await sql.rows<{ due_at: string; due_within: string }>(client, noteDue, [record.status.noteId ?? '']))[0];
  const { now } = await sql.row<{ now: string }>(client, clockNow, []);
  const due = note && { at: Number(note.due_at), within: Number(note.due_within) };
  const head = records.find(({ fixed }) => fixed.id !== id) ?? record;
  return standingOf(record, due && { due }, head, Number(now));
}

/** A page of a list, in the order of ids, after the id `after`; the last one is not full. @param number Of the page, from 0. */
export async function listPage(
  client: PgClient,
  sql: Sql,
  query: SpoolQuery,
  { after, number }: { readonly after: string; readonly number: number },
): Promise<{ readonly entries: readonly SpoolEntry[]; readonly last: boolean }> {
  const { size, all, kept } = pages[number] ?? pages.at(-1) ?? missing('The size of a page');
  const one = query.state === 'held' || query.state === 'dead' ? kept : all;
  const rows = await sql.rows<Row>(client, one, [after, query.lane ?? null, query.state ?? null]);
  return { entries: viewsOf(rows), last: rows.length < size };
}

export async function countsByState(client: PgClient, sql: Sql): Promise<Record<SpoolState, number>> {
  const numbers = await totals(client, sql);
  return Object.fromEntries(spoolStates.map((state, index) => [state, numbers[index] ?? 0])) as Record<SpoolState, number>;
}

export async function bytesKept(client: PgClient, sql: Sql): Promise<number> {
  return (await totals(client, sql)).at(-1) ?? 0;
}

async function totals(client: PgClient, sql: Sql): Promise<readonly number[]> {
  const { counts } = await sql.row<{ counts: string }>(client, sums, []);
  return JSON.parse(counts) as number[];
}

function viewsOf(rows: readonly Row[]): SpoolEntry[] {
  const loaded = new Loaded();
  const records = rows.flatMap((row) => loaded.entryRow(asEntry(row)) ?? []);
  const live = records.filter(({ status }) => !isTombstone(status)).map(({ fixed }) => fixed.id);
  const messages = loaded.messages(live);
  return records.map((record) => viewOf(record, messages.get(record.fixed.id)));
}
