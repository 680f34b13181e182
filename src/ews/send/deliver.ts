import { missing } from '../../core/errors/missing.ts';
import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import type { DeliverOptions, DeliveryOutcome, Note } from '../../transport/contract.ts';
import { notAttempted, toOutcome } from '../../transport/verdict.ts';
import type { EwsClient } from '../client/client.ts';
import type { Reply } from '../client/reply.ts';
import { createItemHead, createItemOutcomes, createItemTail } from '../operations/create-item.ts';
import { isSayable } from '../operations/elements.ts';
import { outcomeOfReply } from '../outcome/outcome.ts';
import { codeRules, ruleOf, ruleOfError } from '../outcome/response-codes.ts';
import type { EwsSettings } from '../settings.ts';
import type { MessageClasses } from './batches.ts';
import { type Batch, batchesOf, halvesOf, partOf, type RequestSize, refusedOnce, type SendOptions } from './batches.ts';
import { clearDrafts } from './drafts.ts';
import type { SavedFolders } from './saved-folders.ts';

/** The dependencies of a delivery. */
export interface Delivery {
  readonly client: EwsClient;
  readonly settings: EwsSettings;
  readonly folders: SavedFolders;
  readonly classes: MessageClasses;
  readonly size: RequestSize;
}

/** The result of one request. */
interface Sent {
  /** By note; undefined for those that are sent again at once, in `more`. */
  readonly outcomes: readonly (DeliveryOutcome | undefined)[];
  readonly more: readonly Batch[];
}

/** Folder, class and version may each be refused once or twice. Further refusals are final. */
const mostRefusals = 6;

/**
 * Sends one CreateItem. Returns in `more`, in another form, the notes that the server refused for their folder, class or schema
 * version, which proves that they were not processed; and the halves of a request that was refused for one of its notes.
 */
async function sendBatch(delivery: Delivery, batch: Batch, options: SendOptions): Promise<Sent> {
  const { client, settings, folders, classes } = delivery;
  const { notes, items, place } = batch;
  if (place.endpoint !== settings.url) return sameForAll(batch, wrongEndpoint(place.endpoint));
  const asking = {
    ...options,
    mailbox: place.mailbox,
    notes: notes.map(({ id }) => id),
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
  // The negotiated version has no name for this folder, so nothing was sent.
  if (unsayable && batch.refusals < mostRefusals)
    return { outcomes: notes.map(() => undefined), more: [refusedOnce(batch, classes)] };
  const sent = { ...batch, folder };
  const outcomes = outcomesOf(reply, notes);
  await learn(delivery, sent, reply, outcomes, options);
  const refused = await negotiate(delivery, sent, outcomes, options);
  const more = refused.map((part) => refusedOnce(part, classes));
  const again = new Set(more.flatMap(({ positions }) => positions));
  if (again.size === 0 && isSplittable(reply, outcomes)) return { outcomes: notes.map(() => undefined), more: halvesOf(batch) };
  const settled = outcomes.map((outcome, at) =>
    again.has(batch.positions[at] ?? missing('The position of a note')) ? undefined : staleAtOnce(folders, sent, outcome),
  );
  const isRejected = settled.some((outcome) => outcome?.status === 'rejected');
  if (!isRejected || (reply.kind !== 'body' && !mayLeaveDraft(reply))) return { outcomes: settled, more };
  return { outcomes: await clearDrafts(delivery, { notes, outcomes: settled, folder }, options), more };
}

function outcomesOf(reply: Reply, notes: readonly Note[]): readonly DeliveryOutcome[] {
  if (reply.kind === 'body') return createItemOutcomes(reply.payload, notes, reply.meta);
  const outcome = outcomeOfReply(reply, notes.length);
  return notes.map(() => outcome);
}

/** Remembers what a response tells about the server itself. */
async function learn(
  { folders, size }: Delivery,
  batch: Batch,
  reply: Reply,
  outcomes: readonly DeliveryOutcome[],
  options: SendOptions,
): Promise<void> {
  if (outcomes.some(({ status }) => status === 'delivered')) folders.worked(batch.folder ?? batch.place.folder);
  // A note names no item: what is not there is the folder of its copy, for this login.
  let suspected = outcomes.some((outcome) => outcome.status === 'unconfirmed' && ruleOfError(outcome.error).missing === 'item');
  if (reply.kind === 'fault' && outcomes[0]?.status === 'unconfirmed') {
    size.faulted(batch.notes.length);
    // 502 to 504 come from a proxy, which knows no folders.
    const own = reply.meta.status === 200 || reply.meta.status === 500;
    suspected ||= own && !codeRules.has(reply.fault.responseCode);
  }
  if (suspected) await folders.suspect(batch, options);
}

/** Of the notes that were certainly not processed, those that can be sent in another form. */
async function negotiate(
  { folders, classes }: Delivery,
  batch: Batch,
  outcomes: readonly DeliveryOutcome[],
  options: SendOptions,
): Promise<readonly Batch[]> {
  if (batch.refusals >= mostRefusals) return [];
  const byCode = new Map<unknown, OfflineImError>();
  for (const outcome of outcomes) {
    if (outcome.status !== 'deferred' && outcome.status !== 'rejected') continue;
    byCode.set(outcome.error.details.responseCode, outcome.error);
  }
  const again: Batch[] = [];
  for (const [code, error] of byCode) {
    const part = partOf(batch, (at) => codeOf(outcomes[at]) === code);
    const other = (await folders.refused(part, error, options)) ?? classes.refused(part, error) ?? apart(part, batch, code);
    if (other !== undefined) again.push(other);
  }
  return again;
}

/** Notes whose version was refused beside others that were not: in a request of their own the client lowers it. */
function apart(part: Batch, whole: Batch, code: unknown): Batch | undefined {
  return ruleOf(String(code)).negotiates === 'version' && part.notes.length < whole.notes.length ? part : undefined;
}

function codeOf(outcome: DeliveryOutcome | undefined): unknown {
  return outcome?.status === 'deferred' || outcome?.status === 'rejected' ? outcome.error.details.responseCode : undefined;
}

function staleAtOnce(folders: SavedFolders, batch: Batch, outcome: DeliveryOutcome): DeliveryOutcome {
  if (outcome.status !== 'deferred' || outcome.retryAfter !== undefined) return outcome;
  return folders.isStale(batch, outcome) ? { ...outcome, retryAfter: 0 } : outcome;
}

function sameForAll(batch: Batch, outcome: DeliveryOutcome): Sent {
  return { outcomes: batch.notes.map(() => outcome), more: [] };
}

/** Whether a request was refused as a whole for a reason that may concern only one of its notes. */
function isSplittable(reply: Reply, outcomes: readonly DeliveryOutcome[]): boolean {
  const [first] = outcomes;
  return reply.kind !== 'body' && outcomes.length > 1 && first?.status === 'rejected' && first.splittable;
}

/** Only a fault that came after the server had begun to process the note, which must then be the only one. */
function mayLeaveDraft(reply: Reply): boolean {
  return reply.kind === 'fault' && codeRules.get(reply.fault.responseCode)?.beforeFirstItem !== true;
}

function wrongEndpoint(endpoint: string): DeliveryOutcome {
  const error = new OfflineImError('PLACE_GONE', 'The note was prepared for an endpoint that is no longer configured.', {
    details: { endpoint },
  });
  return toOutcome({ kind: 'deferred', scope: 'note' }, error);
}

/**
 * Sends notes, request by request, in order. After a request whose outcome is unknown, or concerns the whole mailbox or
 * endpoint, sends no later one: it would fail the same way, and undercut the server's back-off.
 */
export async function deliver(
  delivery: Delivery,
  notes: readonly Note[],
  options: DeliverOptions,
): Promise<readonly DeliveryOutcome[]> {
  const { maxRequestBytes: maxBytes } = delivery.settings;
  const { signal } = options;
  const ofRequests: SendOptions = { signal, mayWrite: () => options.mayWrite(), looks: new Map() };
  const results: (DeliveryOutcome | undefined)[] = notes.map(() => undefined);
  let halted = false;
  for (const whole of batchesOf(notes, { batchSize: delivery.size.most, maxBytes, classes: delivery.classes })) {
    const queue: Batch[] = [whole];
    for (let batch = queue.shift(); batch !== undefined && !halted; batch = queue.shift()) {
      const { outcomes, more } = await sendBatch(delivery, batch, ofRequests);
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
  return results.map((outcome) => outcome ?? notTried()); // creating errors is slow: none for notes that went well
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
