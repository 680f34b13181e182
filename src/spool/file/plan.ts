import { basename, join } from 'node:path';
import { missing } from '../../core/errors/missing.ts';
import { type JournalChange, JournalError, type StoredNote } from '../journaled/journal.ts';
import { type EntryRecord, isInNote, isTombstone } from '../state/records.ts';
import { entryFileName, foldersOf, manifestName, messageFileName, type SenderFolders } from './disk/layout.ts';
import type { PlannedFile } from './disk/staging.ts';
import type { EntryFiles, StoredFile } from './entry-files.ts';
import { formatEntries, formatManifest, largestFile, type StoredEntry } from './formats.ts';
import type { Parts } from './parts.ts';
import { readEntriesById } from './read-files.ts';

/** A file of entries to be put in its place, and its description once it is there. */
export interface PlannedEntries extends PlannedFile {
  readonly stored: StoredFile;
  readonly entries: readonly StoredEntry[];
}

/** Chooses names for the entry files of one transaction. */
export class EntryPlanner {
  readonly #entryFiles: EntryFiles;
  readonly #chosen = new Set<string>();

  constructor(entryFiles: EntryFiles) {
    this.#entryFiles = entryFiles;
  }

  /** All entries of a new message: one file, so that it is kept whole or not at all. */
  message(entries: readonly [StoredEntry, ...StoredEntry[]], folders: SenderFolders): PlannedEntries {
    return this.#plan(entries, folders, 'waiting', true);
  }

  /** One entry on its own, under the name of its message if that is all there ever was of it. */
  single(entry: StoredEntry, place: StoredFile['place']): PlannedEntries {
    const home = this.#entryFiles.get(entry.fixed.id)?.file;
    if (home === undefined) missing('The file of an entry');
    const alone = home.size === 1 && basename(home.path) === messageFileName(entry.fixed.messageId);
    return this.#plan([entry], home.folders, place, alone);
  }

  #plan(
    entries: readonly [StoredEntry, ...StoredEntry[]],
    folders: SenderFolders,
    place: StoredFile['place'],
    whole: boolean,
  ): PlannedEntries {
    const folder = place === 'dead' ? folders.dead : folders.waiting;
    const path = this.#freePath(folder, entries, whole);
    this.#chosen.add(path);
    const content = formatEntries(entries);
    // What could not be read back must not be accepted.
    if (content.length > largestFile / 3 && new TextEncoder().encode(content).length > largestFile) {
      throw new JournalError('no', new Error(`A message takes more than ${largestFile} bytes.`));
    }
    return { folder, path, content, entries, stored: { path, folders, place, size: entries.length } };
  }

  /** Finds a path whose file holds no other entries: people rename and copy files. */
  #freePath(folder: string, [first, ...others]: readonly [StoredEntry, ...StoredEntry[]], whole: boolean): string {
    const { id, messageId } = first.fixed;
    const names = [
      ...(whole ? [messageFileName(messageId)] : []),
      entryFileName(messageId, id),
      entryFileName(messageId, id, first.status.rev),
    ];
    const own = new Set([id, ...others.map(({ fixed }) => fixed.id)]);
    const isFree = (path: string) => {
      const file = this.#entryFiles.at(path);
      return !this.#chosen.has(path) && (file === undefined || this.#entryFiles.entriesIn(file).every((one) => own.has(one)));
    };
    const paths = names.map((name) => join(folder, name));
    return paths.find(isFree) ?? join(folder, entryFileName(messageId, `${id} ${first.status.rev}`, first.status.rev));
  }
}

interface PlannedManifest extends PlannedFile {
  readonly noteId: string;
  readonly folders: SenderFolders;
}

/** The changes to files that a transaction needs. */
export interface Plan {
  readonly tombstones: readonly EntryRecord[];
  readonly entries: readonly PlannedEntries[];
  /** Of notes that have none yet. */
  readonly newManifests: readonly PlannedManifest[];
  readonly changedManifests: readonly PlannedManifest[];
  readonly droppedNotes: readonly string[];
}

/** Reads the messages of entries that get a file of their own, and changes nothing. */
export async function planOf(parts: Parts, change: JournalChange): Promise<Plan> {
  const records = [...change.entries.values()].filter((record) => record !== undefined);
  const tombstones = records.filter(({ status }) => isTombstone(status));
  const planner = new EntryPlanner(parts.entryFiles);
  const entries = planMessages(parts, planner, records, change.messages);

  const moving = records.filter(({ fixed, status }) => {
    const home = parts.entryFiles.get(fixed.id);
    if (home === undefined || isTombstone(status)) return false;
    // A dead entry that is probed again moves to `waiting`; its file keeps the old status, the manifest has a newer one.
    return isInNote(status.state) ? home.file.place === 'dead' : status.rev > home.rev;
  });
  const stored = await readEntriesById(
    parts,
    moving.map(({ fixed }) => fixed.id),
  );
  for (const { fixed, status } of moving) {
    const entry = stored.get(fixed.id);
    if (entry === undefined) continue;
    const own: StoredEntry = isInNote(status.state) ? entry : { ...entry, fixed, status };
    entries.push(planner.single(own, status.state === 'dead' ? 'dead' : 'waiting'));
  }
  return { tombstones, entries, ...planNotes(parts, change) };
}

function planMessages(
  parts: Parts,
  planner: EntryPlanner,
  records: readonly EntryRecord[],
  added: JournalChange['messages'],
): PlannedEntries[] {
  const messages = new Map<string, [StoredEntry, ...StoredEntry[]]>();
  for (const record of records) {
    const message = added.get(record.fixed.id);
    if (message === undefined) continue;
    const entry: StoredEntry = { ...record, message };
    const others = messages.get(record.fixed.messageId);
    if (others === undefined) messages.set(record.fixed.messageId, [entry]);
    else others.push(entry);
  }
  return [...messages.values()].map((entries) => planner.message(entries, foldersOf(parts.layout, entries[0].message.from.sip)));
}

function planNotes(
  parts: Parts,
  { notes, entries }: JournalChange,
): Pick<Plan, 'newManifests' | 'changedManifests' | 'droppedNotes'> {
  const newManifests: PlannedManifest[] = [];
  const changedManifests: PlannedManifest[] = [];
  const droppedNotes: string[] = [];
  for (const [id, note] of notes) {
    if (note === undefined) {
      if (parts.manifests.has(id)) droppedNotes.push(id);
      continue;
    }
    const planned = planManifest(parts, note, entries);
    if (planned === undefined) continue;
    if (parts.manifests.has(id)) changedManifests.push(planned);
    else newManifests.push(planned);
  }
  return { newManifests, changedManifests, droppedNotes };
}

function planManifest(
  parts: Parts,
  { entryIds, ...note }: StoredNote,
  entries: JournalChange['entries'],
): PlannedManifest | undefined {
  const members = entryIds.flatMap((id) => entries.get(id) ?? []);
  const known = parts.manifests.get(note.id);
  const folders = known?.folders ?? members.flatMap(({ fixed }) => parts.entryFiles.get(fixed.id)?.file.folders ?? [])[0];
  if (folders === undefined) return undefined;
  const content = formatManifest({ note, members: members.map(({ fixed, status }) => ({ id: fixed.id, status })) });
  const path = known?.path ?? join(folders.notes, manifestName(note.id));
  return { noteId: note.id, folders, folder: folders.notes, path, content };
}
