import { missing } from '../../../core/errors/missing.ts';
import { OfflineImError } from '../../../core/errors/offline-im-error.ts';
import type { AppendResult, NewSpoolEntry, SpooledMessage } from '../../contract.ts';
import { bodyOf, fixedCells, fixedColumns, whole } from '../../rows/entry-row.ts';
import { appendMessage, type PlannedAppend } from '../../state/append.ts';
import { type EntryRecord, viewOf } from '../../state/records.ts';
import { asSpoolError } from '../connection/pg-error.ts';
import type { PgClient } from '../connection/pool.ts';
import { addCounters, countersOf } from '../tables/counters.ts';
import { entryColumns, Loaded, type ReadEntry } from '../tables/loaded.ts';
import { type Sql, statement } from '../tables/statement.ts';
import { refreshStreams, storedStreamKey } from '../tables/streams.ts';
import { isStorable } from '../tables/texts.ts';
import { objectOf, recordset } from '../tables/write.ts';
import { begin } from './work.ts';

const idOf = (message: NewMessage): string => (message[0] ?? missing('The first entry of a message')).messageId;

/** The result of a message that was not appended, or may not have been. */
export function failedAppend(message: NewMessage, kept: 'no' | 'unknown', error: unknown): AppendResult {
  return { messageId: idOf(message), status: 'failed', kept, error: asSpoolError(error) };
}

/** That of one that could not come back as it was given. */
export function unstorableAppend(message: NewMessage): AppendResult {
  const text = 'An id, an address or a name holds U+0000 or half a surrogate pair, which PostgreSQL cannot keep.';
  return failedAppend(message, 'no', new OfflineImError('MESSAGE_INVALID', text));
}

/** The entries of one message: appended all or none. */
export type NewMessage = readonly NewSpoolEntry[];

/**
 * Locks the streams that the messages go to, in the order of their keys; one that has no active entries is due when its new
 * first one is. The lock is held until COMMIT, and `tick`, which the order follows, is taken under it: so that in each stream the order
 * is that of the commits, whoever appends. Looks for messages that are kept already; one that is committed just now is not seen, and
 * fails the insertion, which is then tried again.
 */
const lock = statement(
  'append_lock',
  (t) => `WITH t AS MATERIALIZED (SELECT ${t.now}() AS now), l AS (
    INSERT INTO ${t.streams} (key, lane, due_at, due_within)
    SELECT x.key, x.lane, t.now + x.within, x.within
    FROM json_to_recordset($1::json) AS x(key text, lane text, within bigint), t ORDER BY x.key
    ON CONFLICT (key) DO UPDATE SET lane = EXCLUDED.lane WHERE false RETURNING 1
  ), locked AS MATERIALIZED (SELECT count(*) AS streams FROM l)
  SELECT t.now::text AS now, (SELECT nextval('${t.ticks}') FROM locked)::text AS tick, (
    SELECT coalesce(json_agg(e), '[]') FROM (
      SELECT ${entryColumns} FROM ${t.entriesNow} WHERE message_id = ANY($2::text[]) ORDER BY message_id, part
    ) e
  )::text AS kept FROM t`,
);

/** In which new entries differ; the rest is the same for all of them. */
const own = [...fixedColumns.filter((name) => name !== 'accepted_at'), 'due_within', 'ord', 'part', 'stream', 'body'];

const insert = statement(
  'append_insert',
  (t) => `WITH e AS (
    INSERT INTO ${t.entries} (${own.join(', ')}, accepted_at, due_at, expires_at, state, rev, single, cancel_requested, attempt, purged, active, kept)
    SELECT ${own.join(', ')}, $4::bigint, pickup_at, least($4::bigint + expires_in, 8640000000000000), 'spooled', $5::bigint, 0, 0, 0, 0, true, false
    FROM ${recordset('$1', own)} ORDER BY message_id, part
  ), c AS (
    ${addCounters(t, '$2')}
  )
  SELECT pg_notify('${t.channel}', $3)`,
);

/** Appends messages in the transaction of `client`; `false` when nothing was added. @param from Whom the others hear of it from. */
export async function appendMessages(
  client: PgClient,
  sql: Sql,
  messages: readonly NewMessage[],
  from: string,
): Promise<{ readonly results: AppendResult[]; readonly added: boolean }> {
  const streams = streamsOf(messages);
  const ids = messages.map(idOf);
  const locked = [JSON.stringify([...streams.values()]), ids];
  const { now, ...found } = await sql.row<{ now: string; tick: string; kept: string }>(client, lock, locked);
  const loaded = new Loaded();
  for (const row of JSON.parse(found.kept) as ReadEntry[]) loaded.entryRow(row);
  loaded.assertReadable();
  const tx = begin(loaded, Number(found.tick));
  const bodies = new Map<string, SpooledMessage>();
  const plans = messages.map((entries) => {
    const plan = appendMessage(tx, entries, Number(now));
    if (plan.status === 'appended') for (const { id, message } of entries) bodies.set(id, message);
    return plan;
  });
  const added = [...tx.entries.values()];
  if (added.length > 0) {
    await sql.rows(client, insert, [JSON.stringify(rowsOf(added, bodies)), countersOf(added, loaded), from, now, tx.rev]);
  }
  // A stream that was locked for a message that is not new may have no entry.
  if (plans.some(({ status }) => status !== 'appended')) await refreshStreams(client, sql, [...streams.keys()]);
  const results = plans.map((plan) => resultOf(plan, (id) => tx.entry(id)));
  return { results, added: added.length > 0 };
}

/** What would not come back as it was given: all else is in JSON, which escapes it. */
export function unstorable(message: NewMessage): boolean {
  return message.some(
    ({ id, messageId, contentHash, lane, conversationId, recipientsKey, messageClass }) =>
      ![id, messageId, contentHash, lane, conversationId, recipientsKey, messageClass].every(isStorable),
  );
}

interface StreamRow {
  readonly key: string;
  readonly lane: string;
  /** Pickup of the first of these messages that goes to it. */
  readonly within: number;
}

export function streamsOf(messages: readonly NewMessage[]): Map<string, StreamRow> {
  const streams = new Map<string, StreamRow>();
  for (const entry of messages.flat()) {
    const key = storedStreamKey(entry);
    if (!streams.has(key)) streams.set(key, { key, lane: entry.lane, within: Math.ceil(entry.pickupIn) });
  }
  return streams;
}

function rowsOf(records: readonly EntryRecord[], bodies: ReadonlyMap<string, SpooledMessage>): object[] {
  const parts = new Map<string, number>();
  return records.map(({ fixed, status }) => {
    const part = parts.get(fixed.messageId) ?? 0;
    parts.set(fixed.messageId, part + 1);
    const message = bodies.get(fixed.id);
    const { accepted_at: _, ...row } = objectOf(fixedColumns, fixedCells(fixed));
    const body = message === undefined ? null : bodyOf(message);
    return { ...row, due_within: whole(status.due.within), ord: status.order, part, stream: storedStreamKey(fixed), body };
  });
}

function resultOf(plan: PlannedAppend, entry: (id: string) => EntryRecord | undefined): AppendResult {
  if (plan.status === 'conflict') return { messageId: plan.messageId, status: 'conflict' };
  const entries = plan.entryIds.flatMap((id) => entry(id) ?? []).map((record) => viewOf(record));
  return { messageId: plan.messageId, status: plan.status, entries };
}
