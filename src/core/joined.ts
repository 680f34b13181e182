const parts = new WeakMap<readonly string[], readonly (readonly string[])[]>();

/**
 * Concatenates lists of names and remembers the parts: a reader that has seen a long part before then needs to read only the short ones. None of the lists may be changed
 * afterwards. A name may occur twice.
 */
export function joined(lists: readonly (readonly string[])[]): readonly string[] {
  const filled = lists.flatMap((list) => partsOf(list)).filter((list) => list.length > 0);
  const [first = [], ...others] = filled;
  if (others.length === 0) return first;
  const all = first.concat(...others);
  parts.set(all, filled);
  return all;
}

/** The lists that a list was joined of; the list itself if it wasn't joined. */
export function partsOf(list: readonly string[]): readonly (readonly string[])[] {
  return parts.get(list) ?? [list];
}

/** Makes something of each part of a list, once for as long as that part is kept: the same long part gives the very same object again. */
export class PartMap<Made> {
  readonly #make: (part: readonly string[]) => Made;
  readonly #made = new WeakMap<readonly string[], Made>();

  constructor(make: (part: readonly string[]) => Made) {
    this.#make = make;
  }

  of(list: readonly string[]): readonly Made[] {
    return partsOf(list).map((part) => {
      let made = this.#made.get(part);
      if (made === undefined) {
        made = this.#make(part);
        this.#made.set(part, made);
      }
      return made;
    });
  }

  /** The next {@link of} makes it anew. */
  forget(part: readonly string[]): void {
    this.#made.delete(part);
  }
}

const sets = new WeakMap<readonly string[], ReadonlySet<string>>();

/** A list as a set, made once per list, since callers pass the same list again and again. */
export function setOf(list: readonly string[]): ReadonlySet<string> {
  let set = sets.get(list);
  if (set === undefined) {
    set = new Set(list);
    sets.set(list, set);
  }
  return set;
}

/** Lists of lanes to leave out that are no longer than this, or than a small part of the longest, count as short: their lanes are skipped one by one. */
const short = 32;
const smallPart = 1 / 8;

/** The lanes that a claim leaves out: long lists, which come again unchanged, and short ones, which change all the time. */
export interface LeftOut {
  readonly long: readonly ReadonlySet<string>[];
  readonly short: readonly ReadonlySet<string>[];
}

/** Splits the lanes that a claim leaves out into the lists they were joined of. */
export function leftOutBy(except: readonly string[]): LeftOut {
  const lists = partsOf(except).filter((list) => list.length > 0);
  const most = lists.reduce((longest, { length }) => Math.max(longest, length * smallPart), short);
  return {
    long: lists.filter(({ length }) => length > most).map(setOf),
    short: lists.filter(({ length }) => length <= most).map(setOf),
  };
}
