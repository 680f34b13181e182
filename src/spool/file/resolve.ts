import { sliceSize } from '../../core/queues.ts';
import type { EntryFixed, EntryRecord, EntryStatus, NoteRecord } from '../state/records.ts';
import type { SenderFolders } from './disk/layout.ts';
import type { FileEntries, StoredFile } from './entry-files.ts';
import type { Manifest, StoredEntry } from './formats.ts';

/** A file of entries that was read; the messages are not kept. */
export interface ReadFile {
  readonly file: StoredFile;
  /** Whether it lies in the folder of its sender. */
  readonly proper: boolean;
  readonly entries: readonly Pick<StoredEntry, 'fixed' | 'status'>[];
}

export interface ReadManifest {
  readonly path: string;
  readonly folders: SenderFolders;
  readonly manifest: Manifest;
}

/** The state that the files of a spool describe together. */
export interface Resolved {
  readonly entries: readonly EntryRecord[];
  /** Files that messages of entries are read from. */
  readonly currentFiles: readonly FileEntries[];
  readonly notes: readonly { readonly path: string; readonly note: NoteRecord }[];
  /** Entry files and manifests that nobody needs any more. */
  readonly superseded: readonly string[];
  /** Members of notes without a file, by the manifest that names them. */
  readonly lost: ReadonlyMap<string, readonly string[]>;
  /** Entries whose tombstones nobody needs any more. */
  readonly outlived: readonly string[];
  readonly lastRev: number;
}

interface Candidate {
  readonly fixed: EntryFixed;
  readonly file: StoredFile;
  readonly proper: boolean;
  readonly own: EntryStatus;
  status: EntryStatus;
  manifest: string | undefined;
}

/**
 * Decides which of several copies counts, whatever a crash has left: a tombstone, unless its entry was accepted anew since; otherwise the status with the highest
 * revision, in whichever file. A note keeps those members whose status is its own. With interruptions: there may be very many files.
 */
export function* resolving(
  files: readonly ReadFile[],
  manifests: readonly ReadManifest[],
  tombstones: ReadonlyMap<string, EntryRecord>,
): Generator<void, Resolved> {
  const found = yield* candidatesIn(files, tombstones);
  const { candidates } = found;
  let { lastRev } = found;
  const lost = new Map<string, readonly string[]>();
  const single = onePerNote(manifests, candidates);
  let count = 0;
  for (const { path, manifest } of single) {
    if (++count % sliceSize === 0) yield;
    for (const { id, status } of manifest.members) {
      lastRev = Math.max(lastRev, status.rev);
      const known = candidates.get(id);
      if (known === undefined && tombstones.has(id)) continue;
      if (known === undefined) lost.set(path, [...(lost.get(path) ?? []), id]);
      else if (status.rev > known.status.rev) {
        known.status = status;
        known.manifest = path;
      }
    }
  }
  const outlived = yield* outlivedIn(candidates, tombstones);
  const entries: EntryRecord[] = [];
  for (const [id, record] of tombstones) {
    if (!candidates.has(id) && !outlived.has(id)) entries.push(record);
    lastRev = Math.max(lastRev, record.status.rev);
    if (++count % sliceSize === 0) yield;
  }
  for (const { fixed, status } of candidates.values()) {
    entries.push({ fixed, status });
    if (++count % sliceSize === 0) yield;
  }
  const notes = single.flatMap(({ path, manifest }) => {
    const entryIds = manifest.members.map(({ id }) => id).filter((id) => candidates.get(id)?.manifest === path);
    return entryIds.length === 0 ? [] : [{ path, note: { ...manifest.note, entryIds } }];
  });
  const currentFiles: FileEntries[] = [];
  const superseded: string[] = [];
  for (const { file, entries: copies } of files) {
    const current = copies.flatMap(({ fixed: { id } }): FileEntries['entries'] => {
      const counts = candidates.get(id);
      return counts?.file === file ? [[id, counts.own.rev]] : [];
    });
    if (current.length > 0) currentFiles.push({ file, entries: current });
    else superseded.push(file.path);
    if (++count % sliceSize === 0) yield;
  }
  const needed = new Set(notes.map(({ path }) => path));
  for (const { path } of manifests) {
    if (!needed.has(path) && !lost.has(path)) superseded.push(path);
    if (++count % sliceSize === 0) yield;
  }
  return { entries, currentFiles, notes, superseded, lost, outlived: [...outlived], lastRev };
}

function* candidatesIn(
  files: readonly ReadFile[],
  tombstones: ReadonlyMap<string, EntryRecord>,
): Generator<void, { readonly candidates: Map<string, Candidate>; readonly lastRev: number }> {
  const candidates = new Map<string, Candidate>();
  let lastRev = 0;
  let count = 0;
  for (const { file, proper, entries } of files) {
    if (++count % sliceSize === 0) yield;
    for (const { fixed, status } of entries) {
      lastRev = Math.max(lastRev, status.rev);
      const known = candidates.get(fixed.id);
      if (hasEnded({ fixed, status }, tombstones.get(fixed.id))) continue;
      if (known !== undefined && !isBetter({ file, proper, own: status }, known)) continue;
      candidates.set(fixed.id, { fixed, file, proper, own: status, status, manifest: undefined });
    }
  }
  return { candidates, lastRev };
}

/** Whether a tombstone is that of this entry: its id may have been taken again since, as by an import. */
function hasEnded({ fixed, status }: EntryRecord, tombstone: EntryRecord | undefined): boolean {
  if (tombstone === undefined) return false;
  const same = tombstone.fixed.acceptedAt === fixed.acceptedAt && tombstone.fixed.contentHash === fixed.contentHash;
  return same || status.rev <= tombstone.status.rev;
}

/**
 * Finds tombstones of messages whose id a later message has. Their lines may be there long after their time: the two messages would pass for one, whose repetition
 * conflicts. The entries of one message were accepted at one moment; the message with the highest revision came last.
 */
function* outlivedIn(
  candidates: ReadonlyMap<string, EntryRecord>,
  tombstones: ReadonlyMap<string, EntryRecord>,
): Generator<void, ReadonlySet<string>> {
  const outlived = new Set<string>();
  if (tombstones.size === 0) return outlived;
  const newest = new Map<string, EntryRecord>();
  let count = 0;
  for (const records of [tombstones, candidates]) {
    for (const record of records.values()) {
      if (++count % sliceSize === 0) yield;
      if (records === tombstones && candidates.has(record.fixed.id)) continue;
      const known = newest.get(record.fixed.messageId);
      if (known === undefined || record.status.rev > known.status.rev) newest.set(record.fixed.messageId, record);
    }
  }
  for (const { fixed } of tombstones.values()) {
    const last = newest.get(fixed.messageId)?.fixed;
    const isIts = last === undefined || (last.acceptedAt === fixed.acceptedAt && last.contentHash === fixed.contentHash);
    if (!isIts) outlived.add(fixed.id);
    if (++count % sliceSize === 0) yield;
  }
  return outlived;
}

/**
 * Whether one copy counts rather than another: that of the higher revision; of one revision the original, where someone has copied a folder; then the one in the place for
 * its state, where a crash came between copy and removal.
 */
function isBetter(one: Pick<Candidate, 'file' | 'proper' | 'own'>, known: Candidate): boolean {
  if (one.own.rev !== known.own.rev) return one.own.rev > known.own.rev;
  if (one.proper !== known.proper) return one.proper;
  const place = one.own.state === 'dead' ? 'dead' : 'waiting';
  return one.file.place === place && known.file.place !== place;
}

/** Chooses one manifest per note; another one is a copy that someone made. */
function onePerNote(manifests: readonly ReadManifest[], candidates: ReadonlyMap<string, Candidate>): ReadManifest[] {
  const byNote = new Map<string, ReadManifest>();
  const revOf = ({ manifest }: ReadManifest) => Math.max(...manifest.members.map(({ status }) => status.rev));
  const isAtHome = ({ manifest, folders }: ReadManifest) =>
    manifest.members.some(({ id }) => candidates.get(id)?.file.folders === folders);
  for (const one of manifests) {
    const known = byNote.get(one.manifest.note.id);
    const better =
      known === undefined || revOf(one) > revOf(known) || (revOf(one) === revOf(known) && isAtHome(one) && !isAtHome(known));
    if (better) byNote.set(one.manifest.note.id, one);
  }
  return [...byNote.values()];
}
