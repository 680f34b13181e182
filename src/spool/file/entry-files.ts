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
export interface Home {
  readonly file: StoredFile;
  readonly rev: number;
}

/** Which file holds which entry: all that is kept in memory of a message. */
export class EntryFiles {
  readonly #homes = new Map<string, Home>();
  readonly #residents = new Map<StoredFile, Set<string>>();
  readonly #byPath = new Map<string, StoredFile>();

  get(id: string): Home | undefined {
    return this.#homes.get(id);
  }

  /** Entries that have no other file than this one. */
  residents(file: StoredFile): readonly string[] {
    return [...(this.#residents.get(file) ?? [])];
  }

  at(path: string): StoredFile | undefined {
    return this.#byPath.get(path);
  }

  /** Makes a file the home of entries. Answers with files that nobody needs any more. */
  put(file: StoredFile, entries: Iterable<readonly [id: string, rev: number]>): StoredFile[] {
    const left: StoredFile[] = [];
    const residents = new Set<string>();
    for (const [id, rev] of entries) {
      left.push(...this.drop(id));
      this.#homes.set(id, { file, rev });
      residents.add(id);
    }
    this.#residents.set(file, residents);
    this.#byPath.set(file.path, file);
    return left.filter(({ path }) => path !== file.path);
  }

  /** An entry has ended, or its file is gone. */
  drop(id: string): StoredFile[] {
    const file = this.#homes.get(id)?.file;
    this.#homes.delete(id);
    if (file === undefined) return [];
    const residents = this.#residents.get(file);
    residents?.delete(id);
    if (residents !== undefined && residents.size > 0) return [];
    this.#residents.delete(file);
    if (this.#byPath.get(file.path) === file) this.#byPath.delete(file.path);
    return [file];
  }
}
