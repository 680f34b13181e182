import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import type { DeliverOptions, DeliveryOutcome, Note } from '../../transport/contract.ts';
import { notAttempted, toOutcome } from '../../transport/verdict.ts';
import type { EwsClient } from '../client/client.ts';
import type { Reply } from '../client/reply.ts';
import { createItemHead, createItemOutcomes, createItemTail } from '../operations/create-item.ts';
import { isSayable } from '../operations/folder-id.ts';
import { outcomeOfReply } from '../outcome/outcome.ts';
import { codeRules } from '../outcome/response-codes.ts';
import type { EwsSettings } from '../settings.ts';
import { type Batch, batchesOf, halvesOf, refusedOf } from './batches.ts';
import { clearDrafts } from './drafts.ts';
import type { MessageClasses } from './message-classes.ts';
import type { SavedFolders } from './saved-folders.ts';

/** What a delivery works with. */
export interface Delivery {
  readonly client: EwsClient;
  readonly settings: EwsSettings;
  readonly folders: SavedFolders;
  readonly classes: MessageClasses;
}

/** What came of one request. */
export interface Sent {
  /** By note; undefined for those that go out again at once, in `more`. */
  readonly outcomes: readonly (DeliveryOutcome | undefined)[];
  readonly more: readonly Batch[];
}

/** Folder, class and version may each be refused once or twice. A server that refuses more often is taken at its word. */
const mostRefusals = 6;

/**
 * One CreateItem. What the server refuses for its folder, class or schema version, which proves that it was not processed,
 * comes back in `more` in another form; so do the halves of a request that one of its notes may have spoilt.
 */
export async function sendBatch(delivery: Delivery, batch: Batch, options: DeliverOptions): Promise<Sent> {
  const { client, settings, folders } = delivery;
  const { notes, items, place } = batch;
  if (place.endpoint !== settings.url) return sameForAll(batch, wrongEndpoint(place.endpoint));
  const asking = {
    mailbox: place.mailbox,
    notes: notes.map(({ id }) => id),
    signal: options.signal,
    mayWrite: () => options.mayWrite(),
  };
  const target = await folders.target(place, asking);
  if ('outcome' in target) return sameForAll(batch, target.outcome);
  const { folder } = target;
  const xml = createItemHead(folder, place.mailbox) + items.join('') + createItemTail;
  let unsayable = false;
  const reply = await client.call({
    ...asking,
    operation: 'CreateItem',
    body: (version) => {
      unsayable = !isSayable(folder, version);
      return unsayable ? undefined : xml;
    },
  });
  const mayRepeat = batch.refusals < mostRefusals;
  // Nothing was written in the version that was negotiated, since it has no name for this folder.
  if (unsayable && mayRepeat) return everythingAgain(delivery, batch);
  const outcomes = outcomesOf(reply, notes);
  if (outcomes.some(({ status }) => status === 'delivered')) folders.worked(folder);
  const first = outcomes[0];
  if (reply.kind !== 'body' && first?.status === 'rejected') {
    const mayBlame = mayRepeat && isSchemaFault(reply) && options.mayWrite();
    if (mayBlame && (await folders.blameFolder(place, folder, options.signal))) return everythingAgain(delivery, batch);
    if (notes.length > 1 && first.splittable) return { outcomes: notes.map(() => undefined), more: halvesOf(batch) };
  }
  const refused = notes.map(() => false);
  const settled = outcomes.map((outcome, at) => {
    const known = learn(delivery, { batch, folder, outcome, note: notes[at] });
    refused[at] = known === 'again' && mayRepeat;
    if (refused[at]) return undefined;
    return known === 'again' ? outcome : known;
  });
  const more = refused.includes(true) ? [refusedOf(batch, (at) => refused[at] === true, delivery.classes)] : [];
  if (reply.kind !== 'body' && !mayLeaveDraft(reply)) return { outcomes: settled, more };
  return { outcomes: await clearDrafts(delivery, { notes, outcomes: settled, folder }, options), more };
}

function outcomesOf(reply: Reply, notes: readonly Note[]): readonly DeliveryOutcome[] {
  if (reply.kind === 'body') return createItemOutcomes(reply.payload, notes, reply.meta.requestId);
  const outcome = outcomeOfReply(reply, notes.length);
  return notes.map(() => outcome);
}

/** Takes in what an outcome says of folder and class; `again`: there is another one to try. */
function learn(
  { folders, classes }: Delivery,
  answer: {
    readonly batch: Batch;
    readonly folder: string;
    readonly outcome: DeliveryOutcome;
    readonly note: Note | undefined;
  },
): DeliveryOutcome | 'again' {
  const { batch, folder, outcome, note } = answer;
  const classRefused = outcome.status === 'rejected' && outcome.error.details.responseCode === 'ErrorObjectTypeChanged';
  if (classRefused && note !== undefined && classes.refuse(note.messageClass)) return 'again';
  return folders.learn(batch.place, folder, outcome);
}

function everythingAgain({ classes }: Delivery, batch: Batch): Sent {
  return { outcomes: batch.notes.map(() => undefined), more: [refusedOf(batch, () => true, classes)] };
}

function sameForAll(batch: Batch, outcome: DeliveryOutcome): Sent {
  return { outcomes: batch.notes.map(() => outcome), more: [] };
}

function isSchemaFault(reply: Reply): boolean {
  return reply.kind === 'fault' && reply.fault.responseCode === 'ErrorSchemaValidation';
}

/** Only a fault that came after the server had looked at the note, which must then be the only one. */
function mayLeaveDraft(reply: Reply): boolean {
  return reply.kind === 'fault' && codeRules.get(reply.fault.responseCode)?.beforeFirstItem !== true;
}

function wrongEndpoint(endpoint: string): DeliveryOutcome {
  const error = new OfflineImError('PLACE_GONE', 'The note was made for an endpoint that is not configured any more.', {
    details: { endpoint },
  });
  return toOutcome({ kind: 'deferred', scope: 'note' }, error);
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
