import type { EntryFixed, EntryRecord, EntryStatus, NoteRecord } from '../table/records.ts';
import type { StoredFile } from './entry-files.ts';
import type { StoredEntry } from './entry-format.ts';
import type { Manifest } from './manifest-format.ts';

/** A file of entries that was read; the messages are not kept. */
export interface ReadFile {
  readonly file: StoredFile;
  readonly entries: readonly Pick<StoredEntry, 'fixed' | 'status'>[];
}

export interface ReadManifest {
  readonly path: string;
  readonly manifest: Manifest;
}

/** What a spool's files say together. */
export interface Resolved {
  readonly entries: ReadonlyMap<string, EntryRecord>;
  /** Files that entries' messages are read from, with the revision of the status in there. */
  readonly residents: ReadonlyMap<StoredFile, readonly (readonly [id: string, rev: number])[]>;
  readonly notes: readonly { readonly path: string; readonly note: NoteRecord }[];
  /** Entry files and manifests that say nothing any more. */
  readonly superseded: readonly string[];
  /** Members of notes without a file, by the manifest that names them. */
  readonly lost: ReadonlyMap<string, readonly string[]>;
  readonly lastRev: number;
}

interface Candidate {
  readonly fixed: EntryFixed;
  readonly file: StoredFile;
  readonly own: EntryStatus;
  status: EntryStatus;
  manifest: string | undefined;
}

/**
 * Which of several copies counts, whatever a crash has left: a tombstone always; otherwise the status with the highest
 * revision, in whichever file. A note keeps those of its members whose status is its own.
 */
export function resolve(
  files: readonly ReadFile[],
  manifests: readonly ReadManifest[],
  tombstones: ReadonlyMap<string, EntryRecord>,
): Resolved {
  const candidates = new Map<string, Candidate>();
  let lastRev = 0;
  for (const { file, entries } of files) {
    for (const { fixed, status } of entries) {
      lastRev = Math.max(lastRev, status.rev);
      const known = candidates.get(fixed.id);
      if (tombstones.has(fixed.id) || (known !== undefined && !isBetter(file, status, known))) continue;
      candidates.set(fixed.id, { fixed, file, own: status, status, manifest: undefined });
    }
  }
  const lost = new Map<string, readonly string[]>();
  for (const { path, manifest } of manifests) {
    for (const { id, status } of manifest.members) {
      lastRev = Math.max(lastRev, status.rev);
      if (tombstones.has(id)) continue;
      const known = candidates.get(id);
      if (known === undefined) lost.set(path, [...(lost.get(path) ?? []), id]);
      else if (status.rev > known.status.rev) {
        known.status = status;
        known.manifest = path;
      }
    }
  }
  for (const { status } of tombstones.values()) lastRev = Math.max(lastRev, status.rev);

  const entries = new Map(tombstones);
  for (const [id, { fixed, status }] of candidates) entries.set(id, { fixed, status });
  const notes = manifests.flatMap(({ path, manifest }) => {
    const entryIds = manifest.members.map(({ id }) => id).filter((id) => candidates.get(id)?.manifest === path);
    return entryIds.length === 0 ? [] : [{ path, note: { ...manifest.note, entryIds } }];
  });
  const needed = new Set([...notes.map(({ path }) => path), ...[...candidates.values()].map(({ file }) => file.path)]);
  const all = [...files.map(({ file }) => file.path), ...manifests.map(({ path }) => path)];
  const superseded = all.filter((path) => !needed.has(path) && !lost.has(path));
  const residents = new Map<StoredFile, (readonly [id: string, rev: number])[]>();
  for (const [id, { file, own }] of candidates) residents.set(file, [...(residents.get(file) ?? []), [id, own.rev]]);
  return { entries, residents, notes, superseded, lost, lastRev };
}

/** Of two copies of one revision, which a crash between copy and removal leaves, the one in the place for its state. */
function isBetter(file: StoredFile, status: EntryStatus, known: Candidate): boolean {
  if (status.rev !== known.own.rev) return status.rev > known.own.rev;
  const place = status.state === 'dead' ? 'dead' : 'waiting';
  return file.place === place && known.file.place !== place;
}
