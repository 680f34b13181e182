import type { SenderFolders } from './disk/layout.ts';

/** A file of entries on disk. */
export interface StoredFile {
  readonly path: string;
  readonly folders: SenderFolders;
  readonly place: 'waiting' | 'dead';
  /** Entries in it, also those that have a later file or a tombstone. */
  readonly size: number;
}

/** The file that an entry's message is read from, and the revision of the status in there. */
export interface EntryLocation {
  readonly file: StoredFile;
  readonly rev: number;
}

/** A file, and the entries that have no other. Few: a list takes a fraction of a set. */
interface Residence {
  readonly file: StoredFile;
  residents: readonly string[];
}

/** Which file holds which entry: all that is kept in memory of a message. */
export class EntryFiles {
  readonly #locations = new Map<string, EntryLocation>();
  readonly #byPath = new Map<string, Residence>();
  /** Those in whose place another file is by now, while it lacks some of their entries. */
  readonly #replaced = new Map<StoredFile, Residence>();

  get(id: string): EntryLocation | undefined {
    return this.#locations.get(id);
  }

  /** Entries that have no other file than this one. */
  entriesIn(file: StoredFile): readonly string[] {
    return this.#residence(file)?.residents ?? [];
  }

  at(path: string): StoredFile | undefined {
    return this.#byPath.get(path)?.file;
  }

  /** Makes a file the place of entries. Answers with files that nobody needs any more. */
  put(file: StoredFile, entries: Iterable<readonly [id: string, rev: number]>): StoredFile[] {
    const left: StoredFile[] = [];
    const residents = new Set<string>();
    for (const [id, rev] of entries) {
      left.push(...this.drop(id));
      this.#locations.set(id, { file, rev });
      residents.add(id);
    }
    const before = this.#byPath.get(file.path);
    if (before !== undefined && before.file !== file && before.residents.length > 0) this.#replaced.set(before.file, before);
    this.#byPath.set(file.path, { file, residents: [...residents] });
    return left.filter(({ path }) => path !== file.path);
  }

  /** An entry has ended, or its file is gone. */
  drop(id: string): StoredFile[] {
    const file = this.#locations.get(id)?.file;
    this.#locations.delete(id);
    if (file === undefined) return [];
    const residence = this.#residence(file);
    if (residence !== undefined) residence.residents = residence.residents.filter((one) => one !== id);
    if (residence !== undefined && residence.residents.length > 0) return [];
    this.#replaced.delete(file);
    if (this.#byPath.get(file.path)?.file === file) this.#byPath.delete(file.path);
    return [file];
  }

  #residence(file: StoredFile): Residence | undefined {
    const there = this.#byPath.get(file.path);
    return there?.file === file ? there : this.#replaced.get(file);
  }
}
