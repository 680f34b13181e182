import type { ExpireRequest, Reason } from '../contract.ts';
import type { EntryRecord, EntryStatus } from './records.ts';
import { storableReason } from './records.ts';
import type { Transaction } from './transaction.ts';
import { probeAlone } from './unconfirmed.ts';

/** The ms for which each closed lane could not be tried, by lane. */
export function closedLanes({ closedLanes: lanes }: ExpireRequest): ReadonlyMap<string, number> {
  return new Map(lanes.map(({ lane, closedFor }) => [lane, closedFor]));
}

/** Ends one entry that has expired, if it was tried or could not be. One that may have been sent is only probed from then on, and not for ever. */
export function expireEntry(
  tx: Transaction,
  record: EntryRecord,
  request: Pick<ExpireRequest, 'owner' | 'reason' | 'giveUpAfter' | 'keptLanes' | 'allClosedFor'>,
  closed: ReadonlyMap<string, number>,
  now: number,
): void {
  const { fixed, status } = record;
  if (status.state === 'unconfirmed') {
    const isKept = request.keptLanes?.includes(fixed.lane) === true;
    expireUnconfirmed(tx, record, isKept ? undefined : request.giveUpAfter, now);
    return;
  }
  const sinceDue = now - status.due.at;
  const closedAllTheTime = sinceDue >= 0 && Math.max(closed.get(fixed.lane) ?? -1, request.allClosedFor ?? -1) >= sinceDue;
  if (status.triedBy !== request.owner && !closedAllTheTime) return;
  const reason = storableReason(request.reason);
  tx.leaveNote(record);
  // For good, whatever becomes of the clock: later entries of its conversation may be sent from now on.
  if (status.unknownAttempts.length > 0) probeAlone(tx, record, { reason, ...onlyProbed(tx.wall(now)) }, now);
  else tx.move(record, 'dead', { reason, endedAt: tx.wall(now) });
}

/** Marks an entry as expired for good. Its due time, which nothing else needs any more, keeps when that was by the wall clock. */
function onlyProbed(now: number): Pick<EntryStatus, 'expiresAt' | 'due'> {
  return { expiresAt: 0, due: { at: now, within: 0 } };
}

const neverSettled: Reason = {
  code: 'OUTCOME_UNKNOWN',
  text: 'No probe could settle whether it was sent, and it expired too long ago to keep probing.',
};

/** An entry that may have been sent is never sent again: alone in its note it holds back none, and `giveUpAfter` its expiry it is dead. */
function expireUnconfirmed(tx: Transaction, record: EntryRecord, giveUpAfter: number | undefined, now: number): void {
  const { status } = record;
  const note = tx.note(status.noteId);
  const isMarked = status.expiresAt === 0;
  const wall = tx.wall(now);
  if (note === undefined || status.expiresAt > wall) return;
  // One that was tried long after its expiry, as after a week switched off, is probed for as long as any other.
  const since = isMarked ? status.due.at : Math.max(status.expiresAt, tx.wall(note.lastRanAt));
  if (!isMarked && note.entryIds.length === 1) tx.move(record, 'unconfirmed', onlyProbed(wall));
  else if (giveUpAfter !== undefined && wall - since >= giveUpAfter) {
    tx.leaveNote(record);
    tx.move(record, 'dead', { reason: neverSettled, endedAt: wall });
  }
}
