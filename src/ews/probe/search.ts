import { missing } from '../../core/errors/missing.ts';
import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { inEveryMailbox } from '../../transport/verdict.ts';
import type { EwsClient } from '../client/client.ts';
import { read } from '../client/reads.ts';
import type { EwsCall, Reply } from '../client/reply.ts';
import { isById, isSayable } from '../operations/elements.ts';
import { findItemXml, readFolderPages, tagsPerSearch } from '../operations/find-item.ts';
import { outcomeOfCode, outcomeOfReply } from '../outcome/outcome.ts';
import { codeRules, ruleOf } from '../outcome/response-codes.ts';
import type { EwsSettings } from '../settings.ts';
import { closes, Findings, type FolderItems, type TagFindings, type Unreadable, unreadableBy } from './tag-findings.ts';

/** The tags to find, and where. The server reads the folders in this order. */
export interface Search {
  readonly tags: readonly string[];
  readonly folders: readonly string[];
  readonly mailbox: string;
  /** False for a folder that copies were never put into: where this login may not read it, nothing of ours is in it. */
  readonly moved?: ReadonlyMap<string, boolean>;
}

/** The result of a search. Every tag has findings. */
export interface SearchResult {
  readonly byTag: ReadonlyMap<string, TagFindings>;
  /** Folders that the mailbox doesn't have, or doesn't show to this login. */
  readonly missing: ReadonlySet<string>;
  /** An obstacle that the next request would meet too: the search stopped there. */
  readonly closed: Unreadable | undefined;
}

type Call = Pick<EwsCall, 'signal' | 'notes' | 'mayWrite'>;

/** How many further requests a search may make to find the tag of a match that shows none. */
const mostRepeats = 24;

/** ms by which our own clock may be ahead where a server says no time, as behind a page or without a proxy: an hour by a wrong time zone, and one more. */
const clockError = 7_200_000;

/**
 * Searches folders of one mailbox for tags, many tags per request. A match whose tag can't be read leaves every tag of its
 * request unknown; so these tags are searched for again in halves, until only one of them is unknown.
 */
export async function searchTags(client: EwsClient, settings: EwsSettings, search: Search, call: Call): Promise<SearchResult> {
  const byTag = new Map<string, TagFindings>();
  const missing = new Set<string>();
  const queue: (readonly string[])[] = [];
  for (let at = 0; at < search.tags.length; at += tagsPerSearch) queue.push(search.tags.slice(at, at + tagsPerSearch));
  let repeats = mostRepeats;
  let closed: Unreadable | undefined;
  for (let tags = queue.shift(); tags !== undefined; tags = queue.shift()) {
    const findings = new Findings(tags);
    if (closed !== undefined) findings.fail(closed);
    const looks = closed === undefined ? await lookInto(client, settings, { ...search, tags }, call) : [];
    for (const look of looks) {
      if (look.kind === 'items') findings.add(look);
      else if (look.kind === 'missing') missing.add(look.folder);
      else if (look.kind === 'unreadable') {
        findings.fail(look.why);
        if (closes(look.why)) closed = look.why;
      }
    }
    for (const [tag, found] of findings.byTag) byTag.set(tag, found);
    const ambiguous = findings.ambiguous();
    if (ambiguous.length === 0 || tags.length === 1 || repeats < 2 || closed !== undefined) continue;
    repeats -= 2;
    const middle = Math.ceil(ambiguous.length / 2);
    queue.unshift(...[ambiguous.slice(0, middle), ambiguous.slice(middle)].filter((half) => half.length > 0));
  }
  return { byTag, missing, closed };
}

/** One folder, as one response showed it. `missing`: it holds nothing that this login can see. */
type Look =
  | ({ readonly kind: 'items' } & FolderItems)
  | { readonly kind: 'missing'; readonly folder: string }
  | { readonly kind: 'unreadable'; readonly why: Unreadable };

/**
 * Searches all folders in one request; or one by one, in the same order, if a fault may concern only one of them.
 */
async function lookInto(client: EwsClient, settings: EwsSettings, search: Search, call: Call): Promise<readonly Look[]> {
  const { tags, mailbox } = search;
  let folders: readonly string[] = [];
  const reply = await read(client, settings, {
    ...call,
    mailbox,
    operation: 'FindItem',
    body: (version) => {
      folders = search.folders.filter((folder) => isSayable(folder, version));
      return folders.length === 0 ? undefined : findItemXml(tags, folders, mailbox);
    },
  });
  const [first] = folders;
  if (first === undefined) return [];
  if (reply.kind === 'body') return looksOf(reply, folders, search, settings.clock.now() - clockError);
  const why = unreadableBy(outcomeOfReply(reply, 1));
  if (folders.length === 1)
    return [reply.kind === 'fault' ? refusedLook(first, reply.fault.responseCode, why, search) : { kind: 'unreadable', why }];
  if (!maySpeakOfOneFolder(reply)) return [{ kind: 'unreadable', why }];
  const looks: Look[] = [];
  for (const one of folders) {
    looks.push(...(await lookInto(client, settings, { ...search, folders: [one] }, call)));
    const last = looks.at(-1);
    if (last?.kind === 'unreadable' && closes(last.why)) break;
  }
  return looks;
}

/** Whether it is a fault of unknown meaning, or about a folder; not one that every request would meet. */
function maySpeakOfOneFolder(reply: Exclude<Reply, { kind: 'body' }>): boolean {
  if (reply.kind !== 'fault') return false;
  const outcome = outcomeOfReply(reply, 1);
  if (ruleOf(reply.fault.responseCode).missing === 'folder' || outcome.status === 'rejected') return true;
  return outcome.status === 'unconfirmed' && outcome.scope === 'note' && outcome.retryAfter === undefined;
}

function looksOf(
  reply: Extract<Reply, { kind: 'body' }>,
  folders: readonly string[],
  search: Search,
  now: number,
): readonly Look[] {
  const { requestId, date } = reply.meta;
  const pages = readFolderPages(reply.payload, folders.length);
  if (pages === undefined) {
    const text = 'The response does not answer this FindItem.';
    const error = new OfflineImError('RESPONSE_UNREADABLE', text, { details: { requestId } });
    return [{ kind: 'unreadable', why: { scope: 'note', error } }];
  }
  return pages.map((page, at): Look => {
    const folder = folders[at] ?? missing('The folder of an answer');
    if (page.kind === 'items') return { ...page, folder, seenAt: date ?? now };
    const why = unreadableBy(outcomeOfCode(page.responseCode, page.element, requestId));
    return page.clear ? refusedLook(folder, page.responseCode, why, search) : { kind: 'unreadable', why };
  });
}

/**
 * A missing folder holds nothing, unless every mailbox has it: then this login may not see it. Neither does Recoverable Items if this login has no access to it, unless the
 * error is temporary. To a login that may not see a folder, Exchange also names it an object that is not in the store.
 */
function refusedLook(folder: string, responseCode: string, why: Unreadable, { moved }: Search): Look {
  if (inEveryMailbox.has(folder)) return { kind: 'unreadable', why };
  const { missing } = ruleOf(responseCode);
  const closed = responseCode === 'ErrorAccessDenied' && moved?.get(folder) === false;
  if (closed || missing === 'folder' || (isById(folder) && missing === 'item')) return { kind: 'missing', folder };
  if (folder !== 'recoverableitemsdeletions') return { kind: 'unreadable', why };
  const verdict = missing === undefined ? codeRules.get(responseCode)?.verdict.kind : undefined;
  return verdict === 'deferred' || verdict === 'unconfirmed' ? { kind: 'unreadable', why } : { kind: 'missing', folder };
}
