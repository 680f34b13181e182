import { sliceSize } from '../../core/queues.ts';
import type { SenderFolders } from './disk/layout.ts';

/** A file of entries on disk. */
export interface StoredFile {
  readonly path: string;
  readonly folders: SenderFolders;
  readonly place: 'waiting' | 'dead';
  /** How many entries it holds, also those that have a later file or a tombstone. */
  readonly size: number;
}

/** The file that an entry's message is read from, and the revision of the status in there. */
export interface EntryLocation {
  readonly file: StoredFile;
  readonly rev: number;
}

/** A file, and the entries that have no later one, with the revision of the status in there. */
export interface FileEntries {
  readonly file: StoredFile;
  readonly entries: readonly (readonly [id: string, rev: number])[];
}

/** A file, and the ids of entries that have no later one. They are few: a list takes a fraction of a set's memory. */
interface IndexedFile {
  readonly file: StoredFile;
  ids: readonly string[];
}

/** Maps entries to files: all that memory holds of a message. */
export class EntryFiles {
  readonly #locations = new Map<string, EntryLocation>();
  readonly #byPath = new Map<string, IndexedFile>();
  /** Replaced files with entries that their replacement lacks. */
  readonly #replaced = new Map<StoredFile, IndexedFile>();

  /** Adds the files of a folder. A map takes milliseconds to grow: the two grow one after the other, not both at one entry. */
  *loading(currentFiles: readonly FileEntries[]): Generator<void, void> {
    let count = 0;
    for (const { file, entries } of currentFiles) {
      for (const [id, rev] of entries) this.#locations.set(id, { file, rev });
      if (++count % sliceSize === 0) yield;
    }
    for (const { file, entries } of currentFiles) {
      this.#byPath.set(file.path, { file, ids: entries.map(([id]) => id) });
      if (++count % sliceSize === 0) yield;
    }
  }

  get(id: string): EntryLocation | undefined {
    return this.#locations.get(id);
  }

  /** Entries that have no later file than this one. */
  entriesIn(file: StoredFile): readonly string[] {
    return this.#indexed(file)?.ids ?? [];
  }

  at(path: string): StoredFile | undefined {
    return this.#byPath.get(path)?.file;
  }

  /** Makes a file the place of entries. Returns the files that are no longer needed. */
  put(file: StoredFile, entries: Iterable<readonly [id: string, rev: number]>): StoredFile[] {
    const left: StoredFile[] = [];
    const ids = new Set<string>();
    for (const [id, rev] of entries) {
      left.push(...this.drop(id));
      this.#locations.set(id, { file, rev });
      ids.add(id);
    }
    const before = this.#byPath.get(file.path);
    if (before !== undefined && before.file !== file && before.ids.length > 0) this.#replaced.set(before.file, before);
    this.#byPath.set(file.path, { file, ids: [...ids] });
    return left.filter(({ path }) => path !== file.path);
  }

  /** Forgets an entry that has ended, or whose file is gone. Returns the files that are no longer needed. */
  drop(id: string): StoredFile[] {
    const file = this.#locations.get(id)?.file;
    this.#locations.delete(id);
    if (file === undefined) return [];
    const indexed = this.#indexed(file);
    if (indexed !== undefined) indexed.ids = indexed.ids.filter((one) => one !== id);
    if (indexed !== undefined && indexed.ids.length > 0) return [];
    this.#replaced.delete(file);
    if (this.#byPath.get(file.path)?.file === file) this.#byPath.delete(file.path);
    return [file];
  }

  #indexed(file: StoredFile): IndexedFile | undefined {
    const there = this.#byPath.get(file.path);
    return there?.file === file ? there : this.#replaced.get(file);
  }
}
