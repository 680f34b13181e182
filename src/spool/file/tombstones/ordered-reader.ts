import type { EndedStep, ListPlace } from '../../journaled/journal.ts';
import { comparePlaces, earliestPlace, type PlaceKey, placeKey } from './bounds.ts';
import type { LineIndex } from './line-index.ts';
import type { Segment } from './segment.ts';

interface Block {
  readonly segment: Segment;
  readonly at: number;
  readonly first: PlaceKey;
}

/**
 * Goes through the lines after a place of the list, a block at a time, the block with the first of them first: most messages end in the order in which they were accepted,
 * so a page is in a few blocks, however long the log is. Lines appended or moved meanwhile are found too, and may come twice.
 */
export class OrderedReader {
  readonly #index: LineIndex;
  readonly #after: PlaceKey | undefined;
  /** How many lines each block had when it was read. */
  readonly #read = new Map<Segment, Map<number, number>>();

  constructor(index: LineIndex, after: ListPlace | undefined) {
    this.#index = index;
    this.#after = after === undefined ? undefined : placeKey(after);
  }

  /** `undefined` at the end. */
  async next(): Promise<EndedStep | undefined> {
    const block = this.#first();
    if (block === undefined) return undefined;
    const { segment, at } = block;
    const read = this.#read.get(segment) ?? new Map<number, number>();
    this.#read.set(segment, read.set(at, segment.bounds.added(at)));
    const lines = await this.#index.liveIn(segment, at);
    const next = this.#first();
    return { records: lines.map(({ record }) => record), rest: next === undefined ? undefined : earliestPlace(next.first) };
  }

  /** Finds the block that begins first among those not read yet. */
  #first(): Block | undefined {
    let found: Block | undefined;
    for (const segment of this.#index.segments) {
      const { bounds } = segment;
      const read = this.#read.get(segment);
      for (let at = 0; at < bounds.length; at++) {
        if (!bounds.has(at) || read?.get(at) === bounds.added(at)) continue;
        if (this.#after !== undefined && comparePlaces(bounds.last(at), this.#after) < 0) continue;
        const first = bounds.first(at);
        if (found === undefined || comparePlaces(first, found.first) < 0) found = { segment, at, first };
      }
    }
    return found;
  }
}
