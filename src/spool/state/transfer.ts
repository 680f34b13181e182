import type { Reason, SpoolEntry } from '../contract.ts';
import { isParked, parked, unbound } from './records.ts';
import { holdRestored } from './restored.ts';
import { end } from './settle.ts';
import type { Transaction } from './transaction.ts';

/*
 * How entries move to another spool. The old spool holds them for good, in the same commit that stops their claims. The new one appends them parked, so that nobody claims
 * them, and then adopts the state that they had. A process that dies in between, on either side, leaves what the next one goes on with.
 */

/** Nothing lets such an entry go on in this spool. */
const exported: Reason = { code: 'EXPORTED', text: 'It was exported to another spool, and goes on there.' };
const exportedHeld: Reason = { code: 'EXPORTED', text: 'It was held when it was exported to another spool, and is held there.' };

/** An entry as its old spool had it. */
export interface MovedEntry extends Pick<SpoolEntry, 'id' | 'unknownAttempts' | 'cancelRequested'> {
  readonly state: 'waiting' | 'held' | 'dead' | 'delivered' | 'cancelled';
  readonly reason?: Reason | undefined;
}

export function isExported({ reason }: { readonly reason?: Reason | undefined }): boolean {
  return reason?.code === exported.code;
}

/** Whether an entry, as the contract shows it, is parked: its import has yet to say which state it had. */
export function isBeingImported({ state, pickupAt, acceptedAt }: SpoolEntry): boolean {
  return (state === 'spooled' || state === 'held') && pickupAt - acceptedAt > parked / 2;
}

/** Whether an exported entry had been held before. */
export function wasHeld({ reason }: { readonly reason?: Reason | undefined }): boolean {
  return reason?.text === exportedHeld.text;
}

/** Holds for good an entry that waits, is at work or was held; it keeps its unknown attempts. */
export function holdExported(tx: Transaction, id: string, now: number): void {
  const before = tx.entry(id);
  if (before === undefined || isExported(before.status) || isParked(before)) return;
  if (before.status.state === 'held') tx.move(before, 'held', { reason: exportedHeld });
  else holdRestored(tx, id, now, exported);
}

/** Gives a parked entry the state that it had in its old spool; one that waited there is held as in a restored copy. Done once. */
export function adopt(tx: Transaction, moved: MovedEntry, now: number): void {
  const found = tx.entry(moved.id);
  if (found === undefined || !isParked(found)) return;
  const { unknownAttempts, reason } = moved;
  // From here on it is an entry like any other, due when it is let go.
  const record = tx.move(found, found.status.state, { due: { at: now, within: 0 } });
  switch (moved.state) {
    case 'waiting':
      holdRestored(tx, moved.id, now);
      withAttempts(tx, moved, now);
      return;
    case 'held':
      tx.move(record, 'held', { ...unbound, unknownAttempts, reason });
      return;
    case 'dead':
      tx.move(record, 'dead', { ...unbound, unknownAttempts, reason, endedAt: tx.wall(now) });
      return;
    case 'delivered':
    case 'cancelled':
      end(tx, record, moved.state, now);
  }
}

/** Keeps its unknown attempts, and a cancel that was requested. */
function withAttempts(tx: Transaction, { id, unknownAttempts, cancelRequested }: MovedEntry, now: number): void {
  const record = tx.entry(id);
  if (record === undefined) return;
  if (unknownAttempts.length > 0) tx.move(record, 'held', { unknownAttempts, cancelRequested });
  else if (cancelRequested) end(tx, record, 'cancelled', now);
}
