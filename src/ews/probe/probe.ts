import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import type { Note, ProbeResult, UnknownAttempt } from '../../transport/contract.ts';
import { combined, placeGone } from '../../transport/probe-results.ts';
import type { EwsClient } from '../client/client.ts';
import { isSayable } from '../operations/folder-id.ts';
import { type Asking, findByName } from '../send/conversation-history.ts';
import { removeItems } from '../send/drafts.ts';
import type { EwsSettings } from '../settings.ts';
import { type FoundItem, markUnreadable, mergeFindings, searchTags, type TagFindings } from './search.ts';

/** Where an item may be, beside the folder that the copy was saved to: a user or a rule may have moved it. */
const elsewhere = ['sentitems', 'drafts', 'outbox', 'deleteditems', 'recoverableitemsdeletions'];

/** Exchange Online holds throttled mail for a while as what looks like a draft. */
const youngDraft = 60_000;

/** Attempts that are looked for together: of one mailbox, with the copy in one folder. */
interface Group {
  readonly mailbox: string;
  readonly folder: string;
  readonly tags: Set<string>;
  readonly notes: Set<string>;
}

/** Looks for exactly the unknown attempts of the notes, each where it was sent to, and removes their drafts. */
export async function probe(
  client: EwsClient,
  settings: EwsSettings,
  notes: readonly Note[],
  signal: AbortSignal,
): Promise<readonly ProbeResult[]> {
  const byTag = new Map<string, ProbeResult>();
  for (const group of groupsOf(notes, settings.url)) {
    for (const [tag, result] of await probeGroup(client, settings, group, signal)) byTag.set(keyOf(tag, group), result);
  }
  const resultFor = (attempt: UnknownAttempt): ProbeResult => {
    const looked = attempt.place.endpoint === settings.url ? byTag.get(keyOf(attempt.tag, attempt.place)) : undefined;
    return looked ?? placeGone(attempt);
  };
  return notes.map((note) => combined(note.unknownAttempts.map(resultFor)));
}

function keyOf(tag: string, place: { readonly mailbox: string; readonly folder: string }): string {
  return JSON.stringify([tag, place.mailbox.toLowerCase(), place.folder]);
}

function groupsOf(notes: readonly Note[], endpoint: string): Iterable<Group> {
  const groups = new Map<string, Group>();
  for (const { id, unknownAttempts } of notes) {
    for (const { tag, place } of unknownAttempts) {
      if (place.endpoint !== endpoint) continue;
      const key = keyOf('', place);
      const group = groups.get(key) ?? { mailbox: place.mailbox, folder: place.folder, tags: new Set(), notes: new Set() };
      groups.set(key, group);
      group.tags.add(tag);
      group.notes.add(id);
    }
  }
  return groups.values();
}

async function probeGroup(
  client: EwsClient,
  settings: EwsSettings,
  group: Group,
  signal: AbortSignal,
): Promise<Map<string, ProbeResult>> {
  const { mailbox, folder } = group;
  const call = { mailbox, signal, notes: [...group.notes] };
  // Most are where they were saved to; only the rest is worth a search of five more folders.
  const found = await searchPlace(client, settings, group, call);
  const missing = [...found].filter(([, { items }]) => !items.some((item) => kindOf(item) === 'found')).map(([tag]) => tag);
  const folders = elsewhere.filter((other) => other !== folder);
  if (folder === 'conversationhistory' && missing.length > 0) {
    // The note may have gone to what this name was resolved to then: also before a restart, or in another process.
    const named = await findByName(client, settings, mailbox, call);
    if (typeof named === 'object' && 'folder' in named) folders.push(named.folder);
    else if (named !== 'none' && named.outcome.status !== 'delivered') markUnreadable(found, missing, named.outcome.error);
  }
  mergeFindings(found, await searchTags(client, settings, { tags: missing, folders, mailbox }, call));

  const drafts = [...found.values()].flatMap(({ items }) => items.filter((item) => kindOf(item) === 'draft'));
  // What lies in Recoverable Items has been deleted already.
  const removable = drafts.filter((draft) => draft.folder !== 'recoverableitemsdeletions');
  const gone = await removeItems(
    client,
    removable.map((draft) => draft.id),
    call,
  );
  const left = new Set(removable.filter((_, at) => gone[at] !== true).map((draft) => draft.tag));
  return new Map([...found].map(([tag, findings]) => [tag, resultOf(findings, left.has(tag))]));
}

/** The search in the place itself; once more where it has brought out that the schema has no name for that folder. */
async function searchPlace(
  client: EwsClient,
  settings: EwsSettings,
  { mailbox, folder, tags }: Group,
  call: Asking,
): Promise<Map<string, TagFindings>> {
  for (;;) {
    const { version } = client;
    const folders = isSayable(folder, version) ? [folder] : [];
    const found = await searchTags(client, settings, { tags: [...tags], folders, mailbox }, call);
    if (folders.length === 0 || isSayable(folder, client.version)) return found;
  }
}

function resultOf(findings: TagFindings, draftLeft: boolean): ProbeResult {
  const kinds = new Set(findings.items.map(kindOf));
  if (kinds.has('found')) return { status: 'found' };
  if (kinds.has('pending')) return { status: 'pending' };
  if (kinds.has('draft')) return { status: 'draft', removed: !draftLeft };
  if (findings.unreadable !== undefined) return { status: 'unknown', error: findings.unreadable };
  if (findings.folders === 0) {
    // Every mailbox has Sent Items: where not one folder is found, it is the login that can't see them.
    const text = 'No folder of the mailbox can be read, so nothing can be looked for.';
    return { status: 'unknown', error: new OfflineImError('FOLDER_UNAVAILABLE', text) };
  }
  return { status: 'absent' };
}

function kindOf(item: FoundItem): 'found' | 'pending' | 'draft' {
  const unsent = item.unsent ?? (item.folder === 'drafts' || item.folder === 'outbox');
  if (!unsent) return 'found';
  if (item.folder === 'outbox' || item.submitted) return 'pending';
  // Without a time of creation it may be young: better to look again than to delete.
  return item.created === undefined || item.seenAt - item.created < youngDraft ? 'pending' : 'draft';
}
