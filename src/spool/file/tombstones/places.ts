import { blockSize, type Segment } from './segment.ts';

/** Bytes in which at most one line begins: the names of its parts alone take more. */
const unit = 128;
/** Units that share a page. */
const unitsOfPage = 2 ** 16;
const pageSize = unitsOfPage * unit;
/** Pages that a place of 32 bits can tell apart. */
const mostPages = 2 ** 16;

/** Some bytes of a segment, in which one line begins at most. */
interface Spot {
  readonly segment: Segment;
  readonly from: number;
  readonly until: number;
}

/** Numbers of 32 bits for the places of lines: that of a page, 8 MiB of a segment, and where in it. A page that was dropped is given out again. */
export class Places {
  readonly #pages: ({ readonly segment: Segment; readonly from: number } | undefined)[] = [undefined];
  readonly #pagesOf = new Map<Segment, number[]>();
  readonly #free: number[] = [];

  /** @throws {Error} for more than 512 GiB */
  of(segment: Segment, offset: number): number {
    const index = Math.floor(offset / pageSize);
    let pages = this.#pagesOf.get(segment);
    if (pages === undefined) {
      pages = [];
      this.#pagesOf.set(segment, pages);
    }
    let page = pages[index];
    if (page === undefined) {
      page = this.#free.pop() ?? this.#pages.length;
      if (page >= mostPages) throw new Error('The tombstone log has become too large.');
      this.#pages[page] = { segment, from: index * pageSize };
      pages[index] = page;
    }
    return page * unitsOfPage + Math.floor((offset % pageSize) / unit);
  }

  spot(place: number): Spot | undefined {
    const page = this.#pages[Math.floor(place / unitsOfPage)];
    if (page === undefined) return undefined;
    const from = page.from + (place % unitsOfPage) * unit;
    return { segment: page.segment, from, until: from + unit };
  }

  drop(segment: Segment): void {
    for (const page of this.#pagesOf.get(segment) ?? []) {
      this.#pages[page] = undefined;
      this.#free.push(page);
    }
    this.#pagesOf.delete(segment);
  }
}

/** Places of one block have one number. */
export function blockOf(place: number): number {
  return Math.floor((place * unit) / blockSize);
}
