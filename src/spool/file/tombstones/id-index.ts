/** 2 to that power: parts of the index, each of which grows by itself. */
const partBits = 14;
/** 2 to that power: parts of a row. Rows are made as they are needed: an array of all parts would cost each open 192 KB. */
const rowBits = 7;
const firstSlots = 8;
/** A part grows by this when it is so full: fuller ones save little more, and searching them takes longer and longer. */
const growth = 1.04;
const fullAt = 0.94;
/** 16-bit words of a slot: the tag, and the place in two. */
const words = 3;

interface Row {
  readonly parts: (Uint16Array | undefined)[];
  /** Slots of each that are taken. */
  readonly used: Uint32Array;
}

/**
 * Knows which places may hold a key, in 6 bytes each, so that the ids of millions of entries fit into memory. It keeps 30 bits of the hash of a key, so some places are wrong, and
 * the caller has to look there; but what was added is always found.
 *
 * Hash tables with linear probing, in parts. A tag decides where its search begins, so that a part can grow without the keys.
 */
export class IdIndex {
  readonly #hash: (key: string) => number;
  readonly #rows: (Row | undefined)[] = new Array<Row | undefined>(2 ** (partBits - rowBits));
  #size = 0;

  /**
   * @param seed Random, so that nobody can choose ids that collide.
   * @param hash Of 32 bits, of which the lowest {@link partBits} choose the part and the upper 16 are the tag: two of them are used twice.
   */
  constructor(seed: number, hash: (key: string, seed: number) => number = hashOf) {
    this.#hash = (key) => hash(key, seed);
  }

  /** How many places were added and not removed. */
  get size(): number {
    return this.#size;
  }

  /** How many bytes it takes. */
  get bytes(): number {
    const rows = this.#rows.filter((row) => row !== undefined);
    return rows.reduce(
      (sum, { parts, used }) => parts.reduce((bytes, part) => bytes + (part?.byteLength ?? 0), sum + used.byteLength),
      0,
    );
  }

  /** @param place 1 to 2³² - 1. */
  add(key: string, place: number): void {
    const hash = this.#hash(key);
    const row = this.#rows[rowOf(hash)] ?? newRow();
    this.#rows[rowOf(hash)] = row;
    const at = partOf(hash);
    let part = row.parts[at];
    const used = row.used[at] ?? 0;
    if (part === undefined || used + 1 > (part.length / words) * fullAt) {
      part = grown(part);
      row.parts[at] = part;
    }
    put(part, hash >>> 16, place);
    row.used[at] = used + 1;
    this.#size += 1;
  }

  /** Removes a place; returns false when it is not there. */
  remove(key: string, place: number): boolean {
    const hash = this.#hash(key);
    const row = this.#rows[rowOf(hash)];
    const at = partOf(hash);
    const part = row?.parts[at];
    if (row === undefined || part === undefined || !take(part, hash >>> 16, place)) return false;
    row.used[at] = (row.used[at] ?? 1) - 1;
    if (row.used[at] === 0) row.parts[at] = undefined;
    this.#size -= 1;
    return true;
  }

  /** Finds the places where a key may be, each once. */
  places(key: string): readonly number[] {
    const hash = this.#hash(key);
    const part = this.#rows[rowOf(hash)]?.parts[partOf(hash)];
    if (part === undefined) return [];
    const found: number[] = [];
    const tag = hash >>> 16;
    const slots = part.length / words;
    for (let slot = home(tag, slots); ; slot = slot + 1 === slots ? 0 : slot + 1) {
      const place = placeAt(part, slot);
      if (place === 0) return found;
      if (part[words * slot] === tag && !found.includes(place)) found.push(place);
    }
  }

  has(key: string, place: number): boolean {
    return this.places(key).includes(place);
  }
}

function newRow(): Row {
  return { parts: new Array<Uint16Array | undefined>(2 ** rowBits), used: new Uint32Array(2 ** rowBits) };
}

function rowOf(hash: number): number {
  return (hash & (2 ** partBits - 1)) >>> rowBits;
}

function partOf(hash: number): number {
  return hash & (2 ** rowBits - 1);
}

function hashOf(key: string, seed: number): number {
  let high = seed;
  let low = 0x9e3779b9 ^ seed;
  for (let at = 0; at < key.length; at++) {
    const unit = key.charCodeAt(at);
    high = Math.imul(high ^ unit, 0x85ebca6b);
    high = (high << 13) | (high >>> 19);
    low = Math.imul(low ^ unit, 0xc2b2ae35);
  }
  high = Math.imul(high ^ low ^ (low >>> 15), 0x2c1b3c6d);
  high = Math.imul(high ^ (high >>> 12), 0x297a2d39);
  return (high ^ (high >>> 15)) >>> 0;
}

function home(tag: number, slots: number): number {
  return (tag * slots) >>> 16;
}

function placeAt(part: Uint16Array, slot: number): number {
  return (part[words * slot + 1] ?? 0) + (part[words * slot + 2] ?? 0) * 0x10000;
}

function set(part: Uint16Array, slot: number, tag: number, place: number): void {
  part[words * slot] = tag;
  part[words * slot + 1] = place & 0xffff;
  part[words * slot + 2] = place >>> 16;
}

function put(part: Uint16Array, tag: number, place: number): void {
  const slots = part.length / words;
  let slot = home(tag, slots);
  while (placeAt(part, slot) !== 0) slot = slot + 1 === slots ? 0 : slot + 1;
  set(part, slot, tag, place);
}

function grown(part: Uint16Array | undefined): Uint16Array {
  const slots = part === undefined ? firstSlots : Math.ceil((part.length / words) * growth) + 1;
  const next = new Uint16Array(words * slots);
  for (let slot = 0; part !== undefined && slot < part.length / words; slot++) {
    const place = placeAt(part, slot);
    if (place !== 0) put(next, part[words * slot] ?? 0, place);
  }
  return next;
}

/** What follows moves up, unless its search begins behind the gap: nothing may be missed by a search that ends at it. */
function take(part: Uint16Array, tag: number, place: number): boolean {
  const slots = part.length / words;
  let gap = home(tag, slots);
  for (; placeAt(part, gap) !== place || part[words * gap] !== tag; gap = gap + 1 === slots ? 0 : gap + 1) {
    if (placeAt(part, gap) === 0) return false;
  }
  for (let slot = gap + 1 === slots ? 0 : gap + 1; placeAt(part, slot) !== 0; slot = slot + 1 === slots ? 0 : slot + 1) {
    const own = part[words * slot] ?? 0;
    const from = home(own, slots);
    // Whether its home lies after the gap and up to its slot, round the end of the table.
    const stays = gap <= slot ? from > gap && from <= slot : from > gap || from <= slot;
    if (stays) continue;
    set(part, gap, own, placeAt(part, slot));
    gap = slot;
  }
  set(part, gap, 0, 0);
  return true;
}
