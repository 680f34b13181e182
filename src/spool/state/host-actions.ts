import { dueOnceLetGo, isTombstone, timeAfter, unbound } from './records.ts';
import { end } from './settle.ts';
import type { Transaction } from './transaction.ts';
import { isExported } from './transfer.ts';
import { lookForAlone } from './unconfirmed.ts';

/** hold: spooled or deferred entries wait until they are released. */
export function hold(tx: Transaction, ids: readonly string[]): void {
  for (const id of ids) {
    const record = tx.entry(id);
    if (record === undefined || !(record.status.state === 'spooled' || record.status.state === 'deferred')) continue;
    tx.leaveNote(record);
    tx.move(record, 'held', unbound);
  }
}

/** release: held entries go on at the end of the order; what may have been sent is looked for first. */
export function release(tx: Transaction, ids: readonly string[], now: number): void {
  for (const id of ids) {
    const record = tx.entry(id);
    if (record === undefined || record.status.state !== 'held' || isExported(record.status)) continue;
    const order = tx.nextOrder();
    if (record.status.unknownAttempts.length > 0) lookForAlone(tx, record, { order, reason: undefined }, now);
    else tx.move(record, 'spooled', { order, due: dueOnceLetGo(record, now), reason: undefined });
  }
}

/** cancel: at once where nothing runs; otherwise requested, and carried out once the attempt is known unsent. */
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

/** requeue: a dead entry starts anew; `force` sends it without looking for what may have been sent. */
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
    if (record.status.unknownAttempts.length > 0 && !force) lookForAlone(tx, record, patch, now);
    else tx.move(record, 'spooled', { ...patch, due: { at: now, within: 0 } });
  }
}

/** purge: forgets what has ended; its tombstone stays its time. */
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
