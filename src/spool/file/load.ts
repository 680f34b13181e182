import { systemClock, Turns } from '../../core/clock.ts';
import { eachOf, sorting } from '../../core/queues.ts';
import type { Reason } from '../contract.ts';
import type { JournalContents } from '../journaled/journal.ts';
import type { EntryRecord, EntryStatus } from '../state/records.ts';
import { foldersOf } from './disk/layout.ts';
import type { StoredFile } from './entry-files.ts';
import { largestManifest, parseManifest } from './formats.ts';
import type { Parts } from './parts.ts';
import { EntryPlanner } from './plan.ts';
import { isUnreadable, parsed, readEntries, readHomes, removeFiles } from './read-files.ts';
import { type ReadFile, type ReadManifest, resolving } from './resolve.ts';
import { type FoundFile, scan } from './scan.ts';

const reason: Reason = {
  code: 'OUTCOME_UNKNOWN',
  text: 'The file of the note that it belonged to cannot be read; it may have been sent.',
};

/**
 * Without its manifest, a member of a note looks as if it had never been claimed, and would be sent without being looked
 * for. Members that can still be recognised in what is left of a manifest therefore die, before that is set aside.
 */
async function endMembers(
  parts: Parts,
  contents: readonly string[],
  entries: ReadonlyMap<string, EntryRecord>,
  rev: number,
): Promise<EntryRecord[]> {
  const ids = new Set(contents.flatMap(strings).filter((id) => entries.get(id)?.status.state === 'spooled'));
  if (ids.size === 0) return [];
  const planner = new EntryPlanner(parts.entryFiles);
  const planned = [...(await readHomes(parts, ids)).values()].map((entry) => {
    // Accepted long enough ago to have been claimed: the time it was accepted will do for its end.
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
  return planned.flatMap((one) => one.entries.map(({ fixed, status }) => ({ fixed, status })));
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

interface Bad {
  readonly path: string;
  readonly corrupt: string;
  readonly found: string;
}

/** A manifest that can't be read, with what there is of it. */
interface BadManifest extends Bad {
  readonly content: string;
}

/** What a spool's folder holds. */
interface Loaded {
  readonly contents: JournalContents;
  /** Files that nobody needs, and that could not be removed. */
  readonly left: readonly string[];
  /** Entries whose tombstones nobody needs. */
  readonly outlived: readonly string[];
}

/**
 * Reads a whole spool, by the process that has it locked. Whatever it sees it first makes durable: a process that died may
 * have left names that a power cut would still take back, or removals that it would undo.
 */
export async function load(parts: Parts): Promise<Loaded> {
  const { quarantine, layout, syncs } = parts;
  const found = await scan(parts.files, layout);
  await syncs.sync(found.folders);
  const tombstones = await parts.tombstones.open();
  const bad: Bad[] = [];
  const files = [...(await readAll(parts, found.waiting, 'waiting', bad)), ...(await readAll(parts, found.dead, 'dead', bad))];
  const badManifests: BadManifest[] = [];
  const manifests = await readManifests(parts, found.manifests, badManifests);
  const turns = new Turns(systemClock);
  const resolved = await turns.run(resolving(files, manifests, tombstones.records));

  const placeOf = new Map(found.manifests.map(({ path, folders }) => [path, folders]));
  for (const [file, residents] of resolved.residents) {
    parts.entryFiles.put(file, residents);
    await turns.step();
  }
  for (const { path, note } of resolved.notes) {
    const folders = placeOf.get(path);
    if (folders !== undefined) parts.manifests.set(note.id, { path, folders });
  }
  const entries = new Map<string, EntryRecord>(resolved.entries);
  const contents = badManifests.map(({ content }) => content);
  for (const record of await endMembers(parts, contents, entries, resolved.lastRev + 1)) entries.set(record.fixed.id, record);

  for (const path of found.strange) quarantine.report(path, 'it is a link or a file where a folder belongs');
  for (const path of tombstones.damaged) await quarantine.setAside(path, layout.corrupt, 'it has lines that cannot be read');
  for (const { path, corrupt, found: why } of [...bad, ...badManifests]) await quarantine.setAside(path, corrupt, why);
  const kept = new Set(resolved.notes.map(({ path }) => path));
  for (const [path, ids] of resolved.lost) {
    const why = `${ids.length} of its members have no file`;
    const folders = placeOf.get(path);
    if (kept.has(path) || folders === undefined) quarantine.report(path, why);
    else await quarantine.setAside(path, folders.corrupt, why);
  }
  const left = tombstones.proven ? await removeFiles(parts, resolved.superseded) : resolved.superseded;
  const notes = resolved.notes.map(({ note }) => note);
  return { contents: { entries: [...entries.values()], notes }, left, outlived: resolved.outlived };
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

/** One that the disk does not give back, or that is too large to be looked into, stops the opening: its members would look as if they had never been sent. */
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
    const manifest = parsed(data, parseManifest);
    if (isUnreadable(manifest)) bad.push({ path, corrupt, found: manifest.found, content: new TextDecoder().decode(data) });
    else read.push({ path, folders, manifest });
  });
  return read.sort((a, b) => (a.path < b.path ? -1 : 1));
}
