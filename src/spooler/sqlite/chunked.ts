/** Lists in parts of so many items in all, never splitting one of the lists. */
export function chunked<Item>(lists: readonly (readonly Item[])[], most: number): (readonly (readonly Item[])[])[] {
  const parts: (readonly Item[])[][] = [];
  let items = most;
  for (const list of lists) {
    if (items + list.length > most) {
      parts.push([]);
      items = 0;
    }
    parts.at(-1)?.push(list);
    items += list.length;
  }
  return parts;
}
