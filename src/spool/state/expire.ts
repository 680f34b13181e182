import type { ExpireRequest } from '../contract.ts';
import type { SpoolTable } from '../journaled/state-table.ts';
import type { EntryRecord } from './records.ts';
import type { Transaction } from './transaction.ts';
import { lookForAlone } from './unconfirmed.ts';

/**
 * Ends what is past its expiry, but never what nobody has tried: a clock set forward, or a week switched off, expires
 * nothing. What may have been sent is looked for once more.
 */
export function expire(tx: Transaction, table: SpoolTable, request: ExpireRequest, now: number): void {
  const closed = closedLanes(request);
  const taken: string[] = [];
  for (let id = table.expiries.take(now); id !== undefined; id = table.expiries.take(now)) {
    taken.push(id);
    const record = tx.entry(id);
    if (record !== undefined) expireEntry(tx, record, request, closed, now);
  }
  for (const id of taken) {
    const status = table.entry(id)?.status;
    table.expiries.set(id, status?.expiresAt);
  }
}

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
  tx.leaveNote(record);
  // For good, whatever becomes of the clock: others of its conversation may be sent from now on.
  if (status.unknownAttempts.length > 0) lookForAlone(tx, record, { reason: request.reason, expiresAt: 0 }, now);
  else tx.move(record, 'dead', { reason: request.reason, endedAt: now });
}
