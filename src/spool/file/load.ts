import { systemClock, Turns } from '../../core/clock.ts';
import { eachOf, sorting } from '../../core/queues.ts';
import type { Reason } from '../contract.ts';
import type { EndedKeys, JournalContents } from '../journaled/journal.ts';
import type { EntryRecord, EntryStatus } from '../state/records.ts';
import { foldersOf } from './disk/layout.ts';
import type { StoredFile } from './entry-files.ts';
import { largestManifest, parseManifest } from './formats.ts';
import type { Parts } from './parts.ts';
import { EntryPlanner } from './plan.ts';
import { isUnreadable, parsed, readEntries, readEntriesById, removeFiles } from './read-files.ts';
import { type ReadFile, type ReadManifest, resolving } from './resolve.ts';
import { type FoundFile, removeLeftovers, scan } from './scan.ts';

const reason: Reason = {
  code: 'OUTCOME_UNKNOWN',
  text: 'The file of its note cannot be read; it may have been sent.',
};

/**
 * Without its manifest, a member of a note looks as if it had never been claimed, and would be sent without a probe. So members that can
 * still be recognized in what is left of a manifest die before that is set aside.
 */
async function endMembers(
  parts: Parts,
  contents: readonly string[],
  entries: readonly EntryRecord[],
  rev: number,
): Promise<ReadonlyMap<string, EntryRecord>> {
  const named = new Set(contents.flatMap(strings));
  const ids = new Set<string>();
  if (named.size > 0)
    for (const { fixed, status } of entries) if (status.state === 'spooled' && named.has(fixed.id)) ids.add(fixed.id);
  if (ids.size === 0) return new Map();
  const planner = new EntryPlanner(parts.entryFiles);
  const planned = [...(await readEntriesById(parts, ids)).values()].map((entry) => {
    // It was accepted long enough ago to have been claimed: that time will do for its end.
    const status: EntryStatus = { ...entry.status, state: 'dead', rev, reason, endedAt: entry.fixed.acceptedAt };
    return planner.single({ ...entry, status }, 'dead');
  });
  await parts.staging.stage(planned);
  await parts.staging.publish(planned, true);
  const left = planned.flatMap(({ stored, entries: [entry] }) =>
    entry === undefined ? [] : parts.entryFiles.put(stored, [[entry.fixed.id, rev]]),
  );
  await removeFiles(
    parts,
    left.map(({ path }) => path),
  );
  return new Map(planned.flatMap((one) => one.entries.map(({ fixed, status }) => [fixed.id, { fixed, status }] as const)));
}

/** Every string in what may once have been JSON. */
function strings(content: string): string[] {
  return [...content.matchAll(/"(?:[^"\\\n]|\\.)*"/g)].flatMap(([quoted]) => {
    try {
      const value: unknown = JSON.parse(quoted);
      return typeof value === 'string' ? [value] : [];
    } catch {
      return [];
    }
  });
}

/** How many messages are looked up in the log of tombstones in one go. */
const lookedUp = 256;

interface Bad {
  readonly path: string;
  readonly corrupt: string;
  readonly found: string;
}

/** A manifest that can't be read, and its contents. */
interface BadManifest extends Bad {
  readonly content: string;
}

/** The contents of a spool's folder. */
interface Loaded {
  readonly contents: JournalContents;
  /** Files that nobody needs and that could not be removed. */
  readonly left: readonly string[];
  /** Entries whose tombstones nobody needs. */
  readonly outlived: readonly string[];
}

/**
 * Reads a whole spool, in the process that has it locked. First makes durable whatever it sees: a process that died may
 * have left names that a power cut would still take back, or removals that it would undo.
 */
export async function load(parts: Parts, wall: number): Promise<Loaded> {
  const { quarantine, layout, syncs } = parts;
  const found = await scan(parts.files, layout);
  await syncs.sync(found.folders);
  const tombstones = await parts.tombstones.open(wall);
  const bad: Bad[] = [];
  const files = [...(await readAll(parts, found.waiting, 'waiting', bad)), ...(await readAll(parts, found.dead, 'dead', bad))];
  const badManifests: BadManifest[] = [];
  const manifests = await readManifests(parts, found.manifests, badManifests);
  // Nothing was written up to here: a later version of this library finds its files as it left them.
  await removeLeftovers(parts.files, found.leftovers);
  const proven = await parts.tombstones.prove();
  const turns = new Turns(systemClock);
  const ended = await endedOf(parts, tombstones.ahead, files, manifests);
  const resolved = await turns.run(resolving(files, manifests, ended));
  const rev = Math.max(resolved.lastRev, tombstones.rev);

  const placeOf = new Map<string, FoundFile['folders']>();
  for (const { path, folders } of found.manifests) {
    placeOf.set(path, folders);
    await turns.step();
  }
  await turns.run(parts.entryFiles.loading(resolved.currentFiles));
  for (const { path, note } of resolved.notes) {
    const folders = placeOf.get(path);
    if (folders !== undefined) parts.manifests.set(note.id, { path, folders });
    await turns.step();
  }
  const contents = badManifests.map(({ content }) => content);
  const dead = await endMembers(parts, contents, resolved.entries, rev + 1);
  const entries = dead.size === 0 ? resolved.entries : resolved.entries.map((one) => dead.get(one.fixed.id) ?? one);

  for (const path of found.strange) quarantine.report(path, 'it is a link or a file where a folder was expected');
  for (const path of proven ? tombstones.damaged : [])
    await quarantine.setAside(path, layout.corrupt, 'it has lines that cannot be read');
  for (const { path, corrupt, found: why } of [...bad, ...badManifests]) await quarantine.setAside(path, corrupt, why);
  const kept = new Set(resolved.notes.map(({ path }) => path));
  for (const [path, ids] of resolved.lost) {
    const why = `${ids.length} of its members have no file`;
    const folders = placeOf.get(path);
    if (kept.has(path) || folders === undefined) quarantine.report(path, why);
    else await quarantine.setAside(path, folders.corrupt, why);
  }
  const left = proven ? await removeFiles(parts, resolved.superseded) : resolved.superseded;
  const notes = resolved.notes.map(({ note }) => note);
  const counts = new Map(parts.tombstones.counts);
  for (const { status } of ended.values()) {
    if (status.purged !== true) counts.set(status.state, (counts.get(status.state) ?? 0) - 1);
  }
  return {
    contents: { entries, notes, ended: { counts, rev, order: tombstones.order } },
    left,
    outlived: resolved.outlived,
  };
}

/** Reads the tombstones of messages that have files, however old, and those to be corrected: no others need be in memory. */
async function endedOf(
  { tombstones }: Parts,
  ahead: readonly string[],
  files: readonly ReadFile[],
  manifests: readonly ReadManifest[],
): Promise<ReadonlyMap<string, EntryRecord>> {
  const ended = new Map<string, EntryRecord>();
  const turns = new Turns(systemClock);
  const take = async (keys: EndedKeys): Promise<void> => {
    for (const record of await tombstones.findAll(keys)) ended.set(record.fixed.id, record);
    await turns.step(lookedUp);
  };
  for (let from = 0; from < ahead.length; from += lookedUp) await take({ messages: ahead.slice(from, from + lookedUp) });
  for (let from = 0; from < files.length; from += lookedUp) {
    const some = files.slice(from, from + lookedUp);
    await take({ messages: some.flatMap(({ entries }) => entries.map(({ fixed }) => fixed.messageId)) });
  }
  for (const { manifest } of manifests) await take({ entries: manifest.members.map(({ id }) => id) });
  return ended;
}

async function readAll(
  parts: Parts,
  found: readonly FoundFile[],
  place: StoredFile['place'],
  bad: Bad[],
): Promise<readonly ReadFile[]> {
  const read: ReadFile[] = [];
  await eachOf(found, async ({ path, folders, regular }) => {
    const entries = regular ? await readEntries(parts.files, path) : { found: 'it is a link or a device' };
    if (isUnreadable(entries) && entries.later !== undefined) throw entries.later;
    if (isUnreadable(entries)) bad.push({ path, corrupt: folders.corrupt, found: entries.found });
    else {
      // Not the messages: only what is about to be sent is in memory.
      const records = entries.map(({ fixed, status }) => ({ fixed, status }));
      const proper = entries.every(({ message }) => foldersOf(parts.layout, message.from.sip) === folders);
      read.push({ proper, file: { path, folders, place, size: entries.length }, entries: records });
    }
  });
  return new Turns(systemClock).run(sorting(read, (a, b) => (a.file.path < b.file.path ? -1 : 1)));
}

/** Reads manifests. One that the disk does not give back, or that is too large, stops the opening: its members would look as if they had never been sent. */
async function readManifests(parts: Parts, found: readonly FoundFile[], bad: BadManifest[]): Promise<readonly ReadManifest[]> {
  const read: ReadManifest[] = [];
  await eachOf(found, async ({ path, folders, regular }) => {
    const { corrupt } = folders;
    if (!regular) {
      bad.push({ path, corrupt, found: 'it is a link or a device', content: '' });
      return;
    }
    const data = await parts.files.read(path, largestManifest);
    if (data === undefined) throw new Error(`${path} is larger than a note can be.`);
    const manifest = parsed(path, data, parseManifest);
    if (isUnreadable(manifest) && manifest.later !== undefined) throw manifest.later;
    if (isUnreadable(manifest)) bad.push({ path, corrupt, found: manifest.found, content: new TextDecoder().decode(data) });
    else read.push({ path, folders, manifest });
  });
  return new Turns(systemClock).run(sorting(read, (a, b) => (a.path < b.path ? -1 : 1)));
}
