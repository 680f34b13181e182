/** How deep an error is searched: causes of causes, requests inside them, and their headers. */
const deepest = 8;

/**
 * Path to where a value, or anything inside it, contains a text; undefined if nowhere. Includes non-enumerable properties, since
 * loggers show them.
 */
export function whatIsRevealed(value: unknown, text: string): string | undefined {
  return search(value, text, 'error', new Set());
}

function search(value: unknown, text: string, path: string, seen: Set<object>): string | undefined {
  if (typeof value === 'string') return value.includes(text) ? path : undefined;
  if (typeof value !== 'object' || value === null || seen.has(value) || path.split('.').length > deepest) return undefined;
  seen.add(value);
  const entries: [string, unknown][] = isMap(value) ? [...value].map(([key, part]) => [String(key), part]) : [];
  for (const key of Object.getOwnPropertyNames(value)) {
    const { value: part } = Object.getOwnPropertyDescriptor(value, key) ?? {};
    if (typeof part !== 'function') entries.push([key, part]);
  }
  for (const [key, part] of entries) {
    const found = search(part, text, `${path}.${key}`, seen);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A Map of any realm. */
function isMap(value: object): value is ReadonlyMap<unknown, unknown> {
  return Object.prototype.toString.call(value) === '[object Map]';
}
