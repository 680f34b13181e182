import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { property } from '../../core/errors/thrown.ts';
import { missedConversationClasses } from '../../core/message-classes.ts';
import {
  abortSignal,
  byDefault,
  callback,
  flag,
  invalidOption,
  milliseconds,
  optional,
  type RulesFor,
  readOptions,
  rule,
  whole,
} from '../../core/options.ts';
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
  /** @default none */
  readonly signal?: AbortSignal | undefined;
  /**
   * Also items without this library's tag, by their class: what other software left. `true` stands for the classes of
   * missed-conversation notes; a list names your own.
   *
   * @default false
   */
  readonly byMessageClass?: boolean | readonly string[] | undefined;
  /**
   * Whether nothing more will happen to a note: it is delivered, dead or cancelled, and no attempt of it is under way. Asked
   * for every draft with this library's tag. Without it no such draft is removed, since it may belong to a note that a sender
   * somewhere is still looking for.
   *
   * @default nothing is settled
   */
  readonly isSettled?: ((note: { readonly noteId: string; readonly tag: string }) => boolean | Promise<boolean>) | undefined;
  /**
   * Younger drafts are left alone, in ms; never less than an hour.
   *
   * @default 3_600_000
   */
  readonly olderThan?: number | undefined;
  /**
   * How many drafts are looked at, at most, oldest first.
   *
   * @default 1000
   */
  readonly limit?: number | undefined;
  /**
   * Reads the subjects too. They hold people's names, and what other software wrote there.
   *
   * @default false
   */
  readonly subjects?: boolean | undefined;
}

/** How stranded drafts are removed. */
export interface RemoveStrandedDraftsOptions {
  /** @default none */
  readonly signal?: AbortSignal | undefined;
}

/** What became of a draft: removed, what `removeStrandedDrafts()` would remove, or why it is left alone. */
export type StrandedDraftAction =
  | 'removed'
  | 'would-remove'
  | 'left-not-settled'
  | 'left-too-young'
  | 'left-not-a-draft'
  | 'failed';

/** A draft that a program left. */
export interface StrandedDraft {
  /** SMTP address of the mailbox it lies in. */
  readonly mailbox: string;
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

/** Looks through Drafts of one mailbox and says what is safe to remove. */
export async function findStrandedDrafts(
  client: EwsClient,
  settings: EwsSettings,
  mailbox: string,
  options: FindStrandedDraftsOptions,
): Promise<StrandedDraftsReport> {
  const { byMessageClass, olderThan, ...rest } = readOptions('findStrandedDrafts()', options, findRules);
  const classes = classesOf(byMessageClass);
  const found = await findAll(client, settings, mailbox, classes, rest);
  const drafts: StrandedDraft[] = [];
  for (const item of found.items) {
    if (item.tag === undefined && !isBelow(item.messageClass, classes)) continue;
    drafts.push(describe(mailbox, item, await actionFor(item, found.now - Math.max(leastAge, olderThan), rest)));
  }
  return { drafts, complete: found.complete };
}

/** Removes what a look has found to be safe to remove, as far as it still is: all is looked at again before anything is removed. */
export async function removeStrandedDrafts(
  client: EwsClient,
  settings: EwsSettings,
  given: readonly StrandedDraft[],
  options: RemoveStrandedDraftsOptions,
): Promise<StrandedDraftsReport> {
  const { signal } = readOptions('removeStrandedDrafts()', options, removeRules);
  const drafts = readDrafts(given);
  const became = new Map<StrandedDraft, StrandedDraftAction>();
  const byMailbox = Map.groupBy(
    drafts.filter(({ action }) => action === 'would-remove'),
    ({ mailbox }) => mailbox,
  );
  for (const [mailbox, wanted] of byMailbox) {
    const classes = [...new Set(wanted.flatMap(({ tag, messageClass }) => (tag === undefined ? [messageClass] : [])))];
    const found = await findAll(client, settings, mailbox, classes, { signal, subjects: false, limit: Number.MAX_SAFE_INTEGER });
    const items = new Map(found.items.map((item) => [item.id.id, item]));
    const removable = wanted.flatMap((draft) => {
      const item = items.get(draft.id);
      const still = item?.state === 'unsent' && item.tag === draft.tag && (item.created ?? found.now) <= found.now - leastAge;
      if (!still) became.set(draft, 'left-not-a-draft');
      return item !== undefined && still ? [{ draft, id: item.id }] : [];
    });
    const ids = removable.map(({ id }) => id);
    const call = { mailbox, signal: signal ?? new AbortController().signal, notes: [] };
    const deletions = await removeItems(client, ids, call, 'MoveToDeletedItems');
    for (const [at, { draft }] of removable.entries()) became.set(draft, deletions[at] === 'kept' ? 'failed' : 'removed');
  }
  return { drafts: drafts.map((draft) => ({ ...draft, action: became.get(draft) ?? draft.action })), complete: true };
}

const signalRule = optional(abortSignal());
const findRules = {
  signal: signalRule,
  byMessageClass: optional(
    rule<boolean | readonly string[]>(
      'true, false or an array of message classes',
      (value) => typeof value === 'boolean' || (Array.isArray(value) && value.every((one) => typeof one === 'string')),
    ),
  ),
  isSettled: optional(callback<NonNullable<FindStrandedDraftsOptions['isSettled']>>()),
  olderThan: byDefault(milliseconds(0, Number.MAX_SAFE_INTEGER), leastAge),
  limit: byDefault(whole(1, Number.MAX_SAFE_INTEGER), 1000),
  subjects: byDefault(flag(), false),
} satisfies RulesFor<FindStrandedDraftsOptions>;
const removeRules = { signal: signalRule } satisfies RulesFor<RemoveStrandedDraftsOptions>;

function readDrafts(given: unknown): readonly StrandedDraft[] {
  const isDraft = (one: unknown): boolean =>
    typeof property(one, 'id') === 'string' && typeof property(one, 'mailbox') === 'string';
  if (Array.isArray(given) && given.every(isDraft)) return given;
  throw invalidOption({ owner: 'removeStrandedDrafts()', name: 'drafts' }, given, 'the drafts that findStrandedDrafts() found');
}

async function actionFor(
  item: StrandedItem,
  before: number,
  { isSettled }: Pick<FindStrandedDraftsOptions, 'isSettled'>,
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
  {
    signal: given,
    subjects,
    limit,
  }: { readonly signal: AbortSignal | undefined; readonly subjects: boolean; readonly limit: number },
): Promise<Found> {
  const signal = given ?? new AbortController().signal;
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

function describe(
  mailbox: string,
  { id, messageClass, created, tag, subject }: StrandedItem,
  action: StrandedDraftAction,
): StrandedDraft {
  const date = created === undefined ? undefined : new Date(created);
  return {
    mailbox,
    id: id.id,
    messageClass: messageClass ?? '',
    created: date,
    tag,
    ...(subject === undefined ? {} : { subject }),
    action,
  };
}
