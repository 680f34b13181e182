import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import type { DeliveryOutcome, Scope } from '../../transport/contract.ts';
import type { FoundItem } from '../operations/found-item.ts';

/** An item with one of the tags, and its folder. */
export interface TaggedItem extends FoundItem {
  readonly tag: string;
  readonly folder: string;
  /** The server's time when it was found, ms since 1970; where that is hidden, no later than it by a good margin. */
  readonly seenAt: number;
}

/** The findings of one tag after a search. */
export interface TagFindings {
  readonly items: readonly TaggedItem[];
  /** Why "nothing found" doesn't prove that there is nothing. */
  readonly unreadable: Unreadable | undefined;
}

/** The items of one folder in one response. */
export interface FolderItems {
  readonly folder: string;
  readonly items: readonly FoundItem[];
  readonly whole: boolean;
  readonly seenAt: number;
}

/** Groups the items of one response by tag, and records those that can't be attributed. */
export class Findings {
  readonly byTag: ReadonlyMap<string, { items: TaggedItem[]; unreadable: Unreadable | undefined }>;
  #isAmbiguous = false;

  constructor(tags: readonly string[]) {
    this.byTag = new Map(tags.map((tag) => [tag, { items: [], unreadable: undefined }]));
  }

  /** Adds a folder that could be read. */
  add({ folder, items, whole, seenAt }: FolderItems): void {
    let accounted = whole;
    for (const item of items) {
      const { tag } = item;
      if (tag === undefined) {
        accounted = false;
        continue;
      }
      const own = this.byTag.get(tag);
      if (own !== undefined) own.items.push({ ...item, tag, folder, seenAt });
      else this.#lookAlikes(tag);
    }
    if (accounted) return;
    this.#isAmbiguous = true;
    this.fail(unaccounted());
  }

  /** Records an unreadable folder: it may hold items that were not found elsewhere. */
  fail(unreadable: Unreadable): void {
    for (const findings of this.byTag.values()) findings.unreadable = further(findings.unreadable, unreadable);
  }

  /** Tags without an item of their own, if the response showed matches whose tag can't be read. */
  ambiguous(): readonly string[] {
    if (!this.#isAmbiguous) return [];
    return [...this.byTag].flatMap(([tag, { items }]) => (items.length === 0 ? [tag] : []));
  }

  /** A value that resembles a tag (other case, truncated, with something around it) may be that tag; any other belongs to another attempt. */
  #lookAlikes(value: string): void {
    const seen = bare(value);
    for (const [tag, findings] of this.byTag) {
      if (bare(tag).startsWith(seen) || isWithin(bare(tag), seen)) findings.unreadable ??= unaccounted();
    }
  }
}

/** Whether a tag occurs with foreign characters around it, such as markup: more letters or digits would make it another tag. */
function isWithin(tag: string, seen: string): boolean {
  return seen.includes(tag) && /[^\w.:/-]/.test(seen);
}

function bare(tag: string): string {
  return tag.replace(/\s+/g, '').toLowerCase();
}

/** More may be there than was shown. */
export function unaccounted(): Unreadable {
  const text = 'The search shows matches that fit no tag with certainty, or fewer than it claims to have.';
  return { scope: 'note', error: new OfflineImError('RESPONSE_INCOMPLETE', text) };
}

/** Why a probe can't tell: becomes an unknown {@link ProbeResult}. */
export interface Unreadable {
  readonly scope: Scope;
  readonly error: OfflineImError;
  /** ms for which the server wants no requests. */
  readonly retryAfter?: number;
  /** A person must act before anything in that scope can be read. */
  readonly blocked?: true;
}

/** Translates an outcome for a request that only reads. */
export function unreadableBy(outcome: DeliveryOutcome): Unreadable {
  if (outcome.status === 'delivered') throw new TypeError('a request that only reads delivers nothing');
  const { scope, error } = outcome;
  switch (outcome.status) {
    case 'deferred':
    case 'unconfirmed':
      return outcome.retryAfter === undefined ? { scope, error } : { scope, error, retryAfter: outcome.retryAfter };
    case 'blocked':
      return { scope, error, blocked: true };
    case 'rejected':
      return { scope, error };
  }
}

/** Whether an immediate retry would fail the same way, or undercut the server's back-off. */
export function closes({ scope, blocked, retryAfter }: Unreadable): boolean {
  return scope !== 'note' || blocked === true || retryAfter !== undefined;
}

/** The wider-reaching of two reasons, so that a server's back-off or a refused login is respected. */
export function further(known: Unreadable | undefined, other: Unreadable): Unreadable {
  return known === undefined || reach(other) > reach(known) ? other : known;
}

function reach({ scope, blocked, retryAfter }: Unreadable): number {
  const scopes = { note: 0, mailbox: 4, endpoint: 8 } as const;
  return scopes[scope] + (blocked === true ? 2 : 0) + (retryAfter === undefined ? 0 : 1);
}
