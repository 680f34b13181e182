import type { EndedStep, ListPlace } from '../../journaled/journal.ts';
import { type Bounds, isBefore } from './bounds.ts';
import type { LineIndex } from './line-index.ts';
import type { Segment } from './segment.ts';

interface Block {
  readonly segment: Segment;
  readonly at: number;
  readonly bounds: Bounds;
}

/**
 * Goes through the lines that come after a place of the list, a block at a time, that with the first of them first: as most messages end in the order in which they were accepted, a page
 * is in a few blocks, however long the log is. What is appended or moved meanwhile is found too, and may come twice.
 */
export class OrderedReader {
  readonly #index: LineIndex;
  readonly #after: ListPlace | undefined;
  /** Lines that blocks had when they were read. */
  readonly #read = new Map<Bounds, number>();

  constructor(index: LineIndex, after: ListPlace | undefined) {
    this.#index = index;
    this.#after = after;
  }

  /** `undefined` at the end. */
  async next(): Promise<EndedStep | undefined> {
    const block = this.#first();
    if (block === undefined) return undefined;
    const { segment, at, bounds } = block;
    this.#read.set(bounds, bounds.added);
    const lines = await this.#index.liveIn(segment, at);
    return { records: lines.map(({ record }) => record), rest: this.#first()?.bounds.first };
  }

  /** The block that begins first of those that are not read. */
  #first(): Block | undefined {
    let first: Block | undefined;
    for (const segment of this.#index.segments) {
      for (const [at, bounds] of segment.bounds.entries()) {
        if (bounds === undefined || this.#read.get(bounds) === bounds.added) continue;
        if (this.#after !== undefined && !isBefore(this.#after, bounds.last)) continue;
        if (first === undefined || isBefore(bounds.first, first.bounds.first)) first = { segment, at, bounds };
      }
    }
    return first;
  }
}
