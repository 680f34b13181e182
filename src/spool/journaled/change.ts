import type { SpooledMessage } from '../contract.ts';
import { isInNote, isTombstone, type NoteRecord } from '../state/records.ts';
import type { TableReads, Transaction } from '../state/transaction.ts';
import type { JournalChange, StoredNote } from './journal.ts';

/** A {@link JournalChange} while it is put together. */
interface Draft {
  readonly entries: Map<string, Parameters<Transaction['add']>[0] | undefined>;
  readonly notes: Map<string, StoredNote | undefined>;
  readonly messages: Map<string, SpooledMessage | undefined>;
}

/**
 * The part of an operation that must be written before the table may show it: everything but leases. A note takes all its members along, and an entry its note, so that
 * the contents of a journal always fit together.
 */
export function changeOf(tx: Transaction, table: TableReads, added: ReadonlyMap<string, SpooledMessage>): JournalChange {
  const change: Draft = { entries: new Map(tx.entries), notes: new Map(), messages: new Map(added) };
  for (const [id, note] of tx.notes) {
    const before = table.note(id);
    if (note === undefined) {
      if (before !== undefined) change.notes.set(id, undefined);
    } else if (before === undefined || !sameWithoutLease(note, before)) putNote(change, tx, note);
  }
  for (const { fixed, status } of tx.entries.values()) {
    const note = isInNote(status.state) ? tx.note(status.noteId) : undefined;
    if (note !== undefined && !change.notes.has(note.id)) putNote(change, tx, note);
    if (isTombstone(status)) change.messages.set(fixed.id, undefined);
  }
  for (const id of tx.forgotten) change.entries.set(id, undefined);
  return change;
}

/** The messages of a change, for a journal that keeps nothing else. */
export function messagesOf(tx: Transaction, added: ReadonlyMap<string, SpooledMessage>): JournalChange {
  const messages: Draft['messages'] = new Map(added);
  for (const { fixed, status } of tx.entries.values()) if (isTombstone(status)) messages.set(fixed.id, undefined);
  for (const id of tx.forgotten) messages.set(id, undefined);
  return { entries: none, notes: none, messages };
}

const none: ReadonlyMap<string, undefined> = new Map();

export function isEmpty({ entries, notes, messages }: JournalChange): boolean {
  return entries.size === 0 && notes.size === 0 && messages.size === 0;
}

function putNote(change: Draft, tx: Transaction, note: NoteRecord): void {
  const { lease: _lease, ...stored } = note;
  change.notes.set(note.id, stored);
  for (const member of tx.members(note)) change.entries.set(member.fixed.id, member);
}

function sameWithoutLease(one: NoteRecord, other: NoteRecord): boolean {
  return (
    one.state === other.state &&
    one.attempt === other.attempt &&
    one.frozen === other.frozen &&
    one.due.at === other.due.at &&
    one.due.within === other.due.within &&
    one.failures === other.failures &&
    one.probes === other.probes &&
    one.absences === other.absences &&
    one.lastRanAt === other.lastRanAt &&
    one.unconfirmedFor === other.unconfirmedFor &&
    one.entryIds.length === other.entryIds.length &&
    one.entryIds.every((id, index) => id === other.entryIds[index])
  );
}
