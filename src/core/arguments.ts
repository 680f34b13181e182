import { isArray } from './errors/thrown.ts';
import { type OptionRule, optional, rule } from './options.ts';

/** One rule per argument of a method, by name and in order. */
type ArgumentRules = Readonly<Record<string, OptionRule<unknown>>>;

/** The arguments of a method, and whether invalid ones make it throw or reject. */
export interface CheckedMethod {
  readonly refuses: 'rejects' | 'throws';
  readonly takes: ArgumentRules;
}

const checked = new WeakSet<object>();

/**
 * Adds a check of the arguments to methods of a class, so that callers in plain JavaScript get a sentence that says what is missing, instead of a TypeError that names
 * a variable of ours. Methods that the class doesn't have are skipped.
 *
 * Constructors call it, and it acts once. Called beside the class, it would be a side effect of the module, and bundlers would keep classes that nobody uses.
 *
 * @param owner As errors name it: `spool` gives "spool.append(): entries is missing; expected …", code `OPTION_INVALID`.
 */
export function checkArguments(prototype: object, owner: string, methods: Readonly<Record<string, CheckedMethod>>): void {
  if (checked.has(prototype)) return;
  checked.add(prototype);
  for (const [name, { refuses, takes }] of Object.entries(methods)) {
    const method: unknown = Object.getOwnPropertyDescriptor(prototype, name)?.value;
    if (typeof method !== 'function') continue;
    // Some of these methods are called for every item, so nothing is allocated per call.
    const rules = Object.entries(takes).map(([argument, { read }]) => ({
      read,
      path: { owner: `${owner}.${name}()`, name: argument },
    }));
    const inFront = {
      [name](this: unknown, ...given: unknown[]): unknown {
        try {
          let index = 0;
          for (const { read, path } of rules) read(given[index++], path);
        } catch (error) {
          if (refuses === 'rejects') return Promise.reject(error);
          throw error;
        }
        return Reflect.apply(method, this, given);
      },
    };
    Object.defineProperty(prototype, name, { value: inFront[name], writable: true, configurable: true });
  }
}

/** A list whose items have at least these fields, of these kinds; nothing else is checked. */
export function listWith(
  expected: string,
  fields: Readonly<Record<string, 'string' | 'number' | 'object'>>,
): OptionRule<unknown> {
  const fits = objectFits(fields);
  return rule(expected, (value) => isArray(value) && value.every(fits));
}

/** An object with at least these fields, of these kinds. */
export function objectWith(
  expected: string,
  fields: Readonly<Record<string, 'string' | 'number' | 'boolean' | 'object' | 'function'>>,
): OptionRule<unknown> {
  return rule(expected, objectFits(fields));
}

/** An object or nothing. */
export function maybeObject(expected: string): OptionRule<unknown> {
  return optional(objectWith(expected, {}));
}

export function strings(expected: string): OptionRule<unknown> {
  return rule(expected, (value) => isArray(value) && value.every((item) => typeof item === 'string'));
}

export function anyString(expected: string): OptionRule<unknown> {
  return rule(expected, (value) => typeof value === 'string');
}

function objectFits(fields: Readonly<Record<string, string>>): (value: unknown) => boolean {
  const entries = Object.entries(fields);
  return (value) => {
    if (typeof value !== 'object' || value === null) return false;
    try {
      return entries.every(([name, kind]) => {
        const field: unknown = Reflect.get(value, name);
        return typeof field === kind && field !== null;
      });
    } catch {
      return false; // a getter threw
    }
  };
}

/** Checks one argument of a function. @throws {OfflineImError} `OPTION_INVALID` */
export function checkArgument(owner: string, name: string, value: unknown, { read }: OptionRule<unknown>): void {
  read(value, { owner, name });
}
