import type { Note, Place, ProbeResult, UnknownAttempt } from '../../transport/contract.ts';
import { combined, placeGone } from '../../transport/verdict.ts';
import type { EwsClient } from '../client/client.ts';
import { isSayable } from '../operations/elements.ts';
import type { Asking } from '../send/conversation-history.ts';
import { removeItems } from '../send/drafts.ts';
import type { SavedFolders } from '../send/saved-folders.ts';
import type { EwsSettings } from '../settings.ts';
import { searchMoved } from './moved-folders.ts';
import { type SearchResult, searchTags } from './search.ts';
import { type TagFindings, type TaggedItem, type Unreadable, unaccounted, unreadableBy } from './tag-findings.ts';
import { draftsOf, isFound, verdictOf } from './verdict.ts';

/** The dependencies of a probe. */
export interface Probing {
  readonly client: EwsClient;
  readonly settings: EwsSettings;
  readonly folders: SavedFolders;
}

const recoverable = 'recoverableitemsdeletions';

/** Attempts that are probed together: of one mailbox, with the copy in one folder. */
interface Group {
  readonly place: Place;
  readonly tags: Set<string>;
  readonly notes: Set<string>;
}

/** Probes exactly the unknown attempts of the notes, each in its own place, and removes their drafts. */
export async function probe(probing: Probing, notes: readonly Note[], signal: AbortSignal): Promise<readonly ProbeResult[]> {
  const { url } = probing.settings;
  const byTag = new Map<string, ProbeResult>();
  /** By mailbox, '' for all: the result that closed it to this probe. */
  const closed = new Map<string, ProbeResult>();
  for (const group of groupsOf(notes, url)) {
    const mailbox = group.place.mailbox.toLowerCase();
    const call = { mailbox: group.place.mailbox, signal, notes: [...group.notes] };
    const known = closed.get('') ?? closed.get(mailbox);
    const results =
      known === undefined ? await probeGroup(probing, group, call) : [...group.tags].map((tag) => [tag, known] as const);
    for (const [tag, result] of results) {
      byTag.set(keyOf(tag, group.place), result);
      if (result.status !== 'unknown' || result.scope === 'note') continue;
      closed.set(result.scope === 'endpoint' ? '' : mailbox, result);
    }
  }
  const resultFor = (attempt: UnknownAttempt): ProbeResult => {
    const looked = attempt.place.endpoint === url ? byTag.get(keyOf(attempt.tag, attempt.place)) : undefined;
    return looked ?? placeGone(attempt);
  };
  return notes.map(({ unknownAttempts }) => combined(unknownAttempts.map(resultFor), unknownAttempts));
}

function keyOf(tag: string, { mailbox, folder }: Place): string {
  return JSON.stringify([tag, mailbox.toLowerCase(), folder]);
}

function groupsOf(notes: readonly Note[], endpoint: string): Iterable<Group> {
  const groups = new Map<string, Group>();
  for (const { id, unknownAttempts } of notes) {
    for (const { tag, place } of unknownAttempts) {
      if (place.endpoint !== endpoint) continue;
      const key = keyOf('', place);
      const group = groups.get(key) ?? { place, tags: new Set(), notes: new Set() };
      groups.set(key, group);
      group.tags.add(tag);
      group.notes.add(id);
    }
  }
  return groups.values();
}

async function probeGroup(probing: Probing, { place, tags }: Group, call: Asking): Promise<ReadonlyMap<string, ProbeResult>> {
  const { client, settings, folders } = probing;
  const { mailbox } = place;
  // Most copies are still where they were saved; only the rest is worth a search of every folder.
  const first = folders.askedFirst(place);
  const findings = new Map<string, TagFindings>();
  const quick = await searchTags(client, settings, { tags: [...tags], folders: [first], mailbox }, call);
  if (quick.missing.has(first)) folders.isGone(mailbox, first);
  const open = [...tags].filter((tag) => !keepFound(findings, tag, quick));
  if (quick.closed !== undefined) {
    for (const tag of open) findings.set(tag, unread(quick.closed));
    return removeDrafts(probing, place, findings, call);
  }
  for (const [tag, found] of await sweep(probing, place, open, call)) {
    findings.set(tag, { ...found, items: together(found.items, quick.byTag.get(tag)?.items ?? []) });
  }
  return removeDrafts(probing, place, findings, call);
}

function unread(unreadable: Unreadable): TagFindings {
  return { items: [], unreadable };
}

function keepFound(into: Map<string, TagFindings>, tag: string, { byTag }: SearchResult): boolean {
  const found = byTag.get(tag);
  if (found === undefined || !found.items.some(isFound)) return false;
  into.set(tag, found);
  return true;
}

/** The items of two searches without duplicates, the later search first. */
function together(later: readonly TaggedItem[], earlier: readonly TaggedItem[]): readonly TaggedItem[] {
  return [...later, ...earlier.filter(({ id }) => !later.some((item) => item.id?.id === id?.id))];
}

/**
 * Searches every folder that may hold the item, in one request. An item moves from Drafts through Outbox to the folder of its
 * copy, and a person or a rule may move it on: so each folder is read before those that items move to from there. In the
 * opposite order an item could be missed in both.
 */
async function sweep(
  { client, settings, folders }: Probing,
  place: Place,
  tags: readonly string[],
  call: Asking,
): Promise<ReadonlyMap<string, TagFindings>> {
  const all = new Map<string, TagFindings>();
  if (tags.length === 0) return all;
  let open = tags;
  const searched = new Set<string>();
  const missing = new Set<string>();
  // Once more if the folder known by its id is gone: its replacement may hold the copy.
  for (let looks = 0; looks < 2; looks++) {
    const { folders: copyFolders, failed } = await folders.copyFolders(place, call);
    // The reason why the folder can't be looked up now would also prevent a search.
    if (failed?.status === 'deferred') return new Map(tags.map((tag) => [tag, unread(unreadableBy(failed))]));
    const inMotion = ['drafts', 'outbox', ...copyFolders, 'sentitems', 'deleteditems', recoverable];
    const { mailbox } = place;
    const search = { tags: open, folders: [...new Set(inMotion)], mailbox };
    const { byTag, missing: unseen } = await searchTags(client, settings, search, call);
    for (const folder of copyFolders) searched.add(folder);
    for (const folder of unseen) missing.add(folder);
    const unreadable: Unreadable | undefined = failed && unreadableBy(failed);
    for (const [tag, found] of byTag) all.set(tag, { ...found, unreadable: found.unreadable ?? unreadable });
    open = tags.filter((tag) => all.get(tag)?.items.length === 0);
    const gone = [...unseen].filter((folder) => folders.isGone(mailbox, folder));
    if (gone.length === 0 || open.length === 0) break;
  }
  const absent = open.filter((tag) => all.get(tag)?.unreadable === undefined);
  // A folder that the server knows as the place names it was searched, wherever it lies now. Otherwise the copy may be in one that was moved or deleted.
  const unnamed = missing.has(place.folder) || !isSayable(place.folder, client.versionFor(place.mailbox));
  if (absent.length > 0 && unnamed) {
    const moved = await searchMoved(client, settings, absent, new Set([...searched, ...missing]), call);
    // What lay in a folder that was deleted for good is in Recoverable Items. To a login that can't look there, the folder itself may be hidden, too.
    const hidden = missing.has(recoverable) && folders.hasLost(place, missing) ? unaccounted() : undefined;
    for (const [tag, found] of moved) all.set(tag, { ...found, unreadable: found.unreadable ?? hidden });
  }
  return all;
}

/**
 * Deletes items that are certainly drafts. One that is no longer there under its id may have moved on, so it is searched for
 * once more before it counts as removed.
 */
async function removeDrafts(
  probing: Probing,
  place: Place,
  findings: ReadonlyMap<string, TagFindings>,
  call: Asking,
): Promise<ReadonlyMap<string, ProbeResult>> {
  const drafts = [...findings.values()].flatMap((found) => draftsOf(found));
  const known = drafts.flatMap(({ id, tag }) => (id === undefined ? [] : [{ id, tag }]));
  const deletions = await removeItems(
    probing.client,
    known.map(({ id }) => id),
    call,
  );
  const unnamed = new Set(drafts.flatMap(({ id, tag }) => (id === undefined ? [tag] : [])));
  const refused = new Set<string>();
  const unsure = new Set<string>();
  for (const [at, { tag }] of known.entries()) {
    if (deletions[at] === 'kept') refused.add(tag);
    const found = deletions[at] === 'deleted' ? undefined : findings.get(tag);
    if (found !== undefined && verdictOf(found, false).status === 'draft') unsure.add(tag);
  }
  const again = await sweep(probing, place, [...unsure], call);
  const results = new Map<string, ProbeResult>();
  for (const [tag, found] of findings) {
    const after = again.get(tag);
    // A draft that is still seen was not removed, whatever DeleteItem returned for its id.
    const seen = after !== undefined && draftsOf(after).length > 0;
    // Where nothing was looked for again, as beside a copy, or not everything could be seen, what DeleteItem returned counts.
    const unseen = after === undefined || after.unreadable !== undefined;
    const verdict = verdictOf(after ?? found, seen || unnamed.has(tag) || (unseen && refused.has(tag)));
    // A draft that is no longer anywhere, under any id, was removed.
    results.set(tag, after !== undefined && verdict.status === 'absent' ? { status: 'draft', removed: true } : verdict);
  }
  return results;
}
