import type { Audience, Mailbox } from '../../transport/contract.ts';
import { type SpooledMessage, type SpoolState, spoolStates } from '../contract.ts';
import { ShapeError } from '../journaled/json-shape.ts';
import type { EntryFixed, EntryRecord, EntryStatus } from '../state/records.ts';
import { packedList, unpackedList } from './attempts.ts';

/** A row that does not hold what this library wrote. Its message says where, never what was found: that may be the text of a message. */
export class RowError extends Error {
  constructor(where: string) {
    super(`${where} cannot be read`);
  }
}

/** Parses a JSON column; V8's own errors quote the text, so they go no further. */
function jsonOf(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new RowError(where);
  }
}

/** Parses a column that holds a JSON array. @throws {RowError} */
export function listOf<Item>(text: string | null, where: string): readonly Item[] {
  if (text === null) return [];
  const list = jsonOf(text, where);
  if (!Array.isArray(list)) throw new RowError(where);
  return list;
}

/** Parses a column that holds a JSON object. @throws {RowError} */
export function objectOf<Value extends object>(text: string, where: string): Value {
  const value = jsonOf(text, where);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new RowError(where);
  return value as Value;
}

/** Rounds up to whole ms, which columns of times and durations hold: a wait is never shorter than asked for. */
export function whole(ms: number): number {
  return Math.ceil(ms);
}

/** A message as JSON, without its recipients: those are in the entry's own row, which outlives it. */
export function bodyOf({ to: _to, ...rest }: SpooledMessage): string {
  return JSON.stringify(rest);
}

/** Reads a message, and adds its recipients. @throws {RowError} */
export function messageOf(body: string, to: readonly Mailbox[]): SpooledMessage {
  const { from, text, html, sentAt, traceparent } = objectOf<Partial<SpooledMessage>>(body, 'the message');
  const whole = typeof text === 'string' && typeof from?.sip === 'string' && typeof from.mailbox?.address === 'string';
  if (!whole || typeof sentAt !== 'number') throw new RowError('the message');
  const optional = { ...(html === undefined ? {} : { html }), ...(traceparent === undefined ? {} : { traceparent }) };
  return { from, to, text, sentAt, ...optional };
}

/** A value in a column of these tables. */
export type Cell = string | number | null;

/** Columns of the part of an entry that never changes, in the order of {@link fixedCells}. */
export const fixedColumns = [
  'id',
  'message_id',
  'content_hash',
  'lane',
  'conversation_id',
  'audience',
  'recipients_key',
  'message_class',
  'weight',
  'recipients',
  'accepted_at',
  'pickup_at',
  'expires_in',
] as const;

/** Columns of the part that changes, in the order of {@link statusCells}. `ord` comes last: an update may leave it out. */
export const statusColumns = [
  'state',
  'rev',
  'due_at',
  'due_within',
  'expires_at',
  'single',
  'unknown_attempts',
  'cancel_requested',
  'tried_by',
  'note_id',
  'attempt',
  'reason',
  'ended_at',
  'sent_class',
  'purged',
  'ord',
] as const;

/** An entry as databases keep it: flags are 0 or 1, what is absent is null, lists and objects are JSON. */
export interface EntryRow {
  readonly id: string;
  readonly message_id: string;
  readonly content_hash: string;
  readonly lane: string;
  readonly conversation_id: string;
  readonly audience: string;
  readonly recipients_key: string;
  readonly message_class: string;
  readonly weight: number;
  readonly recipients: string;
  readonly accepted_at: number;
  readonly pickup_at: number;
  readonly expires_in: number;
  readonly state: string;
  readonly rev: number;
  readonly due_at: number;
  readonly due_within: number;
  readonly expires_at: number;
  readonly single: number;
  readonly unknown_attempts: string | null;
  readonly cancel_requested: number;
  readonly tried_by: string | null;
  readonly note_id: string | null;
  readonly attempt: number;
  readonly reason: string | null;
  readonly ended_at: number | null;
  readonly sent_class: string | null;
  readonly purged: number;
  readonly ord: number;
}

export function fixedCells(fixed: EntryFixed): Cell[] {
  return [
    fixed.id,
    fixed.messageId,
    fixed.contentHash,
    fixed.lane,
    fixed.conversationId,
    fixed.audience,
    fixed.recipientsKey,
    fixed.messageClass,
    whole(fixed.weight),
    JSON.stringify(fixed.to),
    fixed.acceptedAt,
    whole(fixed.pickupAt),
    whole(fixed.expiresIn),
  ];
}

export function statusCells(status: EntryStatus): Cell[] {
  return [
    status.state,
    status.rev,
    whole(status.due.at),
    whole(status.due.within),
    whole(status.expiresAt),
    status.single ? 1 : 0,
    status.unknownAttempts.length === 0 ? null : JSON.stringify(packedList(status.unknownAttempts)),
    status.cancelRequested ? 1 : 0,
    status.triedBy ?? null,
    status.noteId ?? null,
    status.attempt,
    status.reason === undefined ? null : JSON.stringify(status.reason),
    status.endedAt ?? null,
    status.sentClass ?? null,
    status.purged === true ? 1 : 0,
    status.order,
  ];
}

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

/** Reads an entry. @throws {RowError} */
export function entryOf(row: EntryRow): EntryRecord {
  const fixed: EntryFixed = {
    id: row.id,
    messageId: row.message_id,
    contentHash: row.content_hash,
    lane: row.lane,
    conversationId: row.conversation_id,
    audience: row.audience as Audience,
    recipientsKey: row.recipients_key,
    messageClass: row.message_class,
    weight: row.weight,
    to: listOf(row.recipients, 'the recipients'),
    acceptedAt: row.accepted_at,
    pickupAt: row.pickup_at,
    expiresIn: row.expires_in,
  };
  const status: Mutable<EntryStatus> = {
    state: stateOf(row.state),
    rev: row.rev,
    order: row.ord,
    due: { at: row.due_at, within: row.due_within },
    expiresAt: row.expires_at,
    single: row.single === 1,
    unknownAttempts: row.unknown_attempts === null ? [] : attemptsIn(row.unknown_attempts),
    cancelRequested: row.cancel_requested === 1,
    attempt: row.attempt,
  };
  if (row.tried_by !== null) status.triedBy = row.tried_by;
  if (row.note_id !== null) status.noteId = row.note_id;
  if (row.reason !== null) status.reason = objectOf(row.reason, 'the reason');
  if (row.ended_at !== null) status.endedAt = row.ended_at;
  if (row.sent_class !== null) status.sentClass = row.sent_class;
  if (row.purged === 1) status.purged = true;
  return { fixed, status };
}

/** @throws {RowError} */
function attemptsIn(text: string): EntryStatus['unknownAttempts'] {
  const where = 'the unknown attempts';
  try {
    return unpackedList(jsonOf(text, where), where);
  } catch (error) {
    if (error instanceof ShapeError) throw new RowError(where);
    throw error;
  }
}

/** Reads a state; `undefined` for anything that no version of this library writes. */
export function knownState(value: unknown): SpoolState | undefined {
  return spoolStates.find((state) => state === value);
}

function stateOf(name: string): SpoolState {
  const state = knownState(name);
  if (state === undefined) throw new RowError('the state');
  return state;
}
