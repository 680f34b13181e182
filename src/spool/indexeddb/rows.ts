import type { SpooledMessage } from '../contract.ts';
import {
  count,
  duration,
  field,
  fields,
  listOf,
  oneOf,
  optional,
  type Reader,
  ShapeError,
  time,
  word,
} from '../journaled/json-shape.ts';
import { due, fixedPart, frozen, mailbox, message, status } from '../journaled/record-readers.ts';
import type { EntryFixed, EntryRecord, NoteRecord } from '../state/records.ts';

/** A note as it is stored: its lease ends with the tab. */
export type StoredNote = Omit<NoteRecord, 'lease'>;

/** Recipients are in the entry, which outlives its message. */
export function messageRow({ to: _to, ...rest }: SpooledMessage): Omit<SpooledMessage, 'to'> {
  return rest;
}

/** @throws {ShapeError} */
export function readMessage(row: unknown, { to }: EntryFixed): SpooledMessage {
  return message({ ...fields(row, 'the message'), to }, 'the message');
}

export function noteRow({ lease: _lease, ...rest }: NoteRecord): StoredNote {
  return rest;
}

/** @throws {ShapeError} */
export const readEntry: Reader<EntryRecord> = (row, where) => {
  const of = fields(row, where);
  const fixed = field(of, 'fixed', fields, where);
  const to = field(fixed, 'to', listOf(mailbox), `${where}.fixed`);
  return { fixed: { ...fixedPart(fixed, `${where}.fixed`), to }, status: field(of, 'status', status, where) };
};

/** @throws {ShapeError} */
export const readNote: Reader<StoredNote> = (row, where) => {
  const of = fields(row, where);
  const entryIds = field(of, 'entryIds', listOf(word), where);
  if (entryIds.length === 0 || new Set(entryIds).size < entryIds.length)
    throw new ShapeError(`${where}.entryIds`, 'a list of different entries');
  return {
    id: field(of, 'id', word, where),
    lane: field(of, 'lane', word, where),
    entryIds,
    ...optional(of, 'frozen', frozen, where),
    attempt: field(of, 'attempt', count, where),
    state: field(of, 'state', oneOf(['delivering', 'deferred', 'unconfirmed']), where),
    due: field(of, 'due', due, where),
    failures: field(of, 'failures', count, where),
    probes: field(of, 'probes', count, where),
    absences: field(of, 'absences', count, where),
    lastRanAt: field(of, 'lastRanAt', time, where),
    unconfirmedFor: field(of, 'unconfirmedFor', duration, where),
  };
};
