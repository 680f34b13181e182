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
