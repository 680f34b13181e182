/** A row that does not hold what this library wrote. It says where, never what was found: that may be text of a message. */
export class RowError extends Error {
  constructor(where: string) {
    super(`${where} cannot be read`);
  }
}

/** Parses a JSON column; V8's own errors quote the text, so they go no further. */
function jsonOf(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new RowError(where);
  }
}

export function listOf<Item>(text: string | null, where: string): readonly Item[] {
  if (text === null) return [];
  const list = jsonOf(text, where);
  if (!Array.isArray(list)) throw new RowError(where);
  return list;
}

export function objectOf<Value extends object>(text: string, where: string): Value {
  const value = jsonOf(text, where);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new RowError(where);
  return value as Value;
}

/** Columns of times and durations hold whole ms; a wait is never shorter than asked for. */
export function whole(ms: number): number {
  return Math.ceil(ms);
}
