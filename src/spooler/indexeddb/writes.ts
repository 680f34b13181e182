import type { SpooledMessage } from '../../spool/contract.ts';
import { stores } from '../../spool/indexeddb/database.ts';
import { messageRow, noteRow } from '../../spool/indexeddb/rows.ts';
import type { IdbTransaction } from '../../spool/indexeddb/web-types.ts';
import { type EntryRecord, isInNote, isTombstone, type NoteRecord } from '../../spool/state/records.ts';
import type { Transaction } from '../../spool/state/transaction.ts';

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
