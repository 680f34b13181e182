import type { ExpireRequest, Reason } from '../contract.ts';
import type { EntryRecord, EntryStatus } from './records.ts';
import { storableReason } from './records.ts';
import type { Transaction } from './transaction.ts';
import { lookForAlone } from './unconfirmed.ts';

/** For how many ms each closed lane could not be tried. */
export function closedLanes({ closedLanes: lanes }: ExpireRequest): ReadonlyMap<string, number> {
  return new Map(lanes.map(({ lane, closedFor }) => [lane, closedFor]));
}

/** Ends one entry that is past its expiry, if it was tried, or could not be; what may have been sent is only looked for, and not for ever. */
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
  // For good, whatever becomes of the clock: others of its conversation may be sent from now on.
  if (status.unknownAttempts.length > 0) lookForAlone(tx, record, { reason, ...onlyLookedFor(tx.wall(now)) }, now);
  else tx.move(record, 'dead', { reason, endedAt: tx.wall(now) });
}

/** An expiry that counts for good. When that was, by the wall clock, is kept as the due time, which nothing else needs any more. */
function onlyLookedFor(now: number): Pick<EntryStatus, 'expiresAt' | 'due'> {
  return { expiresAt: 0, due: { at: now, within: 0 } };
}

const neverSettled: Reason = {
  code: 'OUTCOME_UNKNOWN',
  text: 'Whether it was sent could not be settled, and it expired too long ago to go on looking.',
};

/** It may have been sent, and never will be again: alone in its note it holds back nobody, and is given up some time after its expiry. */
function expireUnconfirmed(tx: Transaction, record: EntryRecord, giveUpAfter: number | undefined, now: number): void {
  const { status } = record;
  const note = tx.note(status.noteId);
  const isMarked = status.expiresAt === 0;
  const wall = tx.wall(now);
  if (note === undefined || status.expiresAt > wall) return;
  // What was tried once more long after its expiry, as after a week switched off, is looked for as long as anything else.
  const since = isMarked ? status.due.at : Math.max(status.expiresAt, tx.wall(note.lastRanAt));
  if (!isMarked && note.entryIds.length === 1) tx.move(record, 'unconfirmed', onlyLookedFor(wall));
  else if (giveUpAfter !== undefined && wall - since >= giveUpAfter) {
    tx.leaveNote(record);
    tx.move(record, 'dead', { reason: neverSettled, endedAt: wall });
  }
}
