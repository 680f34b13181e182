import { isArray, property } from '../core/errors/thrown.ts';
import { missedConversationClasses } from '../core/message-classes.ts';
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
} from '../core/options.ts';

/** ms; younger drafts are left alone, since a program that is just sending may still need them. */
const leastAge = 3_600_000;

/** Options of `findStrandedDrafts()`. */
export interface FindStrandedDraftsOptions {
  /** @default none */
  readonly signal?: AbortSignal | undefined;
  /**
   * Also finds items without this library's tag by their class, which other software left. `true` stands for the classes of missed-conversation notes; a list names
   * your own.
   *
   * @default false
   */
  readonly byMessageClass?: boolean | readonly string[] | undefined;
  /**
   * Returns whether nothing more will happen to a note: it is delivered, dead or cancelled, and no attempt of it is in flight. Called for every draft with this
   * library's tag. Without it, no such draft is removed, since a sender somewhere may still be probing its note. `'accepted'`: the server has accepted that very note,
   * so that the draft is the note itself, which the server keeps; it is counted separately and never removed.
   *
   * @default nothing is settled
   */
  readonly isSettled?:
    | ((note: { readonly noteId: string; readonly tag: string }) => boolean | 'accepted' | Promise<boolean | 'accepted'>)
    | undefined;
  /**
   * Leaves younger drafts alone; ms, at least an hour.
   *
   * @default 3_600_000
   */
  readonly olderThan?: number | undefined;
  /**
   * The most drafts that are looked at, oldest first.
   *
   * @default 1000
   */
  readonly limit?: number | undefined;
  /**
   * Reads the subjects too. They hold people's names, and whatever other software wrote there.
   *
   * @default false
   */
  readonly subjects?: boolean | undefined;
}

/** Options of `removeStrandedDrafts()`. */
export interface RemoveStrandedDraftsOptions {
  /** @default none */
  readonly signal?: AbortSignal | undefined;
}

/** What happened to a draft: it was removed, `removeStrandedDrafts()` would remove it, or why it is left alone. */
export type StrandedDraftAction =
  | 'removed'
  | 'would-remove'
  | 'left-not-settled'
  | 'left-accepted'
  | 'left-too-young'
  | 'left-not-a-draft'
  | 'failed';

/** A draft that a program left behind. */
export interface StrandedDraft {
  /** SMTP address of the mailbox it lies in. */
  readonly mailbox: string;
  /** Id of the item. */
  readonly id: string;
  readonly messageClass: string;
  /** When it was created, by the server's clock; `undefined` if the server doesn't say, and then it is left alone. */
  readonly created: Date | undefined;
  /** This library's tag; `undefined` for a draft of other software. */
  readonly tag: string | undefined;
  /** Only where `subjects` asks for it. */
  readonly subject?: string;
  readonly action: StrandedDraftAction;
}

/** The result of finding or removing stranded drafts. */
export interface StrandedDraftsReport {
  readonly drafts: readonly StrandedDraft[];
  /** False if there may be more, since the limit was reached. */
  readonly complete: boolean;
  /** Drafts of notes that the server accepted and has not sent: those with the action `left-accepted`. */
  readonly accepted: number;
}

/** An item in Drafts, as a transport reads it. */
export interface DraftItem {
  readonly id: string;
  /** True only if the server says that it was neither sent nor submitted. */
  readonly unsent: boolean;
  readonly tag: string | undefined;
  /** ms since 1970, by the server's clock. */
  readonly created: number | undefined;
  readonly messageClass: string | undefined;
  readonly subject: string | undefined;
}

/** A search of Drafts. */
export interface DraftsQuery {
  readonly messageClasses: readonly string[];
  readonly signal: AbortSignal;
  readonly subjects: boolean;
  readonly limit: number;
}

/** The Drafts folder of one mailbox. Both methods reject if they can't read or remove. */
export interface DraftsFolder<Item extends DraftItem> {
  /** Items with this library's tag, or a class that begins with one of those. `now`: the server's time, else ours, in ms since 1970. */
  find(query: DraftsQuery): Promise<{ readonly items: readonly Item[]; readonly complete: boolean; readonly now: number }>;
  /** Moves them to Deleted Items. Resolves with what happened to each, in order. */
  remove(items: readonly Item[], signal: AbortSignal): Promise<readonly ('removed' | 'failed' | 'left-not-a-draft')[]>;
}

/** Finds the stranded drafts of one mailbox, and which of them are safe to remove. */
export async function findStrandedDrafts(
  folder: DraftsFolder<DraftItem>,
  mailbox: string,
  options: FindStrandedDraftsOptions,
): Promise<StrandedDraftsReport> {
  const { byMessageClass, olderThan, isSettled, signal, subjects, limit } = readOptions(
    'findStrandedDrafts()',
    options,
    findRules,
  );
  const classes = classesOf(byMessageClass);
  const query = { messageClasses: classes, signal: signal ?? new AbortController().signal, subjects, limit };
  const found = await folder.find(query);
  const before = found.now - Math.max(leastAge, olderThan);
  const drafts: StrandedDraft[] = [];
  for (const item of found.items) {
    if (item.tag === undefined && !isBelow(item.messageClass, classes)) continue;
    drafts.push(describe(mailbox, item, await actionFor(item, before, isSettled)));
  }
  return reportOf(drafts, found.complete);
}

/** Removes drafts that were found safe to remove, if they still are: it looks at all of them again first. */
export async function removeStrandedDrafts<Item extends DraftItem>(
  folderOf: (mailbox: string) => DraftsFolder<Item>,
  given: readonly StrandedDraft[],
  options: RemoveStrandedDraftsOptions,
): Promise<StrandedDraftsReport> {
  const { signal = new AbortController().signal } = readOptions('removeStrandedDrafts()', options, removeRules);
  const drafts = readDrafts(given);
  const became = new Map<StrandedDraft, StrandedDraftAction>();
  const byMailbox = Map.groupBy(
    drafts.filter(({ action }) => action === 'would-remove'),
    ({ mailbox }) => mailbox,
  );
  for (const [mailbox, wanted] of byMailbox) {
    const folder = folderOf(mailbox);
    const messageClasses = [...new Set(wanted.flatMap(({ tag, messageClass }) => (tag === undefined ? [messageClass] : [])))];
    const found = await folder.find({ messageClasses, signal, subjects: false, limit: Number.MAX_SAFE_INTEGER });
    const items = new Map(found.items.map((item) => [item.id, item]));
    const removable = wanted.flatMap((draft) => {
      const item = items.get(draft.id);
      const still = item?.unsent === true && item.tag === draft.tag && (item.created ?? found.now) <= found.now - leastAge;
      if (!still) became.set(draft, 'left-not-a-draft');
      return item !== undefined && still ? [{ draft, item }] : [];
    });
    const removals = await folder.remove(
      removable.map(({ item }) => item),
      signal,
    );
    for (const [at, { draft }] of removable.entries()) became.set(draft, removals[at] ?? 'failed');
  }
  return reportOf(
    drafts.map((draft) => ({ ...draft, action: became.get(draft) ?? draft.action })),
    true,
  );
}

function reportOf(drafts: readonly StrandedDraft[], complete: boolean): StrandedDraftsReport {
  return { drafts, complete, accepted: drafts.filter(({ action }) => action === 'left-accepted').length };
}

const signalRule = optional(abortSignal());
const findRules = {
  signal: signalRule,
  byMessageClass: optional(
    rule<boolean | readonly string[]>(
      'true, false or an array of message classes',
      (value) => typeof value === 'boolean' || (isArray(value) && value.every((one) => typeof one === 'string')),
    ),
  ),
  isSettled: optional(callback<NonNullable<FindStrandedDraftsOptions['isSettled']>>()),
  olderThan: byDefault(milliseconds(0, Number.MAX_SAFE_INTEGER), leastAge),
  limit: byDefault(whole(1, Number.MAX_SAFE_INTEGER), 1000),
  subjects: byDefault(flag(), false),
} satisfies RulesFor<FindStrandedDraftsOptions>;
const removeRules = { signal: signalRule } satisfies RulesFor<RemoveStrandedDraftsOptions>;

function readDrafts(given: unknown): readonly StrandedDraft[] {
  const isDraft = (one: unknown): one is StrandedDraft =>
    typeof property(one, 'id') === 'string' && typeof property(one, 'mailbox') === 'string';
  if (isArray(given) && given.every(isDraft)) return given;
  throw invalidOption({ owner: 'removeStrandedDrafts()', name: 'drafts' }, given, 'the drafts that findStrandedDrafts() found');
}

async function actionFor(
  item: DraftItem,
  before: number,
  isSettled: FindStrandedDraftsOptions['isSettled'],
): Promise<StrandedDraftAction> {
  if (!item.unsent) return 'left-not-a-draft';
  if (item.created === undefined || item.created > before) return 'left-too-young';
  if (item.tag === undefined) return 'would-remove';
  const noteId = item.tag.slice(0, Math.max(0, item.tag.lastIndexOf(':')));
  const settled = await isSettled?.({ noteId, tag: item.tag });
  if (settled === 'accepted') return 'left-accepted';
  return settled === true ? 'would-remove' : 'left-not-settled';
}

function classesOf(option: boolean | readonly string[] | undefined): readonly string[] {
  if (typeof option === 'object') return option;
  return option === true ? missedConversationClasses : [];
}

/** Whether a class is one of these or below one: the search also matches longer words. */
function isBelow(messageClass: string | undefined, classes: readonly string[]): boolean {
  const own = `${(messageClass ?? '').toLowerCase()}.`;
  return classes.some((parent) => own.startsWith(`${parent.toLowerCase()}.`));
}

function describe(mailbox: string, item: DraftItem, action: StrandedDraftAction): StrandedDraft {
  const { id, messageClass, created, tag, subject } = item;
  const date = created === undefined ? undefined : new Date(created);
  return {
    mailbox,
    id,
    messageClass: messageClass ?? '',
    created: date,
    tag,
    ...(subject === undefined ? {} : { subject }),
    action,
  };
}
