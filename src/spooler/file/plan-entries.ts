import { basename, join } from 'node:path';
import { entryFileName, messageFileName } from '../../spool/file/disk/layout.ts';
import type { PlannedFile } from '../../spool/file/disk/staging.ts';
import type { EntryFiles, StoredFile } from '../../spool/file/entry-files.ts';
import { formatEntries, largestFile, type StoredEntry } from '../../spool/file/formats.ts';
import { JournalError } from '../../spool/journaled/journal.ts';
import type { SenderFolders } from './layout.ts';

/** A file of entries to be put in its place, and what then is known of it. */
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
    if (home === undefined) throw new Error('An entry without a file.');
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

  /** A name is taken while it holds other entries: people rename and copy files. */
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
      return !this.#chosen.has(path) && (file === undefined || this.#entryFiles.residents(file).every((one) => own.has(one)));
    };
    const paths = names.map((name) => join(folder, name));
    return paths.find(isFree) ?? join(folder, entryFileName(messageId, `${id} ${first.status.rev}`, first.status.rev));
  }
}
