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

/** A file, and the entries that have no other, with the revision of the status in there. */
export interface Residence {
  readonly file: StoredFile;
  readonly residents: readonly (readonly [id: string, rev: number])[];
}

/** A file, and the entries that have no other. They are few: a list takes a fraction of a set. */
interface Residents {
  readonly file: StoredFile;
  ids: readonly string[];
}

/** Knows which file holds which entry: all that is kept in memory of a message. */
export class EntryFiles {
  readonly #locations = new Map<string, EntryLocation>();
  readonly #byPath = new Map<string, Residents>();
  /** Files in whose place another one is by now, while that lacks some of their entries. */
  readonly #replaced = new Map<StoredFile, Residents>();

  /** Takes in the files of a folder. A map takes milliseconds to grow: the two grow one after the other, not both at one entry. */
  *loading(residences: readonly Residence[]): Generator<void, void> {
    let count = 0;
    for (const { file, residents } of residences) {
      for (const [id, rev] of residents) this.#locations.set(id, { file, rev });
      if (++count % sliceSize === 0) yield;
    }
    for (const { file, residents } of residences) {
      this.#byPath.set(file.path, { file, ids: residents.map(([id]) => id) });
      if (++count % sliceSize === 0) yield;
    }
  }

  get(id: string): EntryLocation | undefined {
    return this.#locations.get(id);
  }

  /** Entries that have no other file than this one. */
  entriesIn(file: StoredFile): readonly string[] {
    return this.#residents(file)?.ids ?? [];
  }

  at(path: string): StoredFile | undefined {
    return this.#byPath.get(path)?.file;
  }

  /** Makes a file the place of entries. Returns the files that nobody needs any more. */
  put(file: StoredFile, entries: Iterable<readonly [id: string, rev: number]>): StoredFile[] {
    const left: StoredFile[] = [];
    const residents = new Set<string>();
    for (const [id, rev] of entries) {
      left.push(...this.drop(id));
      this.#locations.set(id, { file, rev });
      residents.add(id);
    }
    const before = this.#byPath.get(file.path);
    if (before !== undefined && before.file !== file && before.ids.length > 0) this.#replaced.set(before.file, before);
    this.#byPath.set(file.path, { file, ids: [...residents] });
    return left.filter(({ path }) => path !== file.path);
  }

  /** Forgets an entry that has ended, or whose file is gone. Returns the files that nobody needs any more. */
  drop(id: string): StoredFile[] {
    const file = this.#locations.get(id)?.file;
    this.#locations.delete(id);
    if (file === undefined) return [];
    const residents = this.#residents(file);
    if (residents !== undefined) residents.ids = residents.ids.filter((one) => one !== id);
    if (residents !== undefined && residents.ids.length > 0) return [];
    this.#replaced.delete(file);
    if (this.#byPath.get(file.path)?.file === file) this.#byPath.delete(file.path);
    return [file];
  }

  #residents(file: StoredFile): Residents | undefined {
    const there = this.#byPath.get(file.path);
    return there?.file === file ? there : this.#replaced.get(file);
  }
}
