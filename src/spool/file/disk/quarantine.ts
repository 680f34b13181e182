import { basename, dirname, join } from 'node:path';
import { OfflineImError } from '../../../core/errors/offline-im-error.ts';
import type { SpoolContext } from '../../contract.ts';
import type { FileLayer } from './file-layer.ts';
import type { FolderSync, Folders } from './folders.ts';

/** Sets aside files that can't be read: moves them, unchanged, and writes the reason beside them. */
export class Quarantine {
  readonly #files: FileLayer;
  readonly #syncs: FolderSync;
  readonly #folders: Folders;
  readonly #context: SpoolContext;

  constructor(files: FileLayer, syncs: FolderSync, folders: Folders, context: SpoolContext) {
    this.#files = files;
    this.#syncs = syncs;
    this.#folders = folders;
    this.#context = context;
  }

  /** Moves a file to a quarantine folder and reports it. A file that can't be moved stays, and is reported all the same. */
  async setAside(path: string, corrupt: string, found: string): Promise<void> {
    let where = path;
    try {
      await this.#folders.makeCorrupt(corrupt);
      where = await this.#freeName(corrupt, basename(path));
      await this.#files.rename(path, where);
      await this.#writeReason(where, path, found);
      await this.#syncs.sync([corrupt, dirname(path)]);
    } catch {
      if ((await this.#files.stat(path).catch(() => undefined)) !== undefined) where = path;
    }
    this.report(where, found);
  }

  /** Reports without moving anything: something is missing, or part of a file can't be used. */
  report(where: string, found: string): void {
    const error = new OfflineImError('ENTRY_CORRUPT', `A file of the spool is unusable: ${found}.`, {
      details: { path: where },
    });
    this.#context.onCorrupt?.({ where, error });
  }

  /** The name stays as it is, unless an earlier file of that name was set aside already. */
  async #freeName(corrupt: string, name: string): Promise<string> {
    for (let count = 1; ; count++) {
      const path = join(corrupt, count === 1 ? name : `${count}~${name}`);
      if ((await this.#files.stat(path)) === undefined) return path;
    }
  }

  async #writeReason(where: string, from: string, found: string): Promise<void> {
    const reason = { setAsideAt: new Date(this.#context.clock.now()).toISOString(), from, reason: found };
    const path = `${where}.reason.json`;
    await this.#files.remove(path).catch(() => undefined);
    const file = await this.#files.create(path);
    try {
      await file.write(new TextEncoder().encode(`${JSON.stringify(reason, undefined, 2)}\n`));
      await file.sync();
    } finally {
      await file.close();
    }
  }
}
