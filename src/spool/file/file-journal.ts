import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { quoted } from '../../core/errors/quote.ts';
import type { SpoolContext, SpooledMessage } from '../contract.ts';
import { assertLocal, warnOfRights } from '../disk/local-disk.ts';
import { adviceOnPath } from '../disk/syncing.ts';
import {
  type EndedRecords,
  type EndedStep,
  type Journal,
  type JournalChange,
  type JournalContents,
  JournalError,
  type StoredNote,
} from '../journaled/journal.ts';
import { LaterFormat } from '../journaled/json-shape.ts';
import type { EntryRecord } from '../state/records.ts';
import { type CopyStep, copyStep } from './backup/copy-step.ts';
import { errnoOf, type FileLayer, type FolderLock } from './disk/file-layer.ts';
import { type Layout, layoutOf } from './disk/layout.ts';
import { assertDocumentsKnown, laterFormatError } from './later-format.ts';
import { load } from './load.ts';
import { makeParts, type Parts } from './parts.ts';
import { type Plan, planOf } from './plan.ts';
import { readEntriesById, removeFiles } from './read-files.ts';

const needs = 'if two machines open it, messages are lost or sent twice';

/** How many bytes the document of operators may have: some thousand audit records. */
const longestAdmin = 16 * 1024 * 1024;

/** Options of a {@link FileJournal}. */
export interface FileJournalOptions {
  readonly root: string;
  readonly files: FileLayer;
  readonly allowNetworkDisk: boolean;
}

/** Keeps a spool in files; docs/file-spool-format.md says what lies where, and why no crash in between does harm. */
export class FileJournal implements Journal {
  readonly checked = true;
  readonly #files: FileLayer;
  readonly #layout: Layout;
  readonly #allowNetworkDisk: boolean;
  #parts: Parts | undefined;
  #lock: FolderLock | undefined;
  #taken: ((error: OfflineImError) => void) | undefined;
  /** Files that could not be removed yet; a tombstone stays as long as one of them is there. */
  #left = new Set<string>();
  #forgotten = new Set<string>();

  constructor({ root, files, allowNetworkDisk }: FileJournalOptions) {
    this.#layout = layoutOf(root);
    this.#files = files;
    this.#allowNetworkDisk = allowNetworkDisk;
  }

  async open(context: SpoolContext, lost: (error: unknown) => void): Promise<JournalContents> {
    const parts = makeParts(this.#files, this.#layout, context);
    try {
      await parts.folders.makeRoot();
      const warn = (error: Error): void => context.onWarning?.(error);
      const { root, lock, own } = this.#layout;
      assertLocal(root, root, { needs, allowNetworkDisk: this.#allowNetworkDisk, warn });
      const facts = await this.#files.stat(own);
      if (facts !== undefined && facts.othersMay !== 0) warnOfRights(root, warn);
      this.#lock = await this.#files.lock(lock, warn);
      this.#taken = (error) => {
        this.#taken = undefined;
        lost(error);
        warn(error);
      };
      await assertDocumentsKnown(parts);
      const { contents, left, outlived } = await load(parts, Math.floor(context.clock.now()));
      this.#left = new Set(left);
      this.#forgotten = new Set(outlived);
      for (const id of outlived) parts.tombstones.putOff(id, Number.POSITIVE_INFINITY);
      this.#parts = parts;
      return contents;
    } catch (error) {
      await parts.tombstones.close().catch(() => undefined);
      await this.#unlock();
      if (error instanceof OfflineImError) throw error;
      if (error instanceof LaterFormat) throw laterFormatError(this.#layout.root, error);
      const failure = error instanceof JournalError ? error.cause : error;
      const code = errnoOf(failure);
      const message = `The folder ${quoted(this.#layout.root)} cannot be created, read or written${code === undefined ? '' : ` (${code})`}. ${adviceOnPath(failure)}`;
      throw new OfflineImError('SPOOL_ROOT_UNUSABLE', message, { cause: error, details: { root: this.#layout.root } });
    }
  }

  async write(change: JournalChange): Promise<void> {
    const parts = this.#usable();
    const plan = await planned(parts, change);
    await publish(parts, plan);
    // An id that was taken again is known again.
    for (const { fixed } of plan.tombstones) this.#forgotten.delete(fixed.id);
    // Whoever came meanwhile may have read the folder before all of it was there.
    if (!this.isOurs()) throw new JournalError('unknown', this.#lose());
    await this.#recordPlaces(parts, plan);
    const forgotten = [...change.entries].flatMap(([id, record]) => (record === undefined ? [id] : []));
    if (forgotten.length > 0) await this.#forget(parts, forgotten);
  }

  async read(records: readonly EntryRecord[]): Promise<ReadonlyMap<string, SpooledMessage>> {
    const entries = await readEntriesById(
      this.#usable(),
      records.map(({ fixed }) => fixed.id),
    );
    return new Map([...entries].map(([id, { message }]) => [id, message]));
  }

  readonly admin: NonNullable<Journal['admin']> = {
    read: async () => {
      const { files, layout } = this.#usable();
      if ((await files.stat(layout.admin)) === undefined) return undefined;
      const content = await files.read(layout.admin, longestAdmin);
      if (content === undefined) throw new Error(`${layout.admin} is larger than anything this library writes.`);
      return new TextDecoder().decode(content);
    },
    write: async (document) => {
      const { staging, layout } = this.#usable();
      const file = { folder: layout.own, path: layout.admin, content: document };
      await staging.stage([file]);
      await staging.publish([file], true);
    },
  };

  readonly ended: EndedRecords = {
    find: (keys) => this.#endedOf(({ tombstones }) => tombstones.find(keys)),
    over: (until, most) => this.#endedOf(({ tombstones }) => tombstones.over(until, most)),
    putOff: (id, until) => this.#parts?.tombstones.putOff(id, until),
    read: () => {
      const reader = this.#usable().tombstones.read();
      return { next: () => this.#endedOf(() => reader.next()) };
    },
    inOrder: (after) => {
      const reader = this.#usable().tombstones.inOrder(after);
      let rest: EndedStep['rest'];
      const read = async (): Promise<readonly EntryRecord[] | undefined> => {
        const step = await reader.next();
        rest = step?.rest;
        return step?.records;
      };
      return {
        next: async () => {
          const records = await this.#endedOf(read);
          return records && { records, rest };
        },
      };
    },
  };

  /** Reads tombstones, without those that were forgotten: their lines may still be there. @throws {JournalError} `no` */
  async #endedOf<Found extends readonly EntryRecord[] | undefined>(read: (parts: Parts) => Promise<Found>): Promise<Found> {
    const parts = this.#usable();
    try {
      const records = await read(parts);
      return (this.#forgotten.size === 0 ? records : records?.filter(({ fixed }) => !this.#forgotten.has(fixed.id))) as Found;
    } catch (error) {
      throw error instanceof JournalError ? error : new JournalError('no', error);
    }
  }

  /** Reads what a copy needs of these entries and notes; call it between writes. */
  copyOf(records: readonly EntryRecord[], notes: readonly StoredNote[]): Promise<CopyStep> {
    return copyStep(this.#usable(), records, notes);
  }

  async close(): Promise<void> {
    const parts = this.#parts;
    this.#parts = undefined;
    try {
      await parts?.tombstones.close();
    } finally {
      await this.#unlock();
    }
  }

  /** After everything is durable: records where it lies, and removes files that nobody needs. */
  async #recordPlaces(parts: Parts, plan: Plan): Promise<void> {
    const needless = new Set(this.#left);
    for (const { stored, entries } of plan.entries) {
      const left = parts.entryFiles.put(
        stored,
        entries.map(({ fixed, status }) => [fixed.id, status.rev]),
      );
      for (const { path } of left) needless.add(path);
    }
    for (const { fixed } of plan.tombstones) for (const { path } of parts.entryFiles.drop(fixed.id)) needless.add(path);
    for (const { noteId, path, folders } of [...plan.newManifests, ...plan.changedManifests]) {
      parts.manifests.set(noteId, { path, folders });
      needless.delete(path);
    }
    for (const { path } of plan.entries) needless.delete(path);
    const notes = plan.droppedNotes.flatMap((id) => parts.manifests.get(id) ?? []);
    for (const id of plan.droppedNotes) parts.manifests.delete(id);
    this.#left = new Set([...notes.map(({ path }) => path), ...needless]);
    await this.#removeLeft(parts);
  }

  /** Removes files that nobody needs, unless a power cut could take back what makes them needless. */
  async #removeLeft(parts: Parts): Promise<void> {
    if (await parts.tombstones.prove()) this.#left = new Set(await removeFiles(parts, this.#left));
  }

  /** Drops lines of tombstones, as soon as no file is left that they are about; until then they stay, which does no harm. */
  async #forget(parts: Parts, entryIds: readonly string[]): Promise<void> {
    for (const id of entryIds) {
      this.#forgotten.add(id);
      parts.tombstones.putOff(id, Number.POSITIVE_INFINITY);
    }
    await this.#removeLeft(parts);
    // A file that is left may belong to any of them.
    if (this.#left.size > 0) return;
    try {
      this.#forgotten = new Set(await parts.tombstones.forget(this.#forgotten));
      await parts.tombstones.dissolve();
    } catch (error) {
      if (!(error instanceof JournalError) || error.kept === 'unknown') throw error;
    }
  }

  /** Whether nobody has taken the folder, at this very moment. */
  isOurs(): boolean {
    return this.#parts !== undefined && this.#lock !== undefined && this.#lock.isHeld?.() !== false;
  }

  /** The secret that proves to operators that we have the folder. */
  get secret(): string | undefined {
    return this.#lock?.secret;
  }

  #usable(): Parts {
    if (this.#parts === undefined) throw new JournalError('no', new Error('The files are not open.'));
    if (!this.isOurs()) throw new JournalError('no', this.#lose());
    return this.#parts;
  }

  #lose(): OfflineImError {
    const message = `The spool ${quoted(this.#layout.root)} closed itself: another process has opened this folder, or it was moved or removed. What it accepted is in that folder, unless somebody removed it.`;
    const error = new OfflineImError('SPOOL_CLOSED', message, { details: { root: this.#layout.root } });
    this.#taken?.(error);
    return error;
  }

  async #unlock(): Promise<void> {
    const release = this.#lock;
    this.#lock = undefined;
    await release?.();
  }
}

async function planned(parts: Parts, change: JournalChange): Promise<Plan> {
  try {
    const plan = await planOf(parts, change);
    await parts.folders.makeFor(plan.entries.map(({ stored }) => stored.folders));
    return plan;
  } catch (error) {
    throw error instanceof JournalError ? error : new JournalError('no', error);
  }
}

/**
 * Publishes in this order: tombstones; entries on their own; notes that entries join; notes that entries leave. So an entry
 * never loses a status before its next one is durable.
 */
async function publish({ staging, tombstones }: Parts, plan: Plan): Promise<void> {
  await staging.stage([...plan.entries, ...plan.newManifests, ...plan.changedManifests]);
  let first = true;
  try {
    if (plan.tombstones.length > 0) {
      await tombstones.append(plan.tombstones);
      first = false;
    }
  } catch (error) {
    await staging.discard();
    throw error;
  }
  for (const files of [plan.entries, plan.newManifests, plan.changedManifests]) {
    await staging.publish(files, first);
    first &&= files.length === 0;
  }
}
