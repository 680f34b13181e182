import type { AttemptEnd, UnknownAttempt } from '../../transport/contract.ts';
import type { Reason } from '../contract.ts';
import { dueAfter, type EntryRecord, type NoteRecord, tagOf } from './records.ts';
import type { Transaction } from './transaction.ts';

/** Makes a note unconfirmed: its running attempt may have been processed, and is probed from now on. */
export function toUnconfirmed(
  tx: Transaction,
  note: NoteRecord,
  {
    lastRanAt,
    after,
    ended,
    reason,
    now,
  }: { lastRanAt: number; after: number; ended?: AttemptEnd | undefined; reason: Reason; now: number },
): void {
  const { lease: _lease, ...rest } = note;
  const attempt = runningAttempt(note, ended);
  tx.putNote({
    ...rest,
    state: 'unconfirmed',
    due: dueAfter(now, after),
    probes: 0,
    absences: 0,
    lastRanAt,
    unconfirmedFor: 0,
  });
  for (const member of tx.members(note)) {
    const known = member.status.unknownAttempts;
    const isKnown = attempt === undefined || known.some((one) => one.tag === attempt.tag);
    const unknownAttempts = isKnown ? known : [...known, attempt];
    tx.move(member, 'unconfirmed', { unknownAttempts, reason });
  }
}

/** The running attempt of a note as its members keep it; `undefined` without a place. `silence` is left out, as in records of 0.1.0. */
export function runningAttempt(note: NoteRecord, ended?: AttemptEnd): UnknownAttempt | undefined {
  const place = note.frozen?.place;
  if (place === undefined) return undefined;
  const tag = tagOf(note.id, note.attempt);
  return ended === 'fault' ? { tag, place, ended } : { tag, place };
}

/** Puts an entry that has unknown attempts from an earlier note into a note of its own, to be probed before it may be sent. */
export function probeAlone(tx: Transaction, record: EntryRecord, patch: Parameters<Transaction['move']>[2], now: number): void {
  const noteId = `${record.fixed.id}-${tx.rev}`;
  tx.putNote({
    id: noteId,
    lane: record.fixed.lane,
    entryIds: [record.fixed.id],
    attempt: 0,
    state: 'unconfirmed',
    due: { at: now, within: 0 },
    failures: 0,
    probes: 0,
    absences: 0,
    lastRanAt: now,
    unconfirmedFor: 0,
  });
  tx.move(record, 'unconfirmed', { ...patch, noteId, attempt: 0 });
}

const lapsed: Reason = { code: 'OUTCOME_UNKNOWN', text: 'The lease expired before an outcome was recorded.' };

/**
 * Ends leases that have run out: a note that was being delivered becomes unconfirmed, a probe is due again. Its grace period begins now: of a clock that was set forward
 * nobody can tell how long ago the lease really ended, and its request may still be on its way.
 */
export function expireLeases(tx: Transaction, leased: Iterable<string>, now: number): void {
  for (const id of leased) {
    const note = tx.note(id);
    if (note?.lease === undefined || note.lease.until > now) continue;
    if (note.lease.kind === 'deliver') {
      toUnconfirmed(tx, note, { lastRanAt: now, after: 0, reason: lapsed, now });
    } else {
      const { lease: _lease, ...rest } = note;
      tx.putNote({ ...rest, due: { at: now, within: 0 } });
    }
  }
}
