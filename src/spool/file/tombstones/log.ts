import { join } from 'node:path';
import { systemClock, Turns } from '../../../core/clock.ts';
import type { SpoolState } from '../../contract.ts';
import { type EndedKeys, JournalError, type ListPlace } from '../../journaled/journal.ts';
import type { EntryRecord } from '../../state/records.ts';
import { errnoOf, type FileLayer } from '../disk/file-layer.ts';
import type { FolderSync } from '../disk/folders.ts';
import { formatTombstone } from '../formats.ts';
import { IdIndex } from './id-index.ts';
import { damaged, LineIndex, newest } from './line-index.ts';
import { OrderedReader } from './ordered-reader.ts';
import { LogReader } from './reader.ts';
import { emptySegment, type Line, linesOf, readSegment, type Segment } from './segment.ts';
import { SegmentWriter } from './segment-writer.ts';

/** A segment of which less than this part is still needed is dissolved. */
const worthKeeping = 1 / 4;
/** The running segment is not dissolved before it has this many bytes. */
const worthDissolving = 1024 * 1024;

/** The findings of {@link TombstoneLog.open}. */
export interface Tombstones {
  /** Segments with lines in the middle that can't be read, to be set aside once {@link TombstoneLog.prove} has carried over what could be. */
  readonly damaged: readonly string[];
  /** Messages that ended later than now, by a clock that was set back since. */
  readonly ahead: readonly string[];
  readonly rev: number;
  readonly order: number;
}

/**
 * Keeps tombstones, one line per entry, in segments, of which only the newest one grows. A segment that is hardly needed any more is
 * dissolved: its last live lines are appended to the newest one, and it is removed. So nothing is ever rewritten in
 * place, and the log is never larger than a few times what is alive. Memory holds only hashes of ids, which say where to look.
 */
export class TombstoneLog {
  readonly #files: FileLayer;
  readonly #syncs: FolderSync;
  readonly #folder: string;
  readonly #index: LineIndex;
  readonly #writer: SegmentWriter;
  /** Segments whose lines may not be durable. */
  #unproven: ReadonlySet<Segment> = new Set();
  #damaged: ReadonlySet<Segment> = new Set();
  /** Readers of the whole log; some give up halfway and never say so. */
  readonly #readers = new Set<WeakRef<LogReader>>();
  readonly #lost: (path: string, found: string) => void;
  readonly #told = new Set<Segment>();

  /** @param lost Called once for a segment that somebody has removed or damaged. */
  constructor(
    files: FileLayer,
    syncs: FolderSync,
    folder: string,
    lost: (path: string, found: string) => void,
    ids: IdIndex = new IdIndex(crypto.getRandomValues(new Int32Array(1))[0] ?? 0),
  ) {
    this.#files = files;
    this.#syncs = syncs;
    this.#folder = folder;
    this.#lost = lost;
    this.#index = new LineIndex(files, ids);
    this.#writer = new SegmentWriter(files, syncs, folder, (segment) => this.#index.addSegment(segment));
  }

  /** Counts entries that have ended by state, without purged ones. */
  get counts(): ReadonlyMap<SpoolState, number> {
    return this.#index.counts;
  }

  /** A line that was torn by a power cut is at the end of what was its newest segment then; a new one is begun each time. */
  async open(wall: number): Promise<Tombstones> {
    const turns = new Turns(systemClock);
    const damaged: Segment[] = [];
    const ahead = new Set<string>();
    let [rev, order] = [0, 0];
    for (const segment of await this.#segments()) {
      const data = await readSegment(this.#files, segment);
      segment.bytes = data.length;
      this.#index.addSegment(segment);
      let torn = false;
      let bad = false;
      for (const line of linesOf(segment, data)) {
        await turns.step();
        if (line === undefined) {
          torn = true;
          continue;
        }
        bad ||= torn;
        segment.lines += 1;
        const { fixed, status } = line.record;
        rev = Math.max(rev, status.rev);
        order = Math.max(order, status.order);
        if ((status.endedAt ?? 0) > wall) ahead.add(fixed.messageId);
        const [known] = this.#index.mayHave(fixed.id) ? await this.#index.find([fixed.id]) : [];
        if (known !== undefined && known.record.status.rev >= status.rev) continue;
        if (known !== undefined) this.#index.remove(known);
        this.#index.add(line);
      }
      if (bad) damaged.push(segment);
    }
    // The newest one may hold lines that were never synced, or whose sync failed: written anew, they are durable.
    const last = this.#index.segments.at(-1);
    this.#damaged = new Set(damaged);
    this.#unproven = new Set([...damaged, ...(last === undefined ? [] : [last]), ...this.#hardlyNeeded()]);
    return { damaged: damaged.map(({ path }) => path), ahead: [...ahead], rev, order };
  }

  /**
   * Writes lines anew that may be in the system's cache only. Resolves with false on a full disk: until it is true, a power cut may take lines back, so
   * no file that one of them is about may be removed.
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
      if (this.#damaged.has(segment)) this.#index.dropSegment(segment);
      else await this.#remove(segment);
    }
    this.#unproven = new Set();
    return true;
  }

  /** Durable when resolved. @throws {JournalError} */
  async append(records: readonly EntryRecord[]): Promise<void> {
    // What can't be read is found no more, and what is written now is newer.
    const before = await this.#index.find(
      records.map(({ fixed }) => fixed.id),
      [],
      new Set(),
    );
    await this.#append(
      records.map((record) => ({ record, text: formatTombstone(record) })),
      before,
    );
  }

  /** Records with these keys, the newest of each entry, and with them all others of the same messages as they ended last. */
  async find(keys: EndedKeys): Promise<readonly EntryRecord[]> {
    return newest(await this.findAll(keys));
  }

  /** The same, with what ended before under the ids of these messages: files of it may still be there. */
  async findAll({ messages = [], entries = [], tags = [] }: EndedKeys): Promise<readonly EntryRecord[]> {
    const ids = new Set(messages);
    for (const { record } of await this.#index.find(entries, tags)) ids.add(record.fixed.messageId);
    return (await this.#index.findMessages([...ids])).map(({ record }) => record);
  }

  /** Finds some of those that ended by `until`, unless they were put off. */
  over(until: number, most: number): Promise<readonly EntryRecord[]> {
    return this.#index.over(until, most, (segment, error) => {
      if (errnoOf(error) === 'ENOENT') this.#tell(segment, 'is gone');
    });
  }

  /** Keeps {@link TombstoneLog.over} from finding an entry before that time. */
  putOff(id: string, until: number): void {
    this.#index.putOff(id, until);
  }

  /** All that there are. */
  read(): LogReader {
    const reader = new LogReader(this.#index);
    this.#readers.add(new WeakRef(reader));
    return reader;
  }

  /** Those after that place of the list, nearly in its order. */
  inOrder(after: ListPlace | undefined): OrderedReader {
    return new OrderedReader(this.#index, after);
  }

  /** Drops lines that nobody needs; the files they speak of must be gone for good. Resolves with entries that may have a line which can't be read now. */
  async forget(ids: Iterable<string>): Promise<ReadonlySet<string>> {
    const unread = new Set<string>();
    for (const line of await this.#index.find([...ids], [], unread)) this.#index.remove(line);
    return unread;
  }

  /** Frees the room of lines that were forgotten. @throws {JournalError} */
  async dissolve(): Promise<void> {
    const dissolved: Segment[] = [];
    for (const segment of this.#hardlyNeeded()) {
      if (segment === this.#writer.newest) await this.#writer.end();
      if (await this.#isCarriedOver(segment)) dissolved.push(segment);
    }
    if (dissolved.length === 0) return;
    await this.#syncs.syncLoose();
    for (const segment of dissolved) await this.#remove(segment);
    await this.#syncs.sync([this.#folder]);
  }

  async close(): Promise<void> {
    await this.#writer.end();
  }

  async #segments(): Promise<Segment[]> {
    const found: Segment[] = [];
    for (const { name, kind } of await this.#files.list(this.#folder)) {
      const number = Number(/^(\d{8,15})\.ndjson$/.exec(name)?.[1]);
      if (kind !== 'file' || Number.isNaN(number)) continue;
      found.push(emptySegment(join(this.#folder, name), number));
      this.#writer.lastNumber = Math.max(this.#writer.lastNumber, number);
    }
    return found.sort((a, b) => a.number - b.number);
  }

  #hardlyNeeded(): Segment[] {
    return this.#index.segments.filter((segment) => {
      if (segment.live === 0) return true;
      if (segment === this.#writer.newest && segment.bytes < worthDissolving) return false;
      return segment.live < segment.lines * worthKeeping;
    });
  }

  /** False for one that can't be read now: it stays. @throws {JournalError} */
  async #isCarriedOver(segment: Segment): Promise<boolean> {
    try {
      await this.#carryOver(segment);
      return true;
    } catch (error) {
      if (error instanceof JournalError) throw error;
      return false;
    }
  }

  /** Appends what is still needed of a segment to the newest one. */
  async #carryOver(segment: Segment): Promise<void> {
    if (segment.live === 0) return;
    const turns = new Turns(systemClock);
    const lines: Line[] = [];
    for (const line of linesOf(segment, await readSegment(this.#files, segment))) {
      await turns.step();
      if (line !== undefined && this.#index.has(line)) lines.push(line);
    }
    if (lines.length < segment.live) {
      this.#tell(segment, 'has lines that can no longer be read');
      throw new Error(damaged(segment));
    }
    await this.#append(
      lines.map(({ record, text }) => ({ record, text: `${text}\n` })),
      lines,
    );
  }

  async #append(
    lines: readonly { readonly record: EntryRecord; readonly text: string }[],
    before: readonly Line[],
  ): Promise<void> {
    if (lines.length === 0) return;
    const encoder = new TextEncoder();
    const { segment, offsets } = await this.#writer.append(lines.map(({ text }) => encoder.encode(text)));
    for (const line of before) {
      this.#eachReader((reader) => reader.moves(line));
      this.#index.remove(line);
    }
    for (const [at, { record }] of lines.entries()) this.#index.add({ record, segment, offset: offsets[at] ?? 0 });
  }

  #tell(segment: Segment, found: string): void {
    if (this.#told.has(segment)) return;
    this.#told.add(segment);
    this.#lost(segment.path, found);
  }

  #eachReader(tell: (reader: LogReader) => void): void {
    for (const reference of this.#readers) {
      const reader = reference.deref();
      if (reader === undefined) this.#readers.delete(reference);
      else tell(reader);
    }
  }

  async #remove(segment: Segment): Promise<void> {
    try {
      await this.#files.remove(segment.path);
    } catch (error) {
      // It is tried again with the next one; until then it is only a copy.
      if (errnoOf(error) !== 'ENOENT') return;
    }
    this.#index.dropSegment(segment);
    this.#syncs.loosen(this.#folder);
  }
}
