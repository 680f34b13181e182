import { constants } from 'node:fs';
import { mkdir, open, rename } from 'node:fs/promises';
import { join } from 'node:path';

/** A file, fsync, rename and an fsync of the folder that writers of the same moment share: what keeping one message takes, and no more. */
export class BareFiles {
  readonly #folder: string;
  readonly #content: Buffer;
  #next = 0;
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
    const name = join(this.#folder, `${this.#next++}.json`);
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
