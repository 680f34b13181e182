import { isAliased } from '../../schema/mapi-properties.ts';
import { keyOfPath } from '../../store/extended-property.ts';
import type { SimulatedFolder } from '../../store/folder.ts';
import type { SimulatedItem } from '../../store/item.ts';
import { typeOfPath } from '../../xml/comparison.ts';
import { itemTags } from '../../xml/item-fields.ts';
import { itemValue } from '../../xml/item-shape.ts';
import { matches, type Restriction } from '../../xml/restriction.ts';

/** Exchange's own limit for a search with a restriction; what lies beyond is silently left out. */
const restrictedLimit = 250;

/** The items of a folder that a restriction lets through, oldest first. */
export function search(folder: SimulatedFolder, restriction: Restriction | undefined): readonly SimulatedItem[] {
  if (restriction === undefined) return folder.items;
  const found: SimulatedItem[] = [];
  for (const item of candidates(folder, restriction) ?? folder.values()) {
    if (matches(restriction, (path) => itemValue(item, path))) found.push(item);
    if (found.length === restrictedLimit) break;
  }
  return found;
}

/** Those that can match at all, by the folder's index; undefined when only a scan can tell. */
function candidates(folder: SimulatedFolder, restriction: Restriction): Iterable<SimulatedItem> | undefined {
  switch (restriction.kind) {
    case 'compare': {
      const { path, with: value, by } = restriction;
      if (by !== 'IsEqualTo' || typeof value !== 'string' || path.kind === 'field') return undefined;
      if (typeOfPath(path) !== 'text' || isAliased(path.path) || (path.path.tag !== undefined && itemTags.has(path.path.tag)))
        return undefined;
      // The index holds single values only.
      return path.path.type.endsWith('Array') ? undefined : folder.withProperty(keyOfPath(path.path), value);
    }
    case 'and': {
      for (const part of restriction.parts) {
        const some = candidates(folder, part);
        if (some !== undefined) return some;
      }
      return undefined;
    }
    case 'or': {
      const all = new Set<SimulatedItem>();
      for (const part of restriction.parts) {
        const some = candidates(folder, part);
        if (some === undefined) return undefined;
        for (const item of some) all.add(item);
      }
      return all;
    }
    case 'contains':
    case 'excludes':
    case 'exists':
    case 'not':
      return undefined;
  }
}
