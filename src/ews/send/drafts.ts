import type { DeliverOptions, DeliveryOutcome, Note } from '../../transport/contract.ts';
import type { EwsClient } from '../client/client.ts';
import type { EwsCall } from '../client/reply.ts';
import { type DeleteType, type Deletion, deleteItemXml, type ItemId, readDeletions } from '../operations/delete-item.ts';
import { ruleOf } from '../outcome/response-codes.ts';
import { searchTags } from '../probe/search.ts';
import type { TaggedItem } from '../probe/tag-findings.ts';
import type { EwsSettings } from '../settings.ts';

const deletesPerRequest = 100;

/** Deletes items; returns the result for each. Not repeated: a draft that stays is reported, or found by the next probe. */
export async function removeItems(
  client: EwsClient,
  items: readonly ItemId[],
  call: Pick<EwsCall, 'mailbox' | 'signal' | 'notes' | 'mayWrite'>,
  deleteType: DeleteType = 'HardDelete',
): Promise<readonly Deletion[]> {
  const deletions: Deletion[] = [];
  for (let at = 0; at < items.length; at += deletesPerRequest) {
    const part = items.slice(at, at + deletesPerRequest);
    const reply = await client.call({ ...call, operation: 'DeleteItem', body: deleteItemXml(part, deleteType) });
    deletions.push(...(reply.kind === 'body' ? readDeletions(reply.payload, part.length) : part.map((): Deletion => 'kept')));
  }
  return deletions;
}

/**
 * A rejected note may have left a draft (ErrorSendAsDenied does, by its documentation): searches Drafts and the folder of the
 * copy for it, and deletes it. Returns the outcomes with the fate of the drafts; a note that was refused but is being sent all the same becomes unconfirmed.
 *
 * If the search fails, reports a draft as left only for ErrorSendAsDenied; by their documentation other rejections create
 * none, and reporting one for each would be a false alarm.
 */
export async function clearDrafts(
  { client, settings }: { readonly client: EwsClient; readonly settings: EwsSettings },
  sent: {
    readonly notes: readonly Note[];
    /** By note; undefined for those that are not settled yet. */
    readonly outcomes: readonly (DeliveryOutcome | undefined)[];
    /** The folder of the copies. */
    readonly folder: string;
  },
  options: Pick<DeliverOptions, 'signal'>,
): Promise<readonly (DeliveryOutcome | undefined)[]> {
  const { notes, outcomes, folder } = sent;
  const rejected = notes.filter((_, at) => outcomes[at]?.status === 'rejected');
  const place = rejected[0]?.place;
  if (place === undefined) return outcomes;
  // Not asking mayWrite(): nothing of this sends, and nobody else would look, since a refused note is settled.
  const call = { mailbox: place.mailbox, signal: options.signal, notes: rejected.map((note) => note.id) };
  const folders = [...new Set(['drafts', folder])];
  const search = { tags: rejected.map(({ tag }) => tag), folders, mailbox: place.mailbox };
  const { byTag } = await searchTags(client, settings, search, call);
  const inTransit = new Set([...byTag].flatMap(([tag, { items }]) => (hasMovedOn(items) ? [tag] : [])));
  const unsent = [...byTag.values()].flatMap(({ items }) => items.filter(isUnsent)).filter(({ tag }) => !inTransit.has(tag));
  const drafts = unsent.filter(isDraft);
  const removable = drafts.flatMap(({ id, tag }) => (id === undefined ? [] : [{ id, tag }]));
  // Items that are not certainly drafts are not deleted, but reported as left.
  const left = new Set(unsent.flatMap((item) => (item.id === undefined || !isDraft(item) ? [item.tag] : [])));
  const deletions = await removeItems(
    client,
    removable.map(({ id }) => id),
    call,
  );
  const unsure = removable.filter((_, at) => deletions[at] !== 'deleted').map(({ tag }) => tag);
  // If the response doesn't tell, another search does: the item may be gone, or have another id.
  const again = unsure.length === 0 ? undefined : await searchTags(client, settings, { ...search, tags: unsure }, call);
  for (const [tag, { items, unreadable }] of again?.byTag ?? []) {
    const isThere = items.some(isUnsent);
    if (hasMovedOn(items) || (!isThere && items.length > 0)) inTransit.add(tag);
    else if (isThere || unreadable !== undefined) left.add(tag);
    else left.delete(tag);
  }
  const removed = new Set(drafts.map(({ tag }) => tag));
  return outcomes.map((outcome, at) => {
    const tag = notes[at]?.tag;
    if (outcome?.status !== 'rejected' || tag === undefined) return outcome;
    if (inTransit.has(tag)) return { status: 'unconfirmed', scope: 'note', error: outcome.error, ended: 'fault' };
    const { responseCode, innerResponseCode } = outcome.error.details;
    const mayLeave = [responseCode, innerResponseCode].some((code) => ruleOf(String(code)).leavesDraft === true);
    const unseen = mayLeave && byTag.get(tag)?.unreadable !== undefined;
    const draft = left.has(tag) || unseen ? 'left' : removed.has(tag) ? 'removed' : 'none';
    return { ...outcome, draft };
  });
}

/** Whether an item was submitted; or seen both before it was sent and after, in folders read one after the other. */
function hasMovedOn(items: readonly TaggedItem[]): boolean {
  const unsent = new Set(items.filter(isUnsent).flatMap(({ id }) => id?.id ?? []));
  return items.some(({ state, id }) => state === 'submitted' || (state === 'sent' && id !== undefined && unsent.has(id.id)));
}

function isUnsent({ state }: TaggedItem): boolean {
  return state !== 'sent';
}

/** Its note was rejected, so an unsent item with its tag is a draft, however young. */
function isDraft({ state, folder }: TaggedItem): boolean {
  return state === 'unsent' || (state === 'unstated' && folder === 'drafts');
}
