import { join } from 'node:path';
import { JournalError } from '../journaled/journal.ts';
import { ShapeError } from '../journaled/json-shape.ts';
import type { EntryRecord } from '../state/records.ts';
import { errnoOf, type FileLayer, type WritableFile } from './disk/file-layer.ts';
import type { FolderSync } from './disk/folders.ts';
import { formatTombstone, parseTombstone } from './formats.ts';

/** A group commit may write far beyond the size at which a segment is full; this much it never writes. */
const largestSegment = 1024 * 1024 * 1024;
const newline = 0x0a;

/** The lines of one segment. */
interface SegmentLines {
  readonly lines: readonly { readonly text: string; readonly record: EntryRecord }[];
  /** A line that is not the last one can't be read. */
  readonly bad: boolean;
  readonly bytes: number;
}

/** Reads a segment. What can't be read of its end was being written when the power went: nobody was told it was kept. */
async function readLines(files: FileLayer, path: string): Promise<SegmentLines> {
  const data = await files.read(path, largestSegment);
  if (data === undefined) throw new Error(`${path} is larger than a segment of the tombstone log can be.`);
  const lines: { text: string; record: EntryRecord }[] = [];
  let bad = false;
  let torn = false;
  for (let from = 0; from < data.length; ) {
    const end = data.indexOf(newline, from);
    const text = new TextDecoder().decode(data.subarray(from, end < 0 ? data.length : end));
    from = end < 0 ? data.length : end + 1;
    const record = parse(text);
    if (record === undefined || end < 0) torn = true;
    else {
      lines.push({ text, record });
      bad ||= torn;
    }
  }
  return { lines, bad, bytes: data.length };
}

function parse(text: string): EntryRecord | undefined {
  try {
    return parseTombstone(text);
  } catch (error) {
    if (error instanceof ShapeError) return undefined;
    throw error;
  }
}

/** A segment takes no more lines once it has this many bytes. */
const fullAt = 8 * 1024 * 1024;
/** A segment of which less than this part is still needed is dissolved. */
const worthKeeping = 1 / 4;
/** The running segment is not dissolved before it has this many bytes. */
const worthDissolving = 1024 * 1024;

interface Segment {
  readonly path: string;
  readonly number: number;
  bytes: number;
  lines: number;
  /** Lines that are still needed. */
  live: number;
}

/** What {@link TombstoneLog.open} found. */
export interface Tombstones {
  readonly records: ReadonlyMap<string, EntryRecord>;
  /** Segments with lines in the middle that can't be read, after what could be was carried over. */
  readonly damaged: readonly string[];
  /** Every line is certainly on disk; see {@link TombstoneLog.prove}. */
  readonly proven: boolean;
}

/**
 * What has ended, one line an entry, in segments: only the newest one grows. A segment that is hardly needed any more is
 * dissolved: its last live lines are appended to the newest one, and it is removed. So nothing is ever rewritten in
 * place, and the log is never larger than a few times what is alive.
 */
export class TombstoneLog {
  readonly #files: FileLayer;
  readonly #syncs: FolderSync;
  readonly #folder: string;
  readonly #segments = new Set<Segment>();
  readonly #where = new Map<string, Segment>();
  #newest: { readonly segment: Segment; readonly file: WritableFile } | undefined;
  #lastNumber = 0;
  /** Segments whose lines may not be durable. */
  #unproven: ReadonlySet<Segment> = new Set();
  #damaged: ReadonlySet<Segment> = new Set();

  constructor(files: FileLayer, syncs: FolderSync, folder: string) {
    this.#files = files;
    this.#syncs = syncs;
    this.#folder = folder;
  }

  /** A line that was torn by a power cut is at the end of what was its newest segment then; a new one is begun each time. */
  async open(): Promise<Tombstones> {
    const records = new Map<string, EntryRecord>();
    const damaged: Segment[] = [];
    for (const segment of await this.#found()) {
      const { lines, bad, bytes } = await readLines(this.#files, segment.path);
      segment.bytes = bytes;
      for (const { record } of lines) {
        segment.lines += 1;
        const known = records.get(record.fixed.id);
        if (known !== undefined && known.status.rev >= record.status.rev) continue;
        records.set(record.fixed.id, record);
        this.#place(record.fixed.id, segment);
      }
      this.#segments.add(segment);
      if (bad) damaged.push(segment);
    }
    // The newest one may hold lines that were never synced, or whose sync failed: written anew, they are durable.
    const newest = [...this.#segments].at(-1);
    this.#damaged = new Set(damaged);
    this.#unproven = new Set([...damaged, ...(newest === undefined ? [] : [newest]), ...this.#hardlyNeeded()]);
    const proven = await this.prove();
    return { records, proven, damaged: proven ? damaged.map(({ path }) => path) : [] };
  }

  /**
   * Writes lines anew that may be in the system's cache only. False on a full disk: until it is true, a power cut may take lines back, so
   * no file that one of them speaks of may be removed.
   *
   * @throws {JournalError} `unknown`
   */
  async prove(): Promise<boolean> {
    if (this.#unproven.size === 0) return true;
    try {
      for (const segment of this.#unproven) await this.#carryOver(segment);
    } catch (error) {
      if (error instanceof JournalError && error.kept === 'no') return false;
      throw error;
    }
    for (const segment of this.#unproven) {
      if (this.#damaged.has(segment)) this.#segments.delete(segment);
      else await this.#remove(segment);
    }
    this.#unproven = new Set();
    return true;
  }

  /** Durable when resolved. @throws {JournalError} */
  async append(records: readonly EntryRecord[]): Promise<void> {
    await this.#append(records.map((record) => ({ id: record.fixed.id, line: formatTombstone(record) })));
  }

  /** Drops lines that nobody needs; the files they speak of must be gone for good. @throws {JournalError} */
  async forget(ids: Iterable<string>): Promise<void> {
    for (const id of ids) this.#unplace(id);
    const dissolved = this.#hardlyNeeded();
    if (dissolved.length === 0) return;
    for (const segment of dissolved) {
      if (segment === this.#newest?.segment) await this.#endNewest();
      await this.#carryOver(segment);
    }
    await this.#syncs.syncLoose();
    for (const segment of dissolved) await this.#remove(segment);
    await this.#syncs.sync([this.#folder]);
  }

  async close(): Promise<void> {
    await this.#endNewest();
  }

  async #found(): Promise<Segment[]> {
    const found: Segment[] = [];
    for (const { name, kind } of await this.#files.list(this.#folder)) {
      const number = Number(/^(\d{8,15})\.ndjson$/.exec(name)?.[1]);
      if (kind !== 'file' || Number.isNaN(number)) continue;
      found.push({ path: join(this.#folder, name), number, bytes: 0, lines: 0, live: 0 });
      this.#lastNumber = Math.max(this.#lastNumber, number);
    }
    return found.sort((a, b) => a.number - b.number);
  }

  #hardlyNeeded(): Segment[] {
    return [...this.#segments].filter((segment) => {
      if (segment.live === 0) return true;
      if (segment === this.#newest?.segment && segment.bytes < worthDissolving) return false;
      return segment.live < segment.lines * worthKeeping;
    });
  }

  /** Appends what is still needed of a segment to the newest one. */
  async #carryOver(segment: Segment): Promise<void> {
    if (segment.live === 0) return;
    const { lines } = await readLines(this.#files, segment.path);
    const needed = lines.filter(({ record }) => this.#where.get(record.fixed.id) === segment);
    await this.#append(needed.map(({ record, text }) => ({ id: record.fixed.id, line: `${text}\n` })));
  }

  async #append(lines: readonly { readonly id: string; readonly line: string }[]): Promise<void> {
    if (lines.length === 0) return;
    const { segment, file } = await this.#writable();
    const data = new TextEncoder().encode(lines.map(({ line }) => line).join(''));
    try {
      await file.write(data);
    } catch (error) {
      throw new JournalError((await this.#takeBack(file, segment)) ? 'no' : 'unknown', error);
    }
    try {
      await file.sync();
    } catch (error) {
      throw new JournalError('unknown', error);
    }
    segment.bytes += data.length;
    segment.lines += lines.length;
    for (const { id } of lines) this.#place(id, segment);
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
    if (this.#newest !== undefined && this.#newest.segment.bytes >= fullAt) await this.#endNewest();
    if (this.#newest !== undefined) return this.#newest;
    this.#lastNumber += 1;
    const path = join(this.#folder, `${String(this.#lastNumber).padStart(8, '0')}.ndjson`);
    const segment: Segment = { path, number: this.#lastNumber, bytes: 0, lines: 0, live: 0 };
    let file: WritableFile;
    try {
      file = await this.#files.create(path);
    } catch (error) {
      throw new JournalError('no', error);
    }
    this.#newest = { segment, file };
    this.#segments.add(segment);
    await this.#syncs.sync([this.#folder]);
    return this.#newest;
  }

  async #endNewest(): Promise<void> {
    const newest = this.#newest;
    this.#newest = undefined;
    await newest?.file.close();
  }

  async #remove(segment: Segment): Promise<void> {
    try {
      await this.#files.remove(segment.path);
    } catch (error) {
      // It is tried again with the next one; until then it is only a copy.
      if (errnoOf(error) !== 'ENOENT') return;
    }
    this.#segments.delete(segment);
    this.#syncs.loosen(this.#folder);
  }

  #place(id: string, segment: Segment): void {
    this.#unplace(id);
    this.#where.set(id, segment);
    segment.live += 1;
  }

  #unplace(id: string): void {
    const segment = this.#where.get(id);
    this.#where.delete(id);
    if (segment !== undefined) segment.live -= 1;
  }
}
