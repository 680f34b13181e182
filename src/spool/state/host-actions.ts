import { dueOnceLetGo, isTombstone, timeAfter, unbound } from './records.ts';
import { end } from './settle.ts';
import type { Transaction } from './transaction.ts';
import { isExported } from './transfer.ts';
import { probeAlone } from './unconfirmed.ts';

/** Holds spooled and deferred entries until they are released. */
export function hold(tx: Transaction, ids: readonly string[]): void {
  for (const id of ids) {
    const record = tx.entry(id);
    if (record === undefined || !(record.status.state === 'spooled' || record.status.state === 'deferred')) continue;
    tx.leaveNote(record);
    tx.move(record, 'held', unbound);
  }
}

/** Spools held entries at the end of the order; those that may have been sent are probed first. */
export function release(tx: Transaction, ids: readonly string[], now: number): void {
  for (const id of ids) {
    const record = tx.entry(id);
    if (record === undefined || record.status.state !== 'held' || isExported(record.status)) continue;
    const order = tx.nextOrder();
    if (record.status.unknownAttempts.length > 0) probeAlone(tx, record, { order, reason: undefined }, now);
    else tx.move(record, 'spooled', { order, due: dueOnceLetGo(record, now), reason: undefined });
  }
}

/** Cancels entries: at once where nothing runs; otherwise as soon as the attempt is known to be unsent. */
export function cancel(tx: Transaction, ids: readonly string[], now: number): void {
  for (const id of ids) {
    const record = tx.entry(id);
    if (record === undefined || isTombstone(record.status)) continue;
    const { state } = record.status;
    if (state === 'delivering' || state === 'unconfirmed') {
      const requested = tx.move(record, state, { cancelRequested: true });
      tx.report(requested, state, state);
      continue;
    }
    tx.leaveNote(record);
    end(tx, record, 'cancelled', now);
  }
}

/** Spools dead entries anew; `force` sends those that may have been sent without a probe. */
export function requeue(tx: Transaction, ids: readonly string[], now: number, force: boolean): void {
  for (const id of ids) {
    const record = tx.entry(id);
    if (record === undefined || record.status.state !== 'dead' || isTombstone(record.status)) continue;
    const patch = {
      order: tx.nextOrder(),
      expiresAt: timeAfter(tx.wall(now), record.fixed.expiresIn),
      cancelRequested: false,
      reason: undefined,
      endedAt: undefined,
      ...unbound,
      triedBy: undefined,
    };
    if (record.status.unknownAttempts.length > 0 && !force) probeAlone(tx, record, patch, now);
    else tx.move(record, 'spooled', { ...patch, due: { at: now, within: 0 } });
  }
}

/** Forgets entries that have ended; their tombstones stay for their time. */
export function purge(tx: Transaction, ids: readonly string[]): void {
  for (const id of ids) {
    const record = tx.entry(id);
    if (record === undefined || record.status.purged === true) continue;
    const { state } = record.status;
    if (state !== 'delivered' && state !== 'dead' && state !== 'cancelled') continue;
    const purged = tx.move(record, state, { purged: true });
    tx.report(purged, state, 'purged');
  }
}
