import { sleep } from '../core/clock.ts';
import { hasCode } from '../core/errors/offline-im-error.ts';
import type { ClaimedNote, Settlement } from '../spool/contract.ts';
import type { DeliveryOutcome, ProbeResult } from '../transport/contract.ts';
import type { SpoolerContext } from './context.ts';
import { asError } from './reason.ts';

/** One settlement a note, and what it came from. */
export interface Settled {
  readonly note: ClaimedNote;
  readonly settlement: Settlement;
  readonly outcome?: DeliveryOutcome;
  readonly result?: ProbeResult;
}

/** Writes settlements; while the storage fails, again and again until they are written or their leases are lost. */
export async function settleAll(
  context: SpoolerContext,
  settled: readonly Settled[],
): Promise<Awaited<ReturnType<SpoolerContext['storage']['settle']>>> {
  for (let failures = 1; ; failures++) {
    try {
      return await context.storage.settle(settled.map(({ settlement }) => settlement));
    } catch (error) {
      context.trace.warn(asError(error));
      const over = hasCode(error, 'SPOOL_CLOSED') || context.leases.left(settled.map(({ note }) => note.token)) <= 0;
      if (over || context.signal.aborted) return { lost: settled.map(({ note }) => note.token), changes: [] };
      await sleep(context.clock, Math.min(10_000, 100 * 2 ** Math.min(failures, 7)), context.signal);
    }
  }
}
