import { join } from 'node:path';
import { JournalError } from '../../journaled/journal.ts';
import type { FileLayer, WritableFile } from '../disk/file-layer.ts';
import type { FolderSync } from '../disk/folders.ts';
import { emptySegment, type Segment } from './segment.ts';

/** How many bytes a segment has when it is full. */
const fullAt = 8 * 1024 * 1024;

/** Appends lines to the newest segment, and begins another when that is full. */
export class SegmentWriter {
  readonly #files: FileLayer;
  readonly #syncs: FolderSync;
  readonly #folder: string;
  readonly #begun: (segment: Segment) => void;
  #newest: { readonly segment: Segment; readonly file: WritableFile } | undefined;
  /** The highest number of a segment. */
  lastNumber = 0;

  constructor(files: FileLayer, syncs: FolderSync, folder: string, begun: (segment: Segment) => void) {
    this.#files = files;
    this.#syncs = syncs;
    this.#folder = folder;
    this.#begun = begun;
  }

  /** The segment that grows. */
  get newest(): Segment | undefined {
    return this.#newest?.segment;
  }

  /** Appends lines, durable when resolved. Resolves with the first byte of each. @throws {JournalError} */
  async append(lines: readonly Uint8Array[]): Promise<{ readonly segment: Segment; readonly offsets: readonly number[] }> {
    const { segment, file } = await this.#writable();
    try {
      await file.write(Buffer.concat(lines));
    } catch (error) {
      throw new JournalError((await this.#takeBack(file, segment)) ? 'no' : 'unknown', error);
    }
    try {
      await file.sync();
    } catch (error) {
      throw new JournalError('unknown', error);
    }
    const offsets: number[] = [];
    for (const line of lines) {
      offsets.push(segment.bytes);
      segment.bytes += line.length;
    }
    segment.lines += lines.length;
    return { segment, offsets };
  }

  /** Closes the segment: the next append begins another. */
  async end(): Promise<void> {
    const newest = this.#newest;
    this.#newest = undefined;
    await newest?.file.close();
  }

  /** Half a line must not stay: the next one would be glued to it. */
  async #takeBack(file: WritableFile, segment: Segment): Promise<boolean> {
    try {
      await file.truncate(segment.bytes);
      await file.sync();
      return true;
    } catch {
      return false;
    }
  }

  async #writable(): Promise<{ readonly segment: Segment; readonly file: WritableFile }> {
    if (this.#newest !== undefined && this.#newest.segment.bytes >= fullAt) await this.end();
    if (this.#newest !== undefined) return this.#newest;
    this.lastNumber += 1;
    const path = join(this.#folder, `${String(this.lastNumber).padStart(8, '0')}.ndjson`);
    const segment = emptySegment(path, this.lastNumber);
    let file: WritableFile;
    try {
      file = await this.#files.create(path);
    } catch (error) {
      throw new JournalError('no', error);
    }
    this.#newest = { segment, file };
    this.#begun(segment);
    await this.#syncs.sync([this.#folder]);
    return this.#newest;
  }
}
