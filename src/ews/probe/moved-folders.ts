import type { EwsClient } from '../client/client.ts';
import { read } from '../client/reads.ts';
import { folderById } from '../operations/elements.ts';
import { findBelowXml, type HistoryCriterion, readFoldersBelow } from '../operations/folders.ts';
import { type Asking, answerOf, criteria, lookupOf } from '../send/conversation-history.ts';
import type { EwsSettings } from '../settings.ts';
import { searchTags } from './search.ts';
import { closes, further, type TagFindings, type Unreadable, unaccounted, unreadableBy } from './tag-findings.ts';

/** Folders of one FindItem. */
const foldersPerSearch = 50;
/** Pages of folders that are followed at most: 10,000 folders. */
const mostPages = 20;

/**
 * Where the folder of a copy may lie after somebody moved or deleted it: below Deleted Items and Recoverable Items under any
 * name, anywhere else as a Conversation History.
 */
const places: readonly (readonly [parent: string, ...by: (HistoryCriterion | undefined)[]])[] = [
  ['deleteditems', undefined],
  ['recoverableitemsdeletions', undefined],
  ['msgfolderroot', ...criteria],
];

/**
 * Searches for tags in folders that were moved or deleted with all that lay in them: a FindItem doesn't look below the folder
 * that it names.
 *
 * @param seen Folders that were searched already, or that this login can't see.
 */
export async function searchMoved(
  client: EwsClient,
  settings: EwsSettings,
  tags: readonly string[],
  seen: ReadonlySet<string>,
  call: Asking,
): Promise<ReadonlyMap<string, TagFindings>> {
  const { mailbox } = call;
  const moved = new Map<string, boolean>();
  let unreadable: Unreadable | undefined;
  for (const [parent, ...by] of places) {
    if (seen.has(parent) || (unreadable !== undefined && closes(unreadable))) continue;
    const why = await addFolders(client, settings, { parent, by, into: moved }, call);
    if (why !== undefined) unreadable = further(unreadable, why);
  }
  const folders = [...moved.keys()].filter((folder) => !seen.has(folder));
  const all = new Map<string, TagFindings>(tags.map((tag) => [tag, { items: [], unreadable }]));
  for (let at = 0; at < folders.length; at += foldersPerSearch) {
    const part = folders.slice(at, at + foldersPerSearch);
    const { byTag, missing, closed } = await searchTags(client, settings, { tags, folders: part, mailbox, moved }, call);
    for (const [tag, found] of byTag) {
      const { items = [], unreadable: before } = all.get(tag) ?? {};
      // One that has moved on since it was listed took its items along. Of the others, a login may see some that it may not read.
      const why = found.unreadable ?? ([...missing].some((folder) => moved.get(folder)) ? unaccounted() : undefined);
      all.set(tag, { items: [...items, ...found.items], unreadable: why === undefined ? before : further(before, why) });
    }
    if (closed !== undefined) break;
  }
  return all;
}

/** Adds the folders below one, at any depth; returns why there may be others. */
async function addFolders(
  client: EwsClient,
  settings: EwsSettings,
  where: {
    readonly parent: string;
    readonly by: readonly (HistoryCriterion | undefined)[];
    readonly into: Map<string, boolean>;
  },
  call: Asking,
): Promise<Unreadable | undefined> {
  const { parent, by, into } = where;
  let unread = unaccounted();
  for (const criterion of by) {
    for (let page = 0, offset = 0; page < mostPages; page++) {
      const query = { parent, mailbox: call.mailbox, criterion, offset };
      const reply = await read(client, settings, { ...call, operation: 'FindFolder', body: findBelowXml(query) });
      const answer = answerOf(reply, (payload) => readFoldersBelow(payload, query));
      if (answer.kind === 'outcome') {
        const lookup = lookupOf(answer.outcome);
        // Where the login may not look it has put nothing; but every login that searches Deleted Items sees what is below it.
        return lookup === 'none' && parent !== 'deleteditems' ? undefined : unreadableBy(answer.outcome);
      }
      if (answer.kind === 'unread') {
        unread = { scope: 'note', error: answer.error };
        break;
      }
      for (const [id, isHistory] of answer.ids) into.set(folderById(id), isHistory);
      if (answer.next === undefined) return undefined;
      offset = answer.next;
    }
  }
  return unread;
}
