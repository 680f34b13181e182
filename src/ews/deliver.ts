import { OfflineImError } from '../errors/index.ts';
import type { DeliverOptions, DeliveryOutcome, Note } from '../transport.ts';
import { type Batch, batchesOf, halvesOf } from './batches.ts';
import { notAttempted } from './call-failure.ts';
import type { EwsClient } from './client.ts';
import { createItemHead, createItemOutcomes, createItemTail } from './create-item.ts';
import { clearDrafts } from './drafts.ts';
import type { SavedFolders } from './folders.ts';
import { outcomeOfReply } from './outcome.ts';
import type { Reply } from './reply.ts';
import { codeRules } from './response-codes.ts';
import type { EwsSettings } from './settings.ts';
import { toOutcome } from './verdict.ts';

/** What a delivery works with. */
export interface Delivery {
  readonly client: EwsClient;
  readonly settings: EwsSettings;
  readonly folders: SavedFolders;
}

/**
 * Sends notes, request by request, in order. After a request whose outcome is unknown, or that speaks of the whole mailbox
 * or endpoint, no later one goes out: it would meet the same trouble, and undercut the server's back-off.
 */
export async function deliver(
  delivery: Delivery,
  notes: readonly Note[],
  options: DeliverOptions,
): Promise<readonly DeliveryOutcome[]> {
  const { batchSize, maxRequestBytes } = delivery.settings;
  const outcomes = new Array<DeliveryOutcome>(notes.length);
  let halted = false;
  for (const whole of batchesOf(notes, batchSize, maxRequestBytes)) {
    const queue: Batch[] = [whole];
    for (let batch = queue.shift(); batch !== undefined; batch = queue.shift()) {
      const results: readonly DeliveryOutcome[] | 'split' = halted
        ? batch.notes.map(() => notTried())
        : await sendBatch(delivery, batch, options);
      if (results === 'split') {
        queue.unshift(...halvesOf(batch));
        continue;
      }
      for (const [at, outcome] of results.entries()) outcomes[batch.start + at] = outcome;
      halted ||= results.some(stopsOthers);
    }
  }
  return outcomes;
}

/** `split`: the server refused the request for a reason that one of several notes may have caused, before it sent any. */
async function sendBatch(
  delivery: Delivery,
  batch: Batch,
  options: DeliverOptions,
): Promise<readonly DeliveryOutcome[] | 'split'> {
  const { client, settings, folders } = delivery;
  const { notes, items, place } = batch;
  if (place.endpoint !== settings.url) return notes.map(() => wrongEndpoint(place.endpoint));
  const reply = await client.call({
    operation: 'CreateItem',
    body: createItemHead(place.folder, place.mailbox) + items.join('') + createItemTail,
    notes: notes.map((note) => note.id),
    signal: options.signal,
    mayWrite: () => options.mayWrite(),
  });
  if (reply.kind === 'body') {
    const outcomes = createItemOutcomes(reply.payload, notes, reply.meta.requestId).map((o) => folders.learn(place, o));
    if (outcomes.some((outcome) => outcome.status === 'delivered')) folders.worked(place);
    return clearDrafts(client, settings, notes, outcomes, options);
  }
  const outcome = folders.learn(place, outcomeOfReply(reply, notes.length));
  if (outcome.status === 'rejected') {
    if (isSchemaFault(reply) && options.mayWrite() && (await folders.blameFolder(place, options.signal))) {
      return notes.map(() => toOutcome({ kind: 'deferred', scope: 'note' }, outcome.error, 0));
    }
    if (notes.length > 1 && outcome.splittable) return 'split';
    if (mayLeaveDraft(reply)) return clearDrafts(client, settings, notes, [outcome], options);
  }
  return notes.map(() => outcome);
}

function isSchemaFault(reply: Reply): boolean {
  return reply.kind === 'fault' && reply.fault.responseCode === 'ErrorSchemaValidation';
}

/** Only a fault that came after the server had looked at the note, which must then be the only one. */
function mayLeaveDraft(reply: Reply): boolean {
  return reply.kind === 'fault' && codeRules.get(reply.fault.responseCode)?.beforeFirstItem !== true;
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

function wrongEndpoint(endpoint: string): DeliveryOutcome {
  const error = new OfflineImError('PLACE_GONE', 'The note was made for an endpoint that is not configured any more.', {
    details: { endpoint },
  });
  return toOutcome({ kind: 'deferred', scope: 'note' }, error);
}
