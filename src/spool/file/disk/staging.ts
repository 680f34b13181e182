import { join } from 'node:path';
import { eachOf } from '../../../core/queues.ts';
import { JournalError } from '../../journaled/journal.ts';
import { errnoOf, type FileLayer, isRefusal } from './file-layer.ts';
import type { FolderSync, Folders } from './folders.ts';
import { temporaryName } from './layout.ts';

/** A file that a transaction puts in its place, whole or not at all. */
export interface PlannedFile {
  readonly folder: string;
  readonly path: string;
  readonly content: string;
}

/**
 * The files of one transaction, in two steps: first all of them are written and synced under temporary names, which
 * changes nothing, so that a full disk fails before anything shows; then they are published, some before others.
 */
export class Staging {
  readonly #files: FileLayer;
  readonly #syncs: FolderSync;
  readonly #folders: Folders;
  #count = 0;
  /** Temporary names of what was staged and not yet published. */
  #staged = new Map<PlannedFile, string>();

  constructor(files: FileLayer, syncs: FolderSync, folders: Folders) {
    this.#files = files;
    this.#syncs = syncs;
    this.#folders = folders;
  }

  /** @throws {JournalError} `no`, except after a failed sync. */
  async stage(planned: readonly PlannedFile[]): Promise<void> {
    try {
      await eachOf(planned, (one) => this.#write(one));
    } catch (error) {
      await this.discard();
      if (errnoOf(error) === 'ENOENT') this.#folders.forget();
      throw error instanceof JournalError ? error : new JournalError('no', error);
    }
  }

  /**
   * Gives staged files their names, and makes those durable.
   *
   * @param first Nothing of this transaction shows yet: if none of these files gets its name, nothing was kept.
   * @throws {JournalError} `unknown`, except as said.
   */
  async publish(planned: readonly PlannedFile[], first: boolean): Promise<void> {
    if (planned.length === 0) return;
    let shows = !first;
    try {
      await eachOf(planned, async (one) => {
        const temporary = this.#staged.get(one);
        if (temporary === undefined) return;
        try {
          await this.#files.rename(temporary, one.path);
        } catch (error) {
          if (!isRefusal(error)) shows = true;
          throw error;
        }
        shows = true;
        this.#staged.delete(one);
      });
    } catch (error) {
      await this.discard();
      if (errnoOf(error) === 'ENOENT') this.#folders.forget();
      throw new JournalError(shows ? 'unknown' : 'no', error);
    }
    await this.#syncs.sync(planned.map(({ folder }) => folder));
  }

  /** Removes what was staged and not published; the next open of the spool removes the rest. */
  async discard(): Promise<void> {
    const left = [...this.#staged.values()];
    this.#staged = new Map();
    await eachOf(left, (temporary) => this.#files.remove(temporary).catch(() => undefined));
  }

  async #write(planned: PlannedFile): Promise<void> {
    this.#count += 1;
    const temporary = join(planned.folder, temporaryName(this.#count));
    const file = await this.#files.create(temporary);
    this.#staged.set(planned, temporary);
    try {
      await file.write(encoder.encode(planned.content));
      try {
        await file.sync();
      } catch (error) {
        throw new JournalError('unknown', error);
      }
    } finally {
      await file.close().catch(() => undefined);
    }
  }
}

const encoder = new TextEncoder();
