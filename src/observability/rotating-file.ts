import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A line with its line feed, and its length in UTF-8. */
export interface Line {
  readonly text: string;
  readonly bytes: number;
}

/** Where lines go, and how far a file may grow. */
export interface RotatingFileOptions {
  readonly path: string;
  readonly maxBytes: number;
  readonly maxFiles: number;
}

/**
 * Appends lines to a file and begins the next one when it is full. The file is opened for each batch: so nothing stays open when the host forgets to close,
 * and a file that someone moved or deleted is simply made again.
 */
export class RotatingFile {
  readonly #options: RotatingFileOptions;
  /** Where our last write ended; a file of another length may end in a torn line. */
  #end: number | undefined;
  #surplusGone = false;

  constructor(options: RotatingFileOptions) {
    this.#options = options;
  }

  /**
   * Writes lines from the front, as many as fit into one file and one batch. It never rejects: `lines` were written whole, `error` says why it was no more.
   */
  async append(lines: readonly Line[], maxBatch: number): Promise<{ readonly lines: number; readonly error?: unknown }> {
    let file: FileHandle | undefined;
    try {
      const { path, maxBytes } = this.#options;
      const first = lines[0]?.bytes ?? 0;
      let size = await this.#size();
      if (size > 0 && size + first > maxBytes) {
        await this.#rotate();
        size = 0;
      }
      file = await open(path, 'a+', 0o600);
      return await this.#write(file, takeBatch(lines, Math.min(maxBatch, maxBytes - size)), size);
    } catch (error) {
      return { lines: 0, error };
    } finally {
      await file?.close().catch(() => undefined);
    }
  }

  async #size(): Promise<number> {
    const { path } = this.#options;
    const facts = await stat(path).catch(ifMissing);
    if (facts === undefined) {
      // Not stat's word alone: mkdir says what is wrong with the path, if anything is.
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      return 0;
    }
    // Opening a pipe nobody reads would never return.
    if (!facts.isFile()) throw Object.assign(new Error('It is not a regular file.'), { code: 'ENOTFILE' });
    return facts.size;
  }

  /** After a crash or a full disk the last line may be torn: the next one must not be glued to it. */
  async #needsLineFeed(file: FileHandle, size: number): Promise<boolean> {
    if (size === 0 || size === this.#end) return false;
    const { bytesRead, buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
    return bytesRead === 1 && buffer[0] !== 0x0a;
  }

  async #write(file: FileHandle, batch: readonly Line[], size: number): Promise<{ lines: number; error?: unknown }> {
    const prefix = (await this.#needsLineFeed(file, size)) ? '\n' : '';
    const bytes = Buffer.from(prefix + batch.map(({ text }) => text).join(''));
    this.#end = undefined;
    let written = 0;
    try {
      while (written < bytes.length) written += (await file.write(bytes, written)).bytesWritten;
    } catch (error) {
      return { lines: wholeLines(batch, written - prefix.length), error };
    }
    this.#end = size + written;
    return { lines: batch.length };
  }

  /** path.1 becomes path.2 and so on; the oldest goes. */
  async #rotate(): Promise<void> {
    const { path, maxFiles } = this.#options;
    await this.#removeSurplus();
    const nameOf = (count: number): string => (count === 0 ? path : `${path}.${count}`);
    await rm(nameOf(maxFiles - 1), { force: true });
    for (let count = maxFiles - 2; count >= 0; count--) await rename(nameOf(count), nameOf(count + 1)).catch(ifMissing);
  }

  /** Files of an earlier run that was allowed more of them. */
  async #removeSurplus(): Promise<void> {
    if (this.#surplusGone) return;
    const { path, maxFiles } = this.#options;
    for (let count = maxFiles; (await stat(`${path}.${count}`).catch(ifMissing))?.isFile(); count++) await rm(`${path}.${count}`);
    this.#surplusGone = true;
  }
}

/** The first lines that stay within so many bytes, at least one. */
function takeBatch(lines: readonly Line[], most: number): Line[] {
  const batch: Line[] = [];
  let total = 0;
  for (const line of lines) {
    total += line.bytes;
    if (batch.length > 0 && total > most) break;
    batch.push(line);
  }
  return batch;
}

function wholeLines(batch: readonly Line[], written: number): number {
  let end = 0;
  const torn = batch.findIndex(({ bytes }) => {
    end += bytes;
    return end > written;
  });
  return torn === -1 ? batch.length : torn;
}

function ifMissing(error: unknown): undefined {
  if ((error as { code?: unknown }).code !== 'ENOENT') throw error;
}
