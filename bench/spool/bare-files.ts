import { constants } from 'node:fs';
import { mkdir, open, readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';

/** A file, fsync, rename and an fsync of the folder that writers of the same moment share: what keeping one message takes, and no more. */
export class BareFiles {
  readonly #folder: string;
  readonly #content: Buffer;
  #next = 0;
  #drained = 0;
  #running: Promise<void> | undefined;
  #waiting: Promise<void> | undefined;

  private constructor(folder: string, content: Buffer) {
    this.#folder = folder;
    this.#content = content;
  }

  /** @param content What every file holds. */
  static async in(folder: string, content: Buffer): Promise<BareFiles> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return new BareFiles(folder, content);
  }

  async write(): Promise<void> {
    await this.#keep(join(this.#folder, `${this.#next++}.json`));
  }

  /**
   * What claiming and settling the messages takes, in groups: each is read, and a manifest of its size written beside it; then the ends of all of them are appended to
   * a log and synced, and both files removed.
   */
  async drain(count: number, group: number): Promise<void> {
    const log = await open(join(this.#folder, 'log'), 'a', 0o600);
    try {
      for (let left = count; left > 0; left -= group) {
        const names = Array.from({ length: Math.min(group, left) }, () => join(this.#folder, `${this.#drained++}.json`));
        await Promise.all(names.map((name) => readFile(name)));
        await Promise.all(names.map((name) => this.#keep(`${name}.note`)));
        await log.write(Buffer.concat(names.map(() => this.#content)));
        await log.datasync();
        await Promise.all(names.flatMap((name) => [unlink(name), unlink(`${name}.note`)]));
      }
    } finally {
      await log.close();
    }
  }

  async #keep(name: string): Promise<void> {
    const file = await open(`${name}.tmp`, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, 0o600);
    try {
      await file.write(this.#content);
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(`${name}.tmp`, name);
    await this.#syncFolder();
  }

  /** One at a time; whoever comes while it runs shares the next one. */
  #syncFolder(): Promise<void> {
    this.#waiting ??= (async () => {
      await this.#running;
      this.#running = this.#waiting;
      this.#waiting = undefined;
      const folder = await open(this.#folder, constants.O_RDONLY);
      try {
        await folder.sync();
      } finally {
        await folder.close();
      }
    })();
    return this.#waiting;
  }
}
