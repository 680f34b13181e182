import type { SpoolState } from '../../contract.ts';
import { type EntryRecord, tombstoneSince } from '../../state/records.ts';
import type { FileLayer } from '../disk/file-layer.ts';
import type { IdIndex } from './id-index.ts';
import { blockOf, Places } from './places.ts';
import { blockSize, type Line, linesBetween, type Segment } from './segment.ts';

const entryKey = (id: string): string => `e${id}`;
const messageKey = (id: string): string => `m${id}`;
const tagKey = (tag: string): string => `t${tag}`;

function keysOf({ fixed, status }: EntryRecord): string[] {
  return [entryKey(fixed.id), messageKey(fixed.messageId), ...status.unknownAttempts.map(({ tag }) => tagKey(tag))];
}

/** A search for lines. */
interface Wanted {
  readonly keys: readonly string[];
  readonly isWanted: (record: EntryRecord) => boolean;
  /** Collects the positions of keys whose lines can't be read now. Without it, such a line throws. */
  readonly unread?: Set<number>;
}

/** Knows which lines of the log are needed and where they begin, by hashes of their ids; each hit is confirmed on disk. */
export class LineIndex {
  readonly #files: FileLayer;
  readonly #ids: IdIndex;
  readonly #places = new Places();
  readonly #segments: Segment[] = [];
  readonly #counts = new Map<SpoolState, number>();
  /** Entries whose message ends later than they did, or not yet. */
  readonly #putOff = new Map<string, number>();

  constructor(files: FileLayer, ids: IdIndex) {
    this.#files = files;
    this.#ids = ids;
  }

  /** In the order of their numbers. */
  get segments(): readonly Segment[] {
    return this.#segments;
  }

  get counts(): ReadonlyMap<SpoolState, number> {
    return this.#counts;
  }

  addSegment(segment: Segment): void {
    this.#segments.push(segment);
  }

  /** Drops a segment of which no line is needed any more. */
  dropSegment(segment: Segment): void {
    const at = this.#segments.indexOf(segment);
    if (at < 0) return;
    this.#segments.splice(at, 1);
    this.#places.drop(segment);
  }

  add({ record, segment, offset }: Omit<Line, 'text'>): void {
    const place = this.#places.of(segment, offset);
    for (const key of keysOf(record)) this.#ids.add(key, place);
    segment.live += 1;
    const block = Math.floor(offset / blockSize);
    for (let at = segment.endedFrom.length; at <= block; at++) segment.endedFrom[at] = Number.POSITIVE_INFINITY;
    segment.endedFrom[block] = Math.min(segment.endedFrom[block] ?? Number.POSITIVE_INFINITY, endOf(record));
    segment.bounds.add(block, record);
    this.#count(record, 1);
  }

  remove({ record, segment, offset }: Line): void {
    const place = this.#places.of(segment, offset);
    if (!this.#ids.remove(entryKey(record.fixed.id), place)) return;
    for (const key of keysOf(record).slice(1)) this.#ids.remove(key, place);
    segment.live -= 1;
    segment.bounds.remove(Math.floor(offset / blockSize));
    this.#putOff.delete(record.fixed.id);
    this.#count(record, -1);
  }

  has({ record, segment, offset }: Line): boolean {
    return this.#ids.has(entryKey(record.fixed.id), this.#places.of(segment, offset));
  }

  /** Whether an entry may have a line: false is certain, true is not. */
  mayHave(entryId: string): boolean {
    return this.#ids.places(entryKey(entryId)).length > 0;
  }

  /**
   * Finds lines of entries, by id or by tags of attempts. `unread` collects entries that may have a line which can't be read; without it, such a line throws.
   */
  async find(entries: readonly string[], tags: readonly string[] = [], unread?: Set<string>): Promise<Line[]> {
    const [ids, wantedTags] = [new Set(entries), new Set(tags)];
    const positions = new Set<number>();
    const lines = await this.#linesAt({
      keys: [...entries.map(entryKey), ...tags.map(tagKey)],
      isWanted: ({ fixed, status }) =>
        ids.has(fixed.id) || (wantedTags.size > 0 && status.unknownAttempts.some(({ tag }) => wantedTags.has(tag))),
      ...(unread === undefined ? {} : { unread: positions }),
    });
    for (const position of positions) unread?.add(entries[position] ?? '');
    return lines;
  }

  findMessages(messages: readonly string[]): Promise<Line[]> {
    const ids = new Set(messages);
    return this.#linesAt({ keys: messages.map(messageKey), isWanted: ({ fixed }) => ids.has(fixed.messageId) });
  }

  /** Reads the lines of a block that are needed. */
  async liveIn(segment: Segment, block: number): Promise<Line[]> {
    const start = block * blockSize;
    const lines = await linesBetween(this.#files, segment, start, start + blockSize, () => true);
    return lines.filter((line) => this.has(line));
  }

  /** Finds some of those that ended by `until`, unless they were put off; the same ones again until they are removed. Calls `unread` for a segment that can't be read now. */
  async over(until: number, most: number, unread: (segment: Segment, error: unknown) => void): Promise<readonly EntryRecord[]> {
    const found: EntryRecord[] = [];
    for (const segment of this.#segments) {
      try {
        for (const [block, endedFrom] of segment.endedFrom.entries()) {
          if (endedFrom > until) continue;
          if (found.length >= most) return found;
          const lines = await this.liveIn(segment, block);
          const ends = lines.map(({ record }) => this.#putOff.get(record.fixed.id) ?? endOf(record));
          segment.endedFrom[block] = ends.reduce((least, end) => Math.min(least, end), Number.POSITIVE_INFINITY);
          found.push(...lines.flatMap(({ record }, index) => ((ends[index] ?? 0) <= until ? record : [])));
        }
      } catch (error) {
        unread(segment, error);
      }
    }
    return found;
  }

  putOff(id: string, until: number): void {
    this.#putOff.set(id, until);
  }

  async #linesAt({ keys, isWanted, unread }: Wanted): Promise<Line[]> {
    // Lines that lie close together are read at once.
    const blocks = new Map<number, Map<number, number[]>>();
    for (const [position, key] of keys.entries()) {
      for (const place of this.#ids.places(key)) {
        const places = mapIn(blocks, blockOf(place));
        const others = places.get(place);
        if (others === undefined) places.set(place, [position]);
        else others.push(position);
      }
    }
    const lines: Line[] = [];
    for (const places of blocks.values()) {
      try {
        const found = await this.#lines(places);
        this.#assertThere(places, found, unread);
        lines.push(...found.filter((line) => isWanted(line.record) && this.has(line)));
      } catch (error) {
        if (unread === undefined) throw error;
        for (const positions of places.values()) for (const position of positions) unread.add(position);
      }
    }
    return lines;
  }

  /** Throws for a line that is in the index and not found: it was damaged since, and may be the one that is wanted. */
  #assertThere(places: ReadonlyMap<number, readonly number[]>, found: readonly Line[], unread: Set<number> | undefined): void {
    const there = new Set(found.map(({ segment, offset }) => this.#places.of(segment, offset)));
    for (const [place, positions] of places) {
      const spot = there.has(place) ? undefined : this.#places.spot(place);
      if (spot === undefined) continue;
      if (unread === undefined) throw new Error(damaged(spot.segment));
      for (const position of positions) unread.add(position);
    }
  }

  /** The lines at places of one block. */
  async #lines(places: ReadonlyMap<number, unknown>): Promise<Line[]> {
    const spots = [...places.keys()].flatMap((place) => this.#places.spot(place) ?? []);
    const [first] = spots;
    if (first === undefined) return [];
    const { segment } = first;
    const from = spots.reduce((least, spot) => Math.min(least, spot.from), first.from);
    const until = spots.reduce((most, spot) => Math.max(most, spot.until), first.until);
    return linesBetween(this.#files, segment, from, until, (offset) => places.has(this.#places.of(segment, offset)));
  }

  #count({ status }: EntryRecord, by: 1 | -1): void {
    if (status.purged !== true) this.#counts.set(status.state, (this.#counts.get(status.state) ?? 0) + by);
  }
}

export function damaged({ path }: Segment): string {
  return `${path} has lines that can no longer be read.`;
}

function mapIn(blocks: Map<number, Map<number, number[]>>, block: number): Map<number, number[]> {
  const known = blocks.get(block);
  if (known !== undefined) return known;
  const places = new Map<number, number[]>();
  blocks.set(block, places);
  return places;
}

function endOf({ status }: EntryRecord): number {
  return tombstoneSince(status) ?? 0;
}

/** Of several messages that had one id one after the other, keeps the last, with the newest line of each entry: lines whose time is over may stay for long. */
export function newest(records: readonly EntryRecord[]): EntryRecord[] {
  const last = new Map<string, EntryRecord>();
  const entries = new Map<string, EntryRecord>();
  for (const record of records) {
    const { id, messageId } = record.fixed;
    if ((last.get(messageId)?.status.rev ?? -1) < record.status.rev) last.set(messageId, record);
    if ((entries.get(id)?.status.rev ?? -1) < record.status.rev) entries.set(id, record);
  }
  return [...entries.values()].filter(({ fixed }) => {
    const one = last.get(fixed.messageId)?.fixed;
    return one === undefined || (one.acceptedAt === fixed.acceptedAt && one.contentHash === fixed.contentHash);
  });
}
