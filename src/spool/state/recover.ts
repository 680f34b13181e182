import type { Reason } from '../contract.ts';
import { clampEntry, clampNote } from './derived.ts';
import { type EntryRecord, isInNote, type NoteRecord } from './records.ts';
import type { Transaction } from './transaction.ts';
import { probeAlone, toUnconfirmed } from './unconfirmed.ts';

const died: Reason = { code: 'OUTCOME_UNKNOWN', text: 'The process ended before an outcome was recorded.' };

const lost: Reason = {
  code: 'OUTCOME_UNKNOWN',
  text: 'The record of its note cannot be read; it may have been sent.',
};

/**
 * Corrects one note after opening, in the only process that has the spool: a note that was being delivered may have been sent, no due time is further off than it can be,
 * and the grace period of an unconfirmed note starts anew, since the wall clock may have been set meanwhile. Leaves alone a note with a lease: it is at work in this process.
 */
export function recoverNote(tx: Transaction, note: NoteRecord, now: number): void {
  if (note.lease !== undefined) return;
  const entryIds = note.entryIds.filter((id) => isMember(note, tx.entry(id)));
  if (entryIds.length === 0) {
    tx.dropNote(note.id);
    return;
  }
  if (note.state === 'delivering') {
    toUnconfirmed(tx, { ...note, entryIds }, { lastRanAt: now, after: 0, reason: died, now });
    return;
  }
  const clamped = clampNote(note, now);
  const lastRanAt = note.state === 'unconfirmed' ? now : clamped.lastRanAt;
  const same = clamped === note && lastRanAt === note.lastRanAt && entryIds.length === note.entryIds.length;
  if (!same) tx.putNote({ ...clamped, entryIds, lastRanAt });
}

/** Corrects one entry, after its note. A member whose note is gone would look as if it had never been sent. */
export function recoverEntry(tx: Transaction, { fixed: { id } }: EntryRecord, now: number): void {
  const record = tx.entry(id);
  if (record === undefined) return;
  const { status } = record;
  if (isInNote(status.state) && tx.note(status.noteId)?.entryIds.includes(id) !== true) {
    // Its own record names every attempt that was probed, but not the place of one that was running.
    if (status.state === 'unconfirmed' && status.unknownAttempts.length > 0) probeAlone(tx, record, { reason: lost }, now);
    else tx.move(record, 'dead', { reason: lost, endedAt: tx.wall(now) });
    return;
  }
  const clamped = clampEntry(record, now, tx.wall(now));
  if (clamped === status) return;
  const { due, expiresAt, endedAt } = clamped;
  tx.move(record, status.state, { due, expiresAt, endedAt });
}

function isMember(note: NoteRecord, entry: EntryRecord | undefined): boolean {
  return entry !== undefined && entry.status.noteId === note.id && entry.status.state === note.state;
}
