import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { missedConversationClasses } from '../../core/message-classes.ts';
import { notAttempted } from '../../transport/verdict.ts';
import type { EwsClient } from '../client/client.ts';
import { read } from '../client/reads.ts';
import type { ItemId } from '../operations/delete-item.ts';
import { findStrandedXml, readFolderPages } from '../operations/find-item.ts';
import type { FoundItem } from '../operations/found-item.ts';
import { ewsError, replyError } from '../outcome/outcome.ts';
import { removeItems } from '../send/drafts.ts';
import type { EwsSettings } from '../settings.ts';

/** Bulk work leaves alone what is younger: a program that is just sending may still need it. */
const leastAge = 3_600_000;
const pageSize = 100;

/** How stranded drafts are looked for. */
export interface FindStrandedDraftsOptions {
  readonly signal: AbortSignal;
  /**
   * Also items without this library's tag, by their class: what other software left. `true` stands for the classes of
   * missed-conversation notes; a list names your own.
   *
   * @default false
   */
  readonly byMessageClass?: boolean | readonly string[];
  /**
   * Whether nothing more will happen to a note: it is delivered, dead or cancelled, and no attempt of it is under way. Asked
   * for every draft with this library's tag. Without it no such draft is removed, since it may belong to a note that a sender
   * somewhere is still looking for.
   *
   * @default nothing is settled
   */
  readonly isSettled?: (note: { readonly noteId: string; readonly tag: string }) => boolean | Promise<boolean>;
  /**
   * Younger drafts are left alone, in ms; never less than an hour.
   *
   * @default 3_600_000
   */
  readonly olderThan?: number;
  /**
   * How many drafts are looked at, at most, oldest first.
   *
   * @default 1000
   */
  readonly limit?: number;
  /**
   * Reads the subjects too. They hold people's names, and what other software wrote there.
   *
   * @default false
   */
  readonly subjects?: boolean;
}

/** How stranded drafts are removed. */
export interface RemoveStrandedDraftsOptions extends FindStrandedDraftsOptions {
  /**
   * `false` removes; otherwise the report only says what would be.
   *
   * @default true
   */
  readonly dryRun?: boolean;
}

/** What became of a draft: removed, to be removed, or why it is left alone. */
export type StrandedDraftAction =
  | 'removed'
  | 'would-remove'
  | 'left-not-settled'
  | 'left-too-young'
  | 'left-not-a-draft'
  | 'failed';

/** A draft that a program left. */
export interface StrandedDraft {
  /** Id of the item. */
  readonly id: string;
  readonly messageClass: string;
  /** By the server's clock; undefined when it doesn't say, and then the draft is left alone. */
  readonly created: Date | undefined;
  /** This library's tag; undefined for what other software left. */
  readonly tag: string | undefined;
  /** Only where `subjects` asks for it. */
  readonly subject?: string;
  readonly action: StrandedDraftAction;
}

/** What a look for stranded drafts brought. */
export interface StrandedDraftsReport {
  readonly drafts: readonly StrandedDraft[];
  /** False when there may be more: the limit was reached. */
  readonly complete: boolean;
}

/** An item of Drafts that can be named, so that it can be removed. */
type StrandedItem = FoundItem & { readonly id: ItemId };

interface Found {
  readonly items: readonly StrandedItem[];
  readonly complete: boolean;
  /** The server's time, or ours, ms since 1970. */
  readonly now: number;
}

/**
 * Looks through Drafts of one mailbox, and removes what is safe to remove unless it is a dry run. All is looked at before
 * anything is removed, so that pages don't shift.
 */
export async function strandedDrafts(
  client: EwsClient,
  settings: EwsSettings,
  mailbox: string,
  options: RemoveStrandedDraftsOptions,
): Promise<StrandedDraftsReport> {
  const classes = classesOf(options.byMessageClass);
  const found = await findAll(client, settings, mailbox, classes, options);
  const olderThan = Math.max(leastAge, options.olderThan ?? leastAge);
  const drafts: { item: StrandedItem; action: StrandedDraftAction }[] = [];
  for (const item of found.items) {
    if (item.tag === undefined && !isBelow(item.messageClass, classes)) continue;
    drafts.push({ item, action: await actionFor(item, found.now - olderThan, options) });
  }
  if (options.dryRun === false) {
    const removable = drafts.filter(({ action }) => action === 'would-remove');
    const call = { mailbox, signal: options.signal, notes: [] };
    const ids = removable.map(({ item }) => item.id);
    const deletions = await removeItems(client, ids, call, 'MoveToDeletedItems');
    for (const [at, draft] of removable.entries()) draft.action = deletions[at] === 'kept' ? 'failed' : 'removed';
  }
  return { drafts: drafts.map(({ item, action }) => describe(item, action)), complete: found.complete };
}

async function actionFor(
  item: StrandedItem,
  before: number,
  { isSettled }: FindStrandedDraftsOptions,
): Promise<StrandedDraftAction> {
  if (item.state !== 'unsent') return 'left-not-a-draft';
  if (item.created === undefined || item.created > before) return 'left-too-young';
  if (item.tag === undefined) return 'would-remove';
  const noteId = item.tag.slice(0, Math.max(0, item.tag.lastIndexOf(':')));
  return (await isSettled?.({ noteId, tag: item.tag })) === true ? 'would-remove' : 'left-not-settled';
}

async function findAll(
  client: EwsClient,
  settings: EwsSettings,
  mailbox: string,
  messageClasses: readonly string[],
  options: FindStrandedDraftsOptions,
): Promise<Found> {
  const { signal, subjects = false, limit = 1000 } = options;
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
      else if (items.size < limit) items.set(id.id, { ...item, id });
    }
    // A server that shows nothing new though there is more would be asked for ever.
    const stuck = items.size === before && !page.whole;
    const all = offset + page.items.length <= limit;
    if (page.whole || stuck || items.size >= limit)
      return { items: [...items.values()], complete: page.whole && all && named, now };
    offset += page.items.length;
  }
}

function unreadablePage(requestId: string): OfflineImError {
  const text = 'The response is not the answer to this FindItem, or does not show what it says it found.';
  return new OfflineImError('RESPONSE_UNREADABLE', text, { details: { requestId } });
}

function classesOf(option: boolean | readonly string[] | undefined): readonly string[] {
  if (typeof option === 'object') return option;
  return option === true ? missedConversationClasses : [];
}

/** The search matches beginnings, also of longer words. */
function isBelow(messageClass: string | undefined, classes: readonly string[]): boolean {
  const own = `${(messageClass ?? '').toLowerCase()}.`;
  return classes.some((parent) => own.startsWith(`${parent.toLowerCase()}.`));
}

function describe({ id, messageClass, created, tag, subject }: StrandedItem, action: StrandedDraftAction): StrandedDraft {
  const date = created === undefined ? undefined : new Date(created);
  return {
    id: id.id,
    messageClass: messageClass ?? '',
    created: date,
    tag,
    ...(subject === undefined ? {} : { subject }),
    action,
  };
}
