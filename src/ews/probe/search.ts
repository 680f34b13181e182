import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import type { EwsClient } from '../client/client.ts';
import { read } from '../client/reads.ts';
import type { EwsCall } from '../client/reply.ts';
import { type FolderFindings, findItemXml, readFindings, type TaggedItem, tagsPerSearch } from '../operations/find-item.ts';
import { isSayable } from '../operations/folder-id.ts';
import type { EwsServerVersion } from '../options.ts';
import { ewsError, replyError } from '../outcome/outcome.ts';
import { codeRules } from '../outcome/response-codes.ts';
import type { EwsSettings } from '../settings.ts';

/** Where to look, and for what. */
export interface Search {
  readonly tags: readonly string[];
  readonly folders: readonly string[];
  readonly mailbox: string;
}

/** An item, and where it lies. */
export interface FoundItem extends TaggedItem {
  readonly folder: string;
  /** The server's time when it was found, or ours, ms since 1970. */
  readonly seenAt: number;
}

/** What is known of each tag after a search. */
export interface TagFindings {
  readonly items: FoundItem[];
  /** Why "nothing found" doesn't mean that there is nothing. */
  unreadable: OfflineImError | undefined;
  /** How many folders could be read. */
  folders: number;
}

const recoverable = 'recoverableitemsdeletions';

/** Looks for tags in folders of one mailbox, many tags a request. Every tag has findings in the result. */
export async function searchTags(
  client: EwsClient,
  settings: EwsSettings,
  search: Search,
  call: Pick<EwsCall, 'signal' | 'notes' | 'mayWrite'>,
): Promise<Map<string, TagFindings>> {
  const found = new Map<string, TagFindings>();
  for (let at = 0; at < search.tags.length; at += tagsPerSearch) {
    const tags = search.tags.slice(at, at + tagsPerSearch);
    for (const tag of tags) found.set(tag, { items: [], unreadable: undefined, folders: 0 });
    if (search.folders.length === 0) continue;
    const xml = findItemXml(tags, search.folders, search.mailbox);
    const body = (version: EwsServerVersion): string | undefined =>
      search.folders.every((folder) => isSayable(folder, version)) ? xml : undefined;
    const reply = await read(client, settings, { ...call, mailbox: search.mailbox, operation: 'FindItem', body });
    const findings = reply.kind === 'body' ? readFindings(reply.payload, search.folders.length) : undefined;
    if (reply.kind !== 'body' || findings === undefined) {
      const error = reply.kind === 'body' ? notFindItem(reply.meta.requestId) : replyError(reply);
      for (const tag of tags) note(found, tag, error);
      continue;
    }
    const seenAt = reply.meta.date ?? settings.clock.now();
    findings.forEach((one, n) => {
      addFolder(found, tags, one, { folder: search.folders[n] ?? '', seenAt, requestId: reply.meta.requestId });
    });
  }
  return found;
}

/** A folder could not be looked for: whatever was not found elsewhere may lie in it. */
export function markUnreadable(found: Map<string, TagFindings>, tags: readonly string[], error: OfflineImError): void {
  for (const tag of tags) note(found, tag, error);
}

/** The findings of two searches for the same tags, in different folders. */
export function mergeFindings(into: Map<string, TagFindings>, more: ReadonlyMap<string, TagFindings>): void {
  for (const [tag, { items, unreadable, folders }] of more) {
    const known = into.get(tag);
    if (known === undefined) continue;
    known.items.push(...items);
    known.unreadable ??= unreadable;
    known.folders += folders;
  }
}

interface FolderContext {
  readonly folder: string;
  readonly seenAt: number;
  readonly requestId: string;
}

function addFolder(found: Map<string, TagFindings>, tags: readonly string[], one: FolderFindings, context: FolderContext): void {
  const { folder, seenAt, requestId } = context;
  if (one.kind === 'error') {
    if (isEmpty(folder, one.responseCode)) return;
    for (const tag of tags) note(found, tag, ewsError(one.responseCode, requestId));
    return;
  }
  for (const tag of tags) {
    const findings = found.get(tag);
    if (findings === undefined) continue;
    findings.folders += 1;
    if (!one.complete)
      findings.unreadable ??= new OfflineImError('RESPONSE_INCOMPLETE', 'The search has more results than it returned.');
  }
  for (const item of one.items) found.get(item.tag)?.items.push({ ...item, folder, seenAt });
}

/** A folder that doesn't exist holds nothing. Recoverable Items may be closed to this login: then too, unless it will pass. */
function isEmpty(folder: string, responseCode: string): boolean {
  if (responseCode === 'ErrorFolderNotFound') return true;
  if (folder !== recoverable) return false;
  const kind = codeRules.get(responseCode)?.verdict.kind;
  return kind !== 'deferred' && kind !== 'unconfirmed';
}

function note(found: Map<string, TagFindings>, tag: string, error: OfflineImError): void {
  const findings = found.get(tag);
  if (findings !== undefined) findings.unreadable ??= error;
}

function notFindItem(requestId: string): OfflineImError {
  return new OfflineImError('RESPONSE_UNREADABLE', 'The response is not the answer to this FindItem.', {
    details: { requestId },
  });
}
