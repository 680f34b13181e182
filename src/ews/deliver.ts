import type { DeliverOptions, DeliveryOutcome, Note } from '../transport/contract.ts';
import { notAttempted } from './outcome/call-failure.ts';
import { type Batch, batchesOf } from './send/batches.ts';
import { type Delivery, sendBatch } from './send/deliver.ts';
import { toOutcome } from './verdict.ts';

/**
 * Sends notes, request by request, in order. After a request whose outcome is unknown, or that speaks of the whole mailbox
 * or endpoint, no later one goes out: it would meet the same trouble, and undercut the server's back-off.
 */
export async function deliver(
  delivery: Delivery,
  notes: readonly Note[],
  options: DeliverOptions,
): Promise<readonly DeliveryOutcome[]> {
  const { batchSize, maxRequestBytes: maxBytes } = delivery.settings;
  const results: (DeliveryOutcome | undefined)[] = notes.map(() => undefined);
  let halted = false;
  for (const whole of batchesOf(notes, { batchSize, maxBytes, classes: delivery.classes })) {
    const queue: Batch[] = [whole];
    for (let batch = queue.shift(); batch !== undefined && !halted; batch = queue.shift()) {
      const { outcomes, more } = await sendBatch(delivery, batch, options);
      for (const [at, outcome] of outcomes.entries()) {
        const position = batch.positions[at];
        if (outcome === undefined || position === undefined) continue;
        results[position] = outcome;
        halted ||= stopsOthers(outcome);
      }
      queue.unshift(...more);
    }
    if (halted) break;
  }
  return results.map((outcome) => outcome ?? notTried()); // errors take time to make: none for notes that went well
}

function stopsOthers(outcome: DeliveryOutcome): boolean {
  return outcome.status !== 'delivered' && (outcome.status === 'unconfirmed' || outcome.scope !== 'note' || isNotTried(outcome));
}

function isNotTried(outcome: DeliveryOutcome): boolean {
  return outcome.status === 'deferred' && outcome.error.code === 'NOT_ATTEMPTED';
}

function notTried(): DeliveryOutcome {
  const error = notAttempted('an earlier request of the same delivery failed');
  return toOutcome({ kind: 'deferred', scope: 'note' }, error, 0);
}
