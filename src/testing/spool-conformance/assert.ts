/** Assertions that need no test runner: they throw, with what was found. */

/** Deep equality of plain data; a property that is `undefined` counts as missing. */
export function equal(found: unknown, expected: unknown, what: string): void {
  const [one, other] = [plain(found), plain(expected)];
  if (one !== other) throw new Error(`${what}\n  expected: ${other}\n  found:    ${one}`);
}

export function isTrue(found: boolean, what: string): void {
  if (!found) throw new Error(what);
}

/** Returns the value; throws if it is undefined. */
export function present<Value>(value: Value | undefined, what: string): Value {
  if (value === undefined) throw new Error(`${what} is missing`);
  return value;
}

/** Throws unless the operation rejects with an error of that code. */
export async function rejects(operation: () => Promise<unknown>, code: string, what: string): Promise<void> {
  let outcome: unknown = 'it resolved';
  try {
    await operation();
  } catch (error) {
    if ((error as { code?: unknown }).code === code) return;
    outcome = error;
  }
  throw new Error(`${what}: expected a rejection with ${code}, but ${String(outcome)}`, { cause: outcome });
}

function plain(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => (isObject(part) ? sorted(part) : part)) ?? 'undefined';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sorted(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)));
}
