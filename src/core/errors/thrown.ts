/**
 * Reads values from outside without `instanceof`: the file system, a host's callback or a test runner may live in another realm (Jest, vm, iframes, Electron preloads),
 * whose `Error`, `Promise` and `Uint8Array` are not ours. Nothing here throws, though asking a revoked proxy, or one whose traps throw, what it is does.
 */

/** `instanceof` for values from outside. */
export function isA<Type>(value: unknown, type: abstract new (...given: never[]) => Type): value is Type {
  try {
    return value instanceof type;
  } catch {
    return false;
  }
}

/** `Array.isArray` for values from outside. */
export function isArray(value: unknown): value is unknown[] {
  try {
    return Array.isArray(value);
  } catch {
    return false;
  }
}

/** An Error of any realm, or what looks like one (a DOMException, an error that crossed a bridge). */
export function isError(value: unknown): value is Error {
  if (isA(value, Error)) return true;
  return typeof property(value, 'message') === 'string' && typeof property(value, 'name') === 'string';
}

/** A thrown value as an Error: the value itself if it is one, else an Error whose message shows it. */
export function asError(thrown: unknown): Error {
  if (isError(thrown)) return thrown;
  try {
    return new Error(String(thrown));
  } catch {
    return new Error('something was thrown that has no text form'); // Object.create(null), a toString that throws
  }
}

/** The most errors of a chain of causes that are shown: an error may be its own cause. */
const longestChain = 8;

/**
 * An error as a log shows it: name, code, and its chain of causes. A message only where the error is this library's, whose messages hold no text and no secret. Never
 * throws.
 */
export function errorFields(error: unknown, rest = longestChain): Record<string, unknown> {
  const [name, code, message, cause] = ['name', 'code', 'message', 'cause'].map((key) => property(error, key));
  const isOwn = name === 'OfflineImError' || name === 'GateRefusedError';
  return {
    name,
    ...(typeof code === 'string' ? { code } : {}),
    ...(isOwn ? { message } : {}),
    ...(rest > 1 && isError(cause) ? { cause: errorFields(cause, rest - 1) } : {}),
  };
}

/** The errors inside an AggregateError of any realm; `undefined` for any other value. */
export function aggregatedErrors(error: unknown): readonly unknown[] | undefined {
  const parts = isError(error) ? property(error, 'errors') : undefined;
  return isArray(parts) ? parts : undefined;
}

/** A property of any value; `undefined` if there is none, or reading it throws. */
export function property(value: unknown, name: string): unknown {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return undefined;
  try {
    return Reflect.get(value, name);
  } catch {
    return undefined;
  }
}

/** A promise of any realm, or any other thenable. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof property(value, 'then') === 'function';
}

/** A Uint8Array of any realm. */
export function isUint8Array(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && tagOf(value) === 'Uint8Array';
}

/** A Date of any realm. */
export function isDate(value: unknown): value is Date {
  return tagOf(value) === 'Date';
}

/** A Map of any realm. */
export function isMap(value: unknown): value is ReadonlyMap<unknown, unknown> {
  return tagOf(value) === 'Map';
}

/** The class that a value claims to have. */
function tagOf(value: unknown): string {
  try {
    return Object.prototype.toString.call(value).slice('[object '.length, -1);
  } catch {
    return '';
  }
}

/**
 * Passes on the result of a function that must return at once. An async function returns a promise, which is no valid answer, and which nobody awaits: its rejection must
 * not end the process.
 */
export function answerAtOnce<Value>(value: Value): Value {
  if (isThenable(value)) {
    try {
      value.then(undefined, () => undefined);
    } catch {
      // A thenable that throws is no valid answer either.
    }
  }
  return value;
}
