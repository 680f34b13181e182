import type { EntryRecord } from '../../state/records.ts';
import type { LineIndex } from './line-index.ts';
import { blockSize, type Line } from './segment.ts';

/** Goes through all lines that are needed, a block at a time, including those appended meanwhile. */
export class LogReader {
  readonly #index: LineIndex;
  #number = 0;
  #block = 0;
  /** Entries that were read and have another line since. */
  readonly #moved = new Set<string>();

  constructor(index: LineIndex) {
    this.#index = index;
  }

  /** `undefined` at the end. */
  async next(): Promise<readonly EntryRecord[] | undefined> {
    for (;;) {
      const segment = this.#index.segments.find((one) => one.number >= this.#number);
      if (segment === undefined) return undefined;
      if (segment.number > this.#number) [this.#number, this.#block] = [segment.number, 0];
      if (this.#block * blockSize >= segment.bytes) {
        [this.#number, this.#block] = [this.#number + 1, 0];
        continue;
      }
      const lines = await this.#index.liveIn(segment, this.#block);
      this.#block += 1;
      return lines.flatMap(({ record }) => (this.#moved.has(record.fixed.id) ? [] : record));
    }
  }

  /** Notes that the entry of a line is about to get another one. */
  moves({ record, segment, offset }: Line): void {
    const isRead = segment.number < this.#number || (segment.number === this.#number && offset < this.#block * blockSize);
    if (isRead) this.#moved.add(record.fixed.id);
  }
}
