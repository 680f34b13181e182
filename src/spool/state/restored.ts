import type { Reason } from '../contract.ts';
import { dueOnceLetGo, type EntryRecord, isActive, unbound } from './records.ts';
import type { Transaction } from './transaction.ts';
import { probeAlone, toUnconfirmed } from './unconfirmed.ts';

/*
 * A restored copy of a spool is behind: what waits in it may have been sent since the copy was made, and its host has to check before anything goes on.
 */

const restored: Reason = {
  code: 'SPOOL_RESTORED',
  text: 'It waits in a restored copy of the spool and may have been sent since the copy was made; releaseRestored() releases it.',
};

const running: Reason = { code: 'OUTCOME_UNKNOWN', text: 'Its attempt was running when the copy of the spool was made.' };

/** Holds an entry that waits or is at work; it keeps its place in the order and its unknown attempts. */
export function holdRestored(tx: Transaction, id: string, now: number, reason: Reason = restored): void {
  const before = tx.entry(id);
  if (before === undefined || !isActive(before.status.state)) return;
  const note = tx.note(before.status.noteId);
  if (note?.lease?.kind === 'deliver') toUnconfirmed(tx, note, { lastRanAt: now, after: 0, reason: running, now });
  const record: EntryRecord = tx.entry(id) ?? before;
  tx.leaveNote(record);
  tx.move(record, 'held', { ...unbound, reason });
}

/** Lets an entry go on that {@link holdRestored} has held, at its place in the order; one that may have been sent is probed first. */
export function releaseRestored(tx: Transaction, id: string, now: number): void {
  const record = tx.entry(id);
  if (record === undefined || record.status.state !== 'held') return;
  if (record.status.unknownAttempts.length > 0) probeAlone(tx, record, { reason: undefined }, now);
  else tx.move(record, 'spooled', { due: dueOnceLetGo(record, now), reason: undefined });
}

/** Whether an entry is still held because its spool is a restored copy: until its host does anything with it. */
export function isHeldOfCopy(record: EntryRecord | undefined): boolean {
  return record?.status.state === 'held' && record.status.reason?.code === restored.code;
}
