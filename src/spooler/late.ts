import type { ClaimedNote } from '../spool/contract.ts';
import type { DeliveryOutcome } from '../transport/contract.ts';
import type { SpoolerContext } from './context.ts';
import { settlementOf } from './outcome.ts';
import { asError } from './reason.ts';
import { reportSettled } from './settle.ts';
import { type Settled, settleAll } from './settle-all.ts';

/** What a transport says after it was given up: a `delivered` counts however late it is; of all else the probes know more by now. */
export async function settleLate(
  context: SpoolerContext,
  notes: readonly ClaimedNote[],
  outcomes: readonly DeliveryOutcome[],
): Promise<void> {
  const settled = notes.flatMap((note, index): Settled[] => {
    const outcome = outcomes[index];
    return outcome?.status === 'delivered' ? [{ note, settlement: settlementOf(note, outcome, context), outcome }] : [];
  });
  if (settled.length === 0 || context.signal.aborted) return;
  try {
    const { changes } = await settleAll(context, settled);
    reportSettled(context, 'deliver', settled, changes);
  } catch (error) {
    context.trace.warn(asError(error));
  }
}
