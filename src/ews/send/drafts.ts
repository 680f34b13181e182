import type { DeliverOptions, DeliveryOutcome, Note } from '../../transport/contract.ts';
import type { EwsClient } from '../client/client.ts';
import type { EwsCall } from '../client/reply.ts';
import { type DeleteType, deletedItems, deleteItemXml, type ItemId } from '../operations/delete-item.ts';
import { type FoundItem, searchTags } from '../probe/search.ts';
import type { EwsSettings } from '../settings.ts';

const deletesPerRequest = 100;

/** Deletes items; says of each whether it is gone. Not repeated: a draft that stays is reported, or found by the next probe. */
export async function removeItems(
  client: EwsClient,
  items: readonly ItemId[],
  call: Pick<EwsCall, 'mailbox' | 'signal' | 'notes' | 'mayWrite'>,
  deleteType: DeleteType = 'HardDelete',
): Promise<readonly boolean[]> {
  const gone: boolean[] = [];
  for (let at = 0; at < items.length; at += deletesPerRequest) {
    const part = items.slice(at, at + deletesPerRequest);
    const reply = await client.call({ ...call, operation: 'DeleteItem', body: deleteItemXml(part, deleteType) });
    gone.push(...(reply.kind === 'body' ? deletedItems(reply.payload, part.length) : part.map(() => false)));
  }
  return gone;
}

/**
 * A rejected note may have left a draft (ErrorSendAsDenied does, by its documentation): looks for it in Drafts and in the
 * folder of the copy, and deletes it. The outcomes come back with what became of the drafts.
 *
 * Where the look-up fails, a draft is reported as left only for ErrorSendAsDenied; other rejections make none by their
 * documentation, and reporting one for each would be a false alarm.
 */
export async function clearDrafts(
  { client, settings }: { readonly client: EwsClient; readonly settings: EwsSettings },
  sent: {
    readonly notes: readonly Note[];
    /** By note; undefined for those that are not settled yet. */
    readonly outcomes: readonly (DeliveryOutcome | undefined)[];
    /** Where the copies were to go. */
    readonly folder: string;
  },
  options: DeliverOptions,
): Promise<readonly (DeliveryOutcome | undefined)[]> {
  const { notes, outcomes, folder } = sent;
  const rejected = notes.filter((_, at) => outcomes[at]?.status === 'rejected');
  const place = rejected[0]?.place;
  if (place === undefined) return outcomes;
  const call = {
    mailbox: place.mailbox,
    signal: options.signal,
    mayWrite: () => options.mayWrite(),
    notes: rejected.map((note) => note.id),
  };
  const folders = [...new Set(['drafts', folder])];
  const found = await searchTags(client, settings, { tags: rejected.map((n) => n.tag), folders, mailbox: place.mailbox }, call);
  const drafts = [...found.values()].flatMap(({ items }) => items.filter(isDraft));
  const gone = await removeItems(
    client,
    drafts.map((draft) => draft.id),
    call,
  );
  const left = new Set(drafts.filter((_, at) => gone[at] !== true).map((draft) => draft.tag));
  const removed = new Set(drafts.map((draft) => draft.tag));
  return outcomes.map((outcome, at) => {
    const tag = notes[at]?.tag;
    if (outcome?.status !== 'rejected' || tag === undefined) return outcome;
    const unseen = found.get(tag)?.unreadable !== undefined && outcome.error.details.responseCode === 'ErrorSendAsDenied';
    const draft = left.has(tag) || unseen ? 'left' : removed.has(tag) ? 'removed' : 'none';
    return { ...outcome, draft };
  });
}

/** Known not to have been sent, so an unsent item with its tag is a draft, however young. */
function isDraft(item: FoundItem): boolean {
  return (item.unsent ?? item.folder === 'drafts') && !item.submitted;
}
