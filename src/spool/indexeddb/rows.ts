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
import { type EntryFixed, type EntryRecord, isInNote, isTombstone, type NoteRecord } from '../state/records.ts';
import type { Transaction } from '../state/transaction.ts';
import { stores } from './database.ts';
import type { IdbTransaction } from './web-types.ts';

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

/**
 * Puts what a transaction changed. A note and its members are always written together: what the table made of them when the
 * spool was opened (`recover`) is not on disk yet, and a note in one state with members in another would make no sense to
 * the next one who opens it.
 */
export function putChanges(idb: IdbTransaction, tx: Transaction, added: ReadonlyMap<string, SpooledMessage>): void {
  const notes = new Map<string, NoteRecord>();
  const entries = new Map<string, EntryRecord>(tx.entries);
  for (const { status } of tx.entries.values()) {
    const note = isInNote(status.state) ? tx.note(status.noteId) : undefined;
    if (note !== undefined) notes.set(note.id, note);
  }
  for (const [id, note] of tx.notes) {
    if (note === undefined) idb.objectStore(stores.notes).delete(id);
    else notes.set(id, note);
  }
  for (const note of notes.values()) {
    idb.objectStore(stores.notes).put(noteRow(note), note.id);
    for (const member of tx.members(note)) entries.set(member.fixed.id, member);
  }
  for (const [id, record] of entries) idb.objectStore(stores.entries).put(record, id);
  for (const [id, message] of added) idb.objectStore(stores.messages).put(messageRow(message), id);
  // A tombstone keeps no text.
  for (const [id, { status }] of tx.entries) if (isTombstone(status)) idb.objectStore(stores.messages).delete(id);
}
