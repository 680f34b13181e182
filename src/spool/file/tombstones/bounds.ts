import type { ListPlace } from '../../journaled/journal.ts';
import type { EntryRecord } from '../../state/records.ts';

/** A place of the list as numbers: the time, and the beginning of the id. A later place never has a lesser key. */
export type PlaceKey = readonly number[];

/** How many numbers hold the beginning of an id, and how many characters of 8 bits each holds: enough to tell our own ids of one ms apart. */
const [parts, characters] = [3, 6];

export function placeKey({ acceptedAt, id }: ListPlace): PlaceKey {
  const key = [acceptedAt];
  // Characters after one of more than 8 bits are not told apart.
  let wide = false;
  for (let from = 0; from < parts * characters; from += characters) {
    let number = 0;
    for (let at = from; at < from + characters; at++) {
      const unit = at < id.length ? id.charCodeAt(at) : 0;
      wide ||= unit > 0xff;
      number = number * 0x100 + (wide ? 0xff : unit);
    }
    key.push(number);
  }
  return key;
}

/** The earliest place with that key. */
export function earliestPlace([acceptedAt = 0, ...begins]: PlaceKey): ListPlace {
  const units = begins.flatMap((number) =>
    Array.from({ length: characters }, (_, at) => Math.floor(number / 0x100 ** (characters - 1 - at)) % 0x100),
  );
  const end = units.findLastIndex((unit) => unit > 0) + 1;
  return { acceptedAt, id: String.fromCharCode(...units.slice(0, end)) };
}

/** Less than 0 when the first comes before. */
export function comparePlaces(one: PlaceKey, other: PlaceKey): number {
  for (let at = 0; at <= parts; at++) {
    const difference = (one[at] ?? 0) - (other[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Numbers of a block: the key of its first line and that of its last, how many lines are needed, how many were ever added. */
const lastAt = 1 + parts;
const liveAt = 2 * lastAt;
const addedAt = liveAt + 1;
const numbers = addedAt + 1;
/** By which the room for blocks grows: a list of numbers would grow by half, for every segment. */
const growth = 1.1;

/**
 * Knows, for each block of a segment, between which places of the list its needed lines are. It may be too wide, as lines are removed, but never too narrow. As adjacent
 * numbers it takes 80 bytes per block; objects and ids would take half as much again as the whole index of ids.
 */
export class BlockBounds {
  #numbers = new Float64Array();
  #length = 0;

  /** Blocks up to the last one that ever had a line. */
  get length(): number {
    return this.#length;
  }

  add(block: number, { fixed }: EntryRecord): void {
    this.#reach(block);
    const key = placeKey(fixed);
    const isFirst = !this.has(block);
    if (isFirst || comparePlaces(key, this.first(block)) < 0) this.#put(block, 0, key);
    if (isFirst || comparePlaces(key, this.last(block)) > 0) this.#put(block, lastAt, key);
    this.#numbers[block * numbers + liveAt] = this.#at(block, liveAt) + 1;
    this.#numbers[block * numbers + addedAt] = this.#at(block, addedAt) + 1;
  }

  remove(block: number): void {
    this.#numbers[block * numbers + liveAt] = this.#at(block, liveAt) - 1;
  }

  /** Whether any line of it is needed. */
  has(block: number): boolean {
    return this.#at(block, liveAt) > 0;
  }

  first(block: number): PlaceKey {
    return this.#key(block, 0);
  }

  last(block: number): PlaceKey {
    return this.#key(block, lastAt);
  }

  /** How many lines were ever added: a block that has more than when it was read is read again. */
  added(block: number): number {
    return this.#at(block, addedAt);
  }

  #at(block: number, index: number): number {
    return this.#numbers[block * numbers + index] ?? 0;
  }

  #key(block: number, from: number): PlaceKey {
    return [...this.#numbers.subarray(block * numbers + from, block * numbers + from + lastAt)];
  }

  #reach(block: number): void {
    this.#length = Math.max(this.#length, block + 1);
    if (this.#length * numbers <= this.#numbers.length) return;
    const before = this.#numbers;
    this.#numbers = new Float64Array(Math.ceil(this.#length * growth) * numbers);
    this.#numbers.set(before);
  }

  #put(block: number, from: number, key: PlaceKey): void {
    for (const [index, number] of key.entries()) this.#numbers[block * numbers + from + index] = number;
  }
}
