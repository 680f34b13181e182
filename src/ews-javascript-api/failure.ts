/**
 * What an XHR threw, as an error that can be judged and kept. Whatever the library's XHR throws holds the whole request,
 * with login and message text, and may not be an Error: so nothing of it is kept but codes.
 */
export function failureOf(thrown: unknown): Error {
  const source = sourceOf(thrown);
  const cause = source === undefined ? undefined : bare(source);
  return new TypeError('the XHRApi of the service failed', cause === undefined ? undefined : { cause });
}

/** The error of the platform inside. What the XHR wraps around it repeats its code, but not what was under way. */
function sourceOf(thrown: unknown): Error | undefined {
  let found: Error | undefined;
  for (let next = thrown, depth = 0; next instanceof Error && depth < 8; next = next.cause, depth++) {
    if (!('config' in next)) found = next;
  }
  return found;
}

function bare(error: Error): Error {
  if (error instanceof AggregateError) {
    return new AggregateError(error.errors.map((part: unknown) => (part instanceof Error ? bare(part) : new Error('unknown'))));
  }
  const known = new Error('what the platform reported');
  for (const key of ['code', 'syscall'] as const) {
    const value: unknown = Reflect.get(error, key);
    if (typeof value === 'string') Object.assign(known, { [key]: value });
  }
  return known;
}
