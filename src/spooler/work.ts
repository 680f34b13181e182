import type { Change, ClaimedNote } from '../spool/contract.ts';
import { deliverBatch, probeBatch } from './batch.ts';
import type { SpoolerContext } from './context.ts';
import type { Lanes } from './lanes/lanes.ts';
import { toldByProbe } from './outcome.ts';
import { reportClaim, reportSettled } from './settle.ts';
import { settleAll } from './settle-all.ts';

/** Notes of one lane that were claimed together. */
export interface Batch {
  readonly kind: 'deliver' | 'probe';
  readonly lane: string;
  readonly notes: readonly ClaimedNote[];
  /** Monotonic time at which they were asked for. */
  readonly claimedAt: number;
}

/** Takes a batch through the transport, under leases that are kept, and settles what became of it; resolves with what changed. */
export async function workOn(context: SpoolerContext, lanes: Lanes, batch: Batch): Promise<readonly Change[]> {
  const { kind, lane, notes, claimedAt } = batch;
  const tokens = notes.map(({ token }) => token);
  if (context.stopping()) {
    // Claimed while stop() was called: as if it had never been.
    await context.storage.settle(tokens.map((token) => ({ token, to: 'unclaim' })));
    return [];
  }
  const startedAt = context.clock.monotonic();
  context.leases.add(tokens, claimedAt);
  try {
    for (const note of notes) reportClaim(context, kind, note);
    const settled = await (kind === 'deliver' ? deliverBatch(context, notes) : probeBatch(context, notes));
    for (const { outcome, result } of settled) {
      if (outcome !== undefined) lanes.record(lane, outcome, startedAt);
      if (result?.status === 'unknown') lanes.record(lane, toldByProbe(result.error), startedAt);
      else if (result !== undefined) lanes.answered(lane, startedAt);
    }
    const { changes, lost } = await settleAll(context, settled);
    for (const token of lost) context.trace.step('settle:lost', { token });
    reportSettled(context, kind, settled, changes);
    return changes;
  } finally {
    context.leases.remove(tokens);
  }
}
