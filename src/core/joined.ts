const parts = new WeakMap<readonly string[], readonly (readonly string[])[]>();

/**
 * One list of several, which remembers what it is made of: whoever has seen the long part before needs to look at the short ones only. None of them may be changed
 * afterwards. A name may come twice.
 */
export function joined(lists: readonly (readonly string[])[]): readonly string[] {
  const filled = lists.flatMap((list) => partsOf(list)).filter((list) => list.length > 0);
  const [first = [], ...others] = filled;
  if (others.length === 0) return first;
  const all = first.concat(...others);
  parts.set(all, filled);
  return all;
}

/** What a list was joined of; the list itself where it was not. */
export function partsOf(list: readonly string[]): readonly (readonly string[])[] {
  return parts.get(list) ?? [list];
}

/** What is made of each part of a list, once for as long as that part is kept: whoever passes the same long part again gets the very same again. */
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

  /** It is made anew when it is asked for again. */
  forget(part: readonly string[]): void {
    this.#made.delete(part);
  }
}

const sets = new WeakMap<readonly string[], ReadonlySet<string>>();

/** A list as a set, made once: whoever asks again and again passes the same list. */
export function setOf(list: readonly string[]): ReadonlySet<string> {
  let set = sets.get(list);
  if (set === undefined) {
    set = new Set(list);
    sets.set(list, set);
  }
  return set;
}

/** Lists of lanes to leave out that are no longer than this, or than a small part of the longest, are skipped one by one. */
const short = 32;
const smallPart = 1 / 8;

/** Lanes to leave out: those of long lists, which come back as they are, and those of short ones, which change all the time. */
export interface LeftOut {
  readonly long: readonly ReadonlySet<string>[];
  readonly short: readonly ReadonlySet<string>[];
}

/** What a claim leaves out, list by list as it was joined. */
export function leftOutBy(except: readonly string[]): LeftOut {
  const lists = partsOf(except).filter((list) => list.length > 0);
  const most = lists.reduce((longest, { length }) => Math.max(longest, length * smallPart), short);
  return {
    long: lists.filter(({ length }) => length > most).map(setOf),
    short: lists.filter(({ length }) => length <= most).map(setOf),
  };
}
