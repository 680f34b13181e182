import { missing } from '../../../core/errors/missing.ts';
import { OfflineImError } from '../../../core/errors/offline-im-error.ts';
import type { AppendResult, NewSpoolEntry, SpooledMessage } from '../../contract.ts';
import { bodyOf, fixedCells, fixedColumns, whole } from '../../rows/entry-row.ts';
import { appendMessage, type PlannedAppend } from '../../state/append.ts';
import { type EntryRecord, viewOf } from '../../state/records.ts';
import { asSpoolError } from '../connection/pg-error.ts';
import type { PgClient } from '../connection/pool.ts';
import { appendNew, insertEntries, lockStreams, newValues } from '../tables/append.ts';
import { countersOf, countersOfNew } from '../tables/counters.ts';
import { Loaded, type ReadEntry } from '../tables/loaded.ts';
import type { Sql } from '../tables/statement.ts';
import { refreshStreams, storedStreamKey } from '../tables/streams.ts';
import { isStorable, textArray } from '../tables/texts.ts';
import { objectOf } from '../tables/write.ts';
import { begin } from './work.ts';

/** The result of a message that was not appended, or may not have been. */
export function failedAppend(message: NewMessage, kept: 'no' | 'unknown', error: unknown): AppendResult {
  return { messageId: message.id, status: 'failed', kept, error: asSpoolError(error) };
}

/** The result of a message that PostgreSQL could not return unchanged. */
export function unstorableAppend(message: NewMessage): AppendResult {
  const text = 'An id, an address or a name contains U+0000 or a lone surrogate, which PostgreSQL cannot store.';
  return failedAppend(message, 'no', new OfflineImError('MESSAGE_INVALID', text));
}

/** The entries of one message: appended all or none. */
export interface NewMessage {
  readonly id: string;
  readonly entries: readonly NewSpoolEntry[];
  /** The stored key of each entry's stream. */
  readonly streams: readonly string[];
  /** What orders it after another: its streams, and its id. Neither can be taken for the other: a key is hashed. */
  readonly names: readonly string[];
}

export function newMessage(id: string, entries: readonly NewSpoolEntry[]): NewMessage {
  const streams = entries.map(storedStreamKey);
  return { id, entries, streams, names: [...streams, `id ${id}`] };
}

/** Whether {@link appendAtOnce} may be used: no id occurs twice. */
export function mayGoAtOnce(messages: readonly NewMessage[]): boolean {
  return new Set(messages.map(({ id }) => id)).size === messages.length;
}

/**
 * Appends in one round trip, in a transaction of the spool's own, whose settings it makes. If a message is stored already, all go through {@link appendMessages}.
 */
export async function appendAtOnce(client: PgClient, sql: Sql, messages: readonly NewMessage[]): Promise<Appended> {
  const entries = messages.flatMap((message) => message.entries);
  const values = valuesOf(messages, entries);
  const { taken } = await sql.row<{ taken: string | null }>(client, appendNew, values);
  if (taken === null) return appendMessages(client, sql, messages);
  const [now = Number.NaN, tick = Number.NaN] = taken.split(' ').map(Number);
  const tx = begin(new Loaded(), tick);
  const results = messages.map((message) => resultOf(appendMessage(tx, message.entries, now), (id) => tx.entry(id)));
  return { results, added: true };
}

/** The results; `added` is false when there is nothing to commit. */
interface Appended {
  readonly results: AppendResult[];
  readonly added: boolean;
}

function valuesOf(messages: readonly NewMessage[], entries: readonly NewSpoolEntry[]): string[] {
  const column = (value: (entry: NewSpoolEntry) => string): string => textArray(entries.map(value));
  const numbers = (values: readonly number[]): string => `{${values.join(',')}}`;
  // JSON has no line breaks; an array would escape each of its quotes.
  const lines = (value: (entry: NewSpoolEntry) => string): string => entries.map(value).join('\n');
  const streams = [...streamsOf(messages).values()];
  return newValues(
    numbers(countersOfNew(entries.map(({ weight }) => weight))),
    [
      textArray(streams.map(({ key }) => key)),
      textArray(streams.map(({ lane }) => lane)),
      numbers(streams.map(({ within }) => within)),
    ],
    {
      id: column(({ id }) => id),
      message_id: column(({ messageId }) => messageId),
      part: numbers(messages.flatMap((message) => message.entries.map((_, part) => part))),
      content_hash: column(({ contentHash }) => contentHash),
      lane: column(({ lane }) => lane),
      conversation_id: column(({ conversationId }) => conversationId),
      audience: column(({ audience }) => audience),
      recipients_key: column(({ recipientsKey }) => recipientsKey),
      message_class: column(({ messageClass }) => messageClass),
      weight: numbers(entries.map(({ weight }) => whole(weight))),
      expires_in: numbers(entries.map(({ expiresIn }) => whole(expiresIn))),
      due_within: numbers(entries.map(({ pickupIn }) => whole(pickupIn))),
      stream: textArray(messages.flatMap(({ streams: keys }) => keys)),
      recipients: lines(({ message }) => JSON.stringify(message.to)),
      body: lines(({ message }) => bodyOf(message)),
    },
  );
}

/** Appends messages in the transaction of `client`. @param from Payload of a notification sent at COMMIT; if omitted, none is sent. */
export async function appendMessages(
  client: PgClient,
  sql: Sql,
  messages: readonly NewMessage[],
  from?: string,
): Promise<Appended> {
  const streams = streamsOf(messages);
  const ids = messages.map(({ id }) => id);
  const locked = [JSON.stringify([...streams.values()]), ids];
  const { now, ...found } = await sql.row<{ now: string; tick: string; kept: string }>(client, lockStreams, locked);
  const loaded = new Loaded();
  for (const row of JSON.parse(found.kept) as ReadEntry[]) loaded.entryRow(row);
  loaded.assertReadable();
  const tx = begin(loaded, Number(found.tick));
  const bodies = new Map<string, SpooledMessage>();
  const plans = messages.map(({ entries }) => {
    const plan = appendMessage(tx, entries, Number(now));
    if (plan.status === 'appended') for (const { id, message } of entries) bodies.set(id, message);
    return plan;
  });
  const added = [...tx.entries.values()];
  if (added.length > 0) {
    await sql.rows(client, insertEntries, [
      JSON.stringify(rowsOf(added, bodies)),
      countersOf(added, loaded),
      from ?? null,
      now,
      tx.rev,
    ]);
  }
  // A stream locked for a message that is not new may have no entry.
  if (plans.some(({ status }) => status !== 'appended')) await refreshStreams(client, sql, [...streams.keys()]);
  const results = plans.map((plan) => resultOf(plan, (id) => tx.entry(id)));
  return { results, added: added.length > 0 };
}

/** Whether PostgreSQL would change one of its texts; the others are in JSON, which escapes them. */
export function unstorable(message: NewMessage): boolean {
  return message.entries.some(
    ({ id, messageId, contentHash, lane, conversationId, recipientsKey, messageClass }) =>
      ![id, messageId, contentHash, lane, conversationId, recipientsKey, messageClass].every(isStorable),
  );
}

interface StreamRow {
  readonly key: string;
  readonly lane: string;
  /** The pickup delay of the stream's first message here. */
  readonly within: number;
}

function streamsOf(messages: readonly NewMessage[]): Map<string, StreamRow> {
  const streams = new Map<string, StreamRow>();
  for (const message of messages) {
    for (const [part, { lane, pickupIn }] of message.entries.entries()) {
      const key = message.streams[part] ?? missing('The stream of an entry');
      if (!streams.has(key)) streams.set(key, { key, lane, within: Math.ceil(pickupIn) });
    }
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
