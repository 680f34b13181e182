import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import type { DraftItem, DraftsFolder, DraftsQuery } from '../../transport/stranded-drafts.ts';
import { notAttempted } from '../../transport/verdict.ts';
import type { EwsClient } from '../client/client.ts';
import { read } from '../client/reads.ts';
import type { Deletion, ItemId } from '../operations/delete-item.ts';
import { findStrandedXml, readFolderPages } from '../operations/find-item.ts';
import { ewsError, replyError } from '../outcome/outcome.ts';
import { removeItems } from '../send/drafts.ts';
import type { EwsSettings } from '../settings.ts';

const pageSize = 100;

/** An item of Drafts with an id, so that it can be removed. */
interface StrandedItem extends DraftItem {
  readonly itemId: ItemId;
}

interface Found {
  readonly items: readonly StrandedItem[];
  readonly complete: boolean;
  /** The server's time, or ours, ms since 1970. */
  readonly now: number;
}

/** The Drafts folder of a mailbox, for transport/stranded-drafts.ts. */
export function draftsFolder(client: EwsClient, settings: EwsSettings, mailbox: string): DraftsFolder<StrandedItem> {
  return {
    find: (query) => findAll(client, settings, mailbox, query),
    remove: async (items, signal) => {
      const ids = items.map(({ itemId }) => itemId);
      const deletions = await removeItems(client, ids, { mailbox, signal, notes: [] }, 'MoveToDeletedItems');
      return items.map((_, at) => becameOf(deletions[at]));
    },
  };
}

function becameOf(deletion: Deletion | undefined): 'removed' | 'failed' | 'left-not-a-draft' {
  switch (deletion) {
    case 'deleted':
      return 'removed';
    case 'not-found': // moved since it was found, most likely because it was sent
      return 'left-not-a-draft';
    case 'kept':
    case undefined:
      return 'failed';
  }
}

async function findAll(
  client: EwsClient,
  settings: EwsSettings,
  mailbox: string,
  { messageClasses, signal, subjects, limit }: DraftsQuery,
): Promise<Found> {
  const items = new Map<string, StrandedItem>();
  for (let offset = 0, now = settings.clock.now(), named = true; ; ) {
    if (signal.aborted) throw notAttempted('it was aborted before');
    const body = findStrandedXml({ mailbox, messageClasses, offset, pageSize, subjects });
    const reply = await read(client, settings, { operation: 'FindItem', mailbox, body, signal, notes: [] });
    if (reply.kind !== 'body') throw replyError(reply);
    const { requestId, date } = reply.meta;
    const page = readFolderPages(reply.payload, 1, offset)?.[0];
    if (page === undefined) throw unreadablePage(requestId);
    if (page.kind === 'error') throw ewsError(page.responseCode, requestId);
    if (items.size === 0 && page.items.length === 0 && !page.whole) throw unreadablePage(requestId);
    now = date ?? now;
    const before = items.size;
    for (const item of page.items) {
      const { id } = item;
      if (id === undefined) named = false;
      else if (items.size < limit) items.set(id.id, { ...item, id: id.id, itemId: id, unsent: item.state === 'unsent' });
    }
    // Prevents an endless loop with a server that claims more items but returns nothing new.
    const stuck = items.size === before && !page.whole;
    const all = offset + page.items.length <= limit;
    if (page.whole || stuck || items.size >= limit)
      return { items: [...items.values()], complete: page.whole && all && named, now };
    offset += page.items.length;
  }
}

function unreadablePage(requestId: string): OfflineImError {
  const text = 'The response does not answer this FindItem, or does not show what it claims to have found.';
  return new OfflineImError('RESPONSE_UNREADABLE', text, { details: { requestId } });
}
