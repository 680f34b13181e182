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

/** Which file holds which entry: all that is kept in memory of a message. */
export class EntryFiles {
  readonly #locations = new Map<string, EntryLocation>();
  readonly #entriesIn = new Map<StoredFile, Set<string>>();
  readonly #byPath = new Map<string, StoredFile>();

  get(id: string): EntryLocation | undefined {
    return this.#locations.get(id);
  }

  /** Entries that have no other file than this one. */
  entriesIn(file: StoredFile): readonly string[] {
    return [...(this.#entriesIn.get(file) ?? [])];
  }

  at(path: string): StoredFile | undefined {
    return this.#byPath.get(path);
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
    this.#entriesIn.set(file, residents);
    this.#byPath.set(file.path, file);
    return left.filter(({ path }) => path !== file.path);
  }

  /** An entry has ended, or its file is gone. */
  drop(id: string): StoredFile[] {
    const file = this.#locations.get(id)?.file;
    this.#locations.delete(id);
    if (file === undefined) return [];
    const residents = this.#entriesIn.get(file);
    residents?.delete(id);
    if (residents !== undefined && residents.size > 0) return [];
    this.#entriesIn.delete(file);
    if (this.#byPath.get(file.path) === file) this.#byPath.delete(file.path);
    return [file];
  }
}
