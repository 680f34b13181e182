import { blockSize, type Segment } from './segment.ts';

/** Of so many bytes at most one is the first of a line: the names of its parts alone take more. */
const unit = 128;
/** How many units share a page. */
const unitsOfPage = 2 ** 16;
const pageSize = unitsOfPage * unit;
/** How many pages a place of 32 bits can tell apart. */
const mostPages = 2 ** 16;

/** Some bytes of a segment, in which one line begins at most. */
interface Spot {
  readonly segment: Segment;
  readonly from: number;
  readonly until: number;
}

/** Numbers the places of lines with 32 bits: a page, which is 8 MiB of a segment, and a unit in it. A page that was dropped is used again. */
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

/** The number of the block that a place is in. */
export function blockOf(place: number): number {
  return Math.floor((place * unit) / blockSize);
}
