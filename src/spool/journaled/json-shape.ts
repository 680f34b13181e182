import { latestTime, mostCount } from '../state/records.ts';

/**
 * Reads one kind of value out of parsed JSON: whatever lies on disk is hostile until a reader has passed it. An error names the place and the value expected there, never
 * the value found, which may be the text of a message.
 */
export type Reader<Value> = (value: unknown, where: string) => Value;

/** A value has another shape than expected. */
export class ShapeError extends Error {
  constructor(where: string, expected: string) {
    super(`${where} is not ${expected}`);
  }
}

/** A file or value has a format that only a later version of this library knows. It is not damaged: nothing may be set aside or written. */
export class LaterFormat extends Error {
  /** Where it was found. */
  readonly where: string;
  readonly format: number;

  constructor(where: string, format: number) {
    super(`${where} has format ${format}`);
    this.where = where;
    this.format = format;
  }
}

/** Whether a value is the number of a later format than `known`. */
export function isLater(format: unknown, known: number): format is number {
  return typeof format === 'number' && Number.isSafeInteger(format) && format > known;
}

/** Parses JSON; V8's own errors quote the text, so they go no further. */
export function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ShapeError(where, 'JSON');
  }
}

export type Fields = Readonly<Record<string, unknown>>;

export const fields: Reader<Fields> = (value, where) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new ShapeError(where, 'an object');
  return value as Fields;
};

/** Reads one field of an object, if it is its own. */
export function field<Value>(of: Fields, name: string, reader: Reader<Value>, where: string): Value {
  return reader(Object.hasOwn(of, name) ? of[name] : undefined, `${where}.${name}`);
}

/** Reads one field into an object to be spread, which is empty where the field is missing. */
export function optional<Name extends string, Value>(
  of: Fields,
  name: Name,
  reader: Reader<Value>,
  where: string,
): { readonly [Key in Name]?: Value } {
  if (!Object.hasOwn(of, name) || of[name] === undefined) return {};
  return { [name]: reader(of[name], `${where}.${name}`) } as { readonly [Key in Name]?: Value };
}

export const text: Reader<string> = (value, where) => {
  if (typeof value !== 'string') throw new ShapeError(where, 'a string');
  return value;
};

export const word: Reader<string> = (value, where) => {
  if (typeof value !== 'string' || value === '') throw new ShapeError(where, 'a non-empty string');
  return value;
};

export const flag: Reader<boolean> = (value, where) => {
  if (typeof value !== 'boolean') throw new ShapeError(where, 'true or false');
  return value;
};

export const isTrue: Reader<true> = (value, where) => {
  if (value !== true) throw new ShapeError(where, 'true');
  return value;
};

/** A time in ms since 1970: within what a Date can be. */
export const time: Reader<number> = (value, where) => {
  if (typeof value !== 'number' || !(Math.abs(value) <= latestTime)) throw new ShapeError(where, 'a time');
  return value;
};

export const duration: Reader<number> = (value, where) => {
  if (typeof value !== 'number' || !(value >= 0 && value <= latestTime)) throw new ShapeError(where, 'a duration');
  return value;
};

/** A count. */
export const count: Reader<number> = (value, where) => {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > mostCount)
    throw new ShapeError(where, 'a count');
  return value;
};

export function oneOf<const Value extends string | number>(values: readonly Value[]): Reader<Value> {
  return (value, where) => {
    const found = values.find((one) => one === value);
    if (found === undefined) throw new ShapeError(where, `one of ${values.join(', ')}`);
    return found;
  };
}

export function listOf<Value>(reader: Reader<Value>): Reader<readonly Value[]> {
  return (value, where) => {
    if (!Array.isArray(value)) throw new ShapeError(where, 'a list');
    return value.map((item, index) => reader(item, `${where}[${index}]`));
  };
}
