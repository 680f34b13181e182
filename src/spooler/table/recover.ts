import type { Reason } from '../../spool/contract.ts';
import type { SpoolTable } from '../../spool/journaled/state-table.ts';
import { clamp } from '../../spool/state/records.ts';
import { toUnconfirmed } from '../../spool/state/unconfirmed.ts';

const died: Reason = { code: 'OUTCOME_UNKNOWN', text: 'The process ended before an outcome was recorded.' };

/**
 * After opening, by the only process that has the spool: whatever was delivering may have been sent, no due time is
 * further off than its maximum, and the grace period of unconfirmed notes starts anew, since the wall clock may have been
 * set while nobody looked.
 */
export function recover(table: SpoolTable, now: number): void {
  const tx = table.begin();
  for (const note of table.notes()) {
    const { lease, ...rest } = note;
    if (note.state === 'delivering') toUnconfirmed(tx, note, { lastRanAt: now, after: 0, reason: died, now });
    else tx.putNote({ ...rest, due: clamp(note.due, now), lastRanAt: now });
  }
  for (const record of table.entries()) {
    const { fixed, status } = tx.entry(record.fixed.id) ?? record;
    const due = clamp(status.due, now);
    const expiresAt = Math.min(status.expiresAt, now + fixed.expiresIn);
    const endedAt = status.endedAt === undefined ? undefined : Math.min(status.endedAt, now);
    if (due === status.due && expiresAt === status.expiresAt && endedAt === status.endedAt) continue;
    // The revision stays: what is on disk is not wrong, only read with another clock.
    tx.replace(record, { ...status, due, expiresAt, ...(endedAt === undefined ? {} : { endedAt }) }, { report: false });
  }
  table.commit(tx);
}
