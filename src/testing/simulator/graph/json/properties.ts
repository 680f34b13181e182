import type { ExtendedFieldPath } from '../../store/extended-property.ts';
import type { SimulatedItem } from '../../store/item.ts';
import { extendedValue } from '../../xml/item-shape.ts';
import { GraphFault } from '../errors.ts';

const named = /^(\w+)\s+\{([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\}\s+(Name|Id)\s+(.+)$/i;
const tagged = /^(\w+)\s+0x([0-9a-f]{1,8})$/i;

/** Reads the id of an extended property: https://learn.microsoft.com/graph/api/resources/extended-properties-overview */
export function readPropertyId(id: unknown): ExtendedFieldPath {
  const text = typeof id === 'string' ? id.trim() : '';
  const tag = tagged.exec(text);
  if (tag?.[1] !== undefined && tag[2] !== undefined) {
    const number = Number.parseInt(tag[2], 16);
    // Tags from 0x8000 on belong to named properties.
    if (number >= 0x8000) throw new GraphFault('ErrorInvalidProperty');
    return { type: tag[1], tag: number };
  }
  const [, type, set, kind, name] = named.exec(text) ?? [];
  if (type === undefined || set === undefined || name === undefined) throw new GraphFault('ErrorInvalidProperty');
  const path = { type, set: set.toLowerCase() };
  return kind?.toLowerCase() === 'name' ? { ...path, name } : { ...path, id: Number.parseInt(name, 16) };
}

/** An id as Exchange writes it back: GUIDs in lower case, numbers without leading zeros. */
export function writePropertyId({ type, tag, set, name, id }: ExtendedFieldPath): string {
  if (tag !== undefined) return `${type} 0x${tag.toString(16)}`;
  return name === undefined ? `${type} {${set}} Id 0x${(id ?? 0).toString(16)}` : `${type} {${set}} Name ${name}`;
}

/** One string property of an item; undefined when it has none of that name and type. */
export function propertyValue(item: SimulatedItem, path: ExtendedFieldPath): string | undefined {
  const value = extendedValue(item, path);
  return typeof value === 'string' ? value : undefined;
}
