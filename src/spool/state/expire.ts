import type { ExpireRequest } from '../contract.ts';
import type { EntryRecord } from './records.ts';
import { storableReason } from './storable.ts';
import type { Transaction } from './transaction.ts';
import { lookForAlone } from './unconfirmed.ts';

/** For how many ms each closed lane could not be tried. */
export function closedLanes({ closedLanes: lanes }: ExpireRequest): ReadonlyMap<string, number> {
  return new Map(lanes.map(({ lane, closedFor }) => [lane, closedFor]));
}

/** Ends one entry that is past its expiry, if it was tried, or could not be. */
export function expireEntry(
  tx: Transaction,
  record: EntryRecord,
  request: Pick<ExpireRequest, 'owner' | 'reason'>,
  closed: ReadonlyMap<string, number>,
  now: number,
): void {
  const { fixed, status } = record;
  const sinceDue = now - status.due.at;
  const closedAllTheTime = sinceDue >= 0 && (closed.get(fixed.lane) ?? -1) >= sinceDue;
  if (status.triedBy !== request.owner && !closedAllTheTime) return;
  const reason = storableReason(request.reason);
  tx.leaveNote(record);
  // For good, whatever becomes of the clock: others of its conversation may be sent from now on.
  if (status.unknownAttempts.length > 0) lookForAlone(tx, record, { reason, expiresAt: 0 }, now);
  else tx.move(record, 'dead', { reason, endedAt: now });
}
