import { dirname } from 'node:path';
import { eachOf } from '../../../core/queues.ts';
import { JournalError } from '../../journaled/journal.ts';
import { errnoOf, type FileLayer } from './file-layer.ts';
import type { Layout, SenderFolders } from './layout.ts';

/** Makes names durable, and remembers where removals are not durable yet: a power cut may undo those. */
export class FolderSync {
  readonly #files: FileLayer;
  readonly #loose = new Set<string>();

  constructor(files: FileLayer) {
    this.#files = files;
  }

  /** Notes that a name was removed from a folder; nothing depends on that for now. */
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

/** Makes the folders of a spool, durably, and revokes the rights of others to them. */
export class Folders {
  readonly #files: FileLayer;
  readonly #syncs: FolderSync;
  readonly #layout: Layout;
  /** Folders seen or made since the spool was opened. */
  readonly #there = new Set<string>();

  constructor(files: FileLayer, syncs: FolderSync, layout: Layout) {
    this.#files = files;
    this.#syncs = syncs;
    this.#layout = layout;
  }

  /** Makes the root and all folders above it. An existing root keeps its rights: it may be shared; what matters lies deeper. */
  async makeRoot(): Promise<void> {
    const { root, own, tombstones } = this.#layout;
    await this.#makeWithParents(root);
    // A process that died may have made the root only. The folder above may not be readable, so a failure doesn't count.
    await this.#files.syncFolder(dirname(root)).catch(() => undefined);
    await this.#make(own, true);
    await this.#make(tombstones, true);
    await this.#syncs.sync([root, own]);
  }

  /** Makes the folders of several senders together: the first messages of many mailboxes share the syncs. */
  async makeFor(senders: Iterable<SenderFolders>): Promise<void> {
    const unseen = [...new Set(senders)].filter(({ notes }) => !this.#there.has(notes));
    if (unseen.length === 0) return;
    await eachOf(unseen, async ({ sender, dead, waiting, notes }) => {
      await this.#make(sender, false);
      for (const path of [dead, waiting, notes]) await this.#make(path, true);
    });
    await this.#syncs.sync([this.#layout.root, ...unseen.flatMap(({ sender, dead }) => [sender, dead])]);
    for (const { notes } of unseen) this.#there.add(notes);
  }

  /** Makes a quarantine. */
  async makeCorrupt(path: string): Promise<void> {
    await this.#make(path, true);
    await this.#syncs.sync([dirname(path)]);
  }

  /** Forgets which folders are there: someone removed some. */
  forget(): void {
    this.#there.clear();
  }

  async #makeWithParents(path: string): Promise<void> {
    if ((await this.#statFollowing(path)) !== undefined) return;
    const parent = dirname(path);
    if (parent !== path) await this.#makeWithParents(parent);
    await this.#makeUnlessThere(path);
    await this.#syncs.sync([parent]);
  }

  /** The root and what is above it may be links: whoever configured it wanted that. */
  async #statFollowing(path: string): Promise<true | undefined> {
    const facts = await this.#files.stat(path);
    if (facts === undefined) return undefined;
    if (facts.kind === 'file') throw new Error(`${path} is not a folder.`);
    return true;
  }

  /** Below the root a link is not followed: it could lead anywhere. */
  async #make(path: string, restricted: boolean): Promise<void> {
    const facts = await this.#files.stat(path);
    if (facts === undefined) await this.#makeUnlessThere(path);
    else if (facts.kind !== 'folder') throw Object.assign(new Error(`${path} is not a folder.`), { code: 'ENOTDIR' });
    else if (restricted && facts.othersMay !== 0) await this.#files.restrict(path);
  }

  async #makeUnlessThere(path: string): Promise<void> {
    try {
      await this.#files.makeFolder(path);
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
    }
  }
}
