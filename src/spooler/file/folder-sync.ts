import type { FileLayer } from '../../spool/file/disk/file-layer.ts';
import { JournalError } from '../../spool/journaled/journal.ts';
import { eachOf } from './pool.ts';

/** Makes names durable, and remembers where names were removed without that: those removals may be undone by a power cut. */
export class FolderSync {
  readonly #files: FileLayer;
  readonly #loose = new Set<string>();

  constructor(files: FileLayer) {
    this.#files = files;
  }

  /** A name was removed from there; nothing depends on it for now. */
  loosen(folder: string): void {
    this.#loose.add(folder);
  }

  /** @throws {JournalError} `unknown`: after a failed sync the kernel may have dropped what it should have written. */
  async sync(folders: Iterable<string>): Promise<void> {
    await eachOf(new Set(folders), async (folder) => {
      try {
        await this.#files.syncFolder(folder);
      } catch (error) {
        throw new JournalError('unknown', error);
      }
      this.#loose.delete(folder);
    });
  }

  /** Makes every removal so far durable. */
  syncLoose(): Promise<void> {
    return this.sync(this.#loose);
  }
}
