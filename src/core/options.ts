import type { Clock } from './clock.ts';
import { OfflineImError } from './errors/offline-im-error.ts';
import { cutAt, quoted } from './errors/quote.ts';
import { isArray, property } from './errors/thrown.ts';

/** Reads one option, which is required; wrap the rule in {@link optional} or {@link byDefault} if it may be left out. */
export interface OptionRule<T> {
  /** What is valid, in the words that follow "expected" in an error. */
  readonly expected: string;
  /** Returns the value to use, or throws `OPTION_INVALID`. `path` names the option in the error: `EwsTransport: retry.maxDelay`. */
  read(value: unknown, path: OptionPath): T;
  /** The names of the options in a {@link group}. */
  readonly names?: readonly string[];
}

/** The owner and the name of an option. */
export interface OptionPath {
  readonly owner: string;
  readonly name: string;
}

/** One rule per name of an options object. */
export type OptionRules = Readonly<Record<string, OptionRule<unknown>>>;

/** Write `{ … } satisfies RulesFor<Options>`: the compiler then reports every name that is missing in either. */
export type RulesFor<Options extends object> = { readonly [Name in keyof Options]-?: OptionRule<unknown> };

/** What {@link readOptions} returns. */
export type ReadOptions<Rules extends OptionRules> = {
  readonly [Name in keyof Rules]: Rules[Name] extends OptionRule<infer T> ? T : never;
};

/**
 * Reads an options object by its rules. It reads every option once; `undefined` counts as left out; an unknown name is an error that suggests the nearest known one.
 *
 * @param owner Whose options they are, as errors name it: `EwsTransport`, `sender.stop()`.
 * @throws {OfflineImError} `OPTION_INVALID`; `details.option` is the path (`retry.maxDelay`)
 */
export function readOptions<Rules extends OptionRules>(owner: string, given: unknown, rules: Rules): ReadOptions<Rules> {
  return readGroup(given, { owner, name: '' }, rules);
}

/** The error for an invalid option. Pass `shown` in place of a value that an error must not repeat. */
export function invalidOption(path: OptionPath, value: unknown, expected: string, shown = quoted(value)): OfflineImError {
  const found = value === undefined ? 'is missing' : `is ${shown}`;
  return new OfflineImError('OPTION_INVALID', `${label(path)} ${found}; expected ${expected}.`, {
    details: { option: path.name },
  });
}

/** The option may be left out, and is then `undefined`. */
export function optional<T>(rule: OptionRule<T>): OptionRule<T | undefined> {
  return { ...rule, read: (value, path) => (value === undefined ? undefined : rule.read(value, path)) };
}

/** The option may be left out, and is then `value`. */
export function byDefault<T, D extends T>(rule: OptionRule<T>, value: D): OptionRule<T> {
  return { ...rule, read: (given, path) => (given === undefined ? value : rule.read(given, path)) };
}

/** An options object within another. If it is left out, so is each of its options. */
export function group<Rules extends OptionRules>(rules: Rules): OptionRule<ReadOptions<Rules>> {
  return {
    expected: `{ ${Object.keys(rules).join(', ')} }`,
    names: namesOf(rules),
    read: (value, path) => readGroup(value ?? (value === undefined ? {} : value), path, rules),
  };
}

/** A whole number. `unit` follows the limits in errors. */
export function whole(least: number, most: number, unit = ''): OptionRule<number> {
  const expected = `a whole number from ${least} to ${most}${unit}`;
  return rule(expected, (value): value is number => Number.isInteger(value) && inRange(value as number, least, most));
}

/** A duration in whole ms. */
export function milliseconds(least: number, most: number): OptionRule<number> {
  return whole(least, most, ' ms');
}

export function oneOf<const T extends string>(values: readonly T[]): OptionRule<T> {
  const expected = values.map((value) => `'${value}'`).join(' or ');
  return rule(expected, (value): value is T => (values as readonly unknown[]).includes(value));
}

export function flag(): OptionRule<boolean> {
  return rule('true or false', (value) => typeof value === 'boolean');
}

export function callback<F extends (...args: never[]) => unknown>(expected = 'a function'): OptionRule<F> {
  return rule(expected, (value): value is F => typeof value === 'function');
}

/** A value, or a function that returns it. */
export function orFunction<T>(value: OptionRule<T>): OptionRule<T> {
  return {
    ...value,
    expected: `${value.expected} or a function`,
    read: (given, path) => (typeof given === 'function' ? (given as T) : value.read(given, path)),
  };
}

/** A string that passes a test. */
export function text(expected: string, fits: (value: string) => boolean = (value) => value !== ''): OptionRule<string> {
  return rule(expected, (value): value is string => typeof value === 'string' && fits(value));
}

/** A string that errors never repeat. */
export function secret(expected: string, fits: (value: string) => boolean): OptionRule<string> {
  const plain = text(expected, fits);
  return {
    expected,
    read(value, path) {
      if (typeof value === 'string' && !fits(value)) throw invalidOption(path, value, expected, 'a string that does not fit');
      return plain.read(value, path);
    },
  };
}

/** A path of the file system. */
export function filePath(expected: string): OptionRule<string> {
  return text(expected, (value) => value !== '' && !value.includes('\0'));
}

/** An object or function with these methods, such as a clock, a spool or a transport. It is passed on as it is. */
export function having<T extends object>(expected: string, methods: readonly (keyof T & string)[]): OptionRule<T> {
  return rule(expected, (value): value is T => hasMethods(value, methods));
}

/** The option `clock`. */
export function clockRule(): OptionRule<Clock> {
  return having<Clock>('an object with now, monotonic and setTimer', ['now', 'monotonic', 'setTimer']);
}

/** Whether a value of any realm has all of these methods; a getter that throws counts as missing. */
export function hasMethods(value: unknown, methods: readonly string[]): boolean {
  return isObject(value) && methods.every((name) => typeof property(value, name) === 'function');
}

/** An AbortSignal of any realm, with every method that is used: one without would fail in the middle of the work it bounds. */
export function abortSignal(): OptionRule<AbortSignal> {
  return rule('an AbortSignal', isAbortSignal);
}

/** The same check for a signal among other arguments. */
export function isAbortSignal(value: unknown): value is AbortSignal {
  return hasMethods(value, signalMethods) && typeof property(value, 'aborted') === 'boolean';
}

const signalMethods = ['throwIfAborted', 'addEventListener', 'removeEventListener'];

/** An array whose items are read by a rule. */
export function listOf<T>(item: OptionRule<T>, expected: string): OptionRule<readonly T[]> {
  return {
    expected,
    read(value, path) {
      if (!isArray(value)) throw invalidOption(path, value, expected);
      const items = readable(path, () => [...value]);
      return items.map((one, index) => item.read(one, { ...path, name: `${path.name}[${index}]` }));
    },
  };
}

/** Any value that passes the test; one that throws when it is examined doesn't. */
export function rule<T>(expected: string, fits: (value: unknown) => value is T): OptionRule<T>;
export function rule<T>(expected: string, fits: (value: unknown) => boolean): OptionRule<T>;
export function rule<T>(expected: string, fits: (value: unknown) => boolean): OptionRule<T> {
  return {
    expected,
    read(value, path) {
      if (value === undefined || !passes(fits, value)) throw invalidOption(path, value, expected);
      return value as T;
    },
  };
}

function passes(fits: (value: unknown) => boolean, value: unknown): boolean {
  try {
    return fits(value);
  } catch {
    return false; // a proxy whose traps throw
  }
}

/** Any value; code that knows more about it checks it elsewhere. */
export function unchecked<T>(): OptionRule<T> {
  return { expected: 'a value', read: (value) => value as T };
}

function readGroup<Rules extends OptionRules>(given: unknown, at: OptionPath, rules: Rules): ReadOptions<Rules> {
  if (!isObject(given) || typeof given === 'function' || isArray(given)) {
    throw invalidOption(planOf(rules, at).itself, given, `{ ${Object.keys(rules).join(', ')} }`);
  }
  const { itself, options, pathTo } = planOf(rules, at);
  for (const name of readable(itself, () => Object.keys(given))) {
    if (Object.hasOwn(rules, name) || readAt(given, name, pathTo(name)) === undefined) continue;
    throw unknownOption(pathTo(cutAt(name, 64)), namesOf(rules), at.name);
  }
  const values: Record<string, unknown> = {};
  for (const { name, path, read } of options) values[name] = read(readAt(given, name, path), path);
  return values as ReadOptions<Rules>;
}

/** How a group of options is read. */
interface Plan {
  readonly at: OptionPath;
  readonly itself: OptionPath;
  readonly options: readonly { readonly name: string; readonly path: OptionPath; readonly read: OptionRule<unknown>['read'] }[];
  pathTo(name: string): OptionPath;
}

const plans = new WeakMap<OptionRules, Plan>();

/** Kept for whoever asked last: of what every `send()` reads, nothing is made anew. */
function planOf(rules: OptionRules, at: OptionPath): Plan {
  const known = plans.get(rules);
  if (known !== undefined && known.at.owner === at.owner && known.at.name === at.name) return known;
  const pathTo = (name: string): OptionPath => ({ ...at, name: at.name === '' ? name : `${at.name}.${name}` });
  const options = Object.entries(rules).map(([name, { read }]) => ({ name, path: pathTo(name), read }));
  const plan = { at, itself: at.name === '' ? pathTo('options') : at, options, pathTo };
  plans.set(rules, plan);
  return plan;
}

function readAt(given: object, name: string, path: OptionPath): unknown {
  return readable(path, () => (given as Readonly<Record<string, unknown>>)[name]);
}

/** Reads from a caller's object, which may have getters and traps. */
function readable<Value>(path: OptionPath, look: () => Value): Value {
  try {
    return look();
  } catch (cause) {
    throw new OfflineImError('OPTION_INVALID', `${label(path)} can't be read: its getter threw.`, {
      cause,
      details: { option: path.name },
    });
  }
}

function unknownOption(path: OptionPath, names: readonly string[], group: string): OfflineImError {
  const nearest = nearestName(path.name.slice(group === '' ? 0 : group.length + 1), names);
  const known = group === '' ? nearest : `${group}.${nearest}`;
  const text = `${path.owner}: ${quoted(path.name)} is not an option; the nearest one is ${known}.`;
  return new OfflineImError('OPTION_INVALID', text, { details: { option: path.name, nearest: known } });
}

/** The known name that takes the fewest edits, ignoring case and groups: `probeGrace` is nearest to `probe.grace`. */
export function nearestName(name: string, names: readonly string[]): string {
  const wanted = plain(name);
  const distance = (known: string): number =>
    Math.min(
      edits(wanted, plain(known)),
      edits(wanted, plain(known.slice(known.lastIndexOf('.') + 1))) + (known.includes('.') ? 0.5 : 0),
    );
  return names.reduce((best, known) => (distance(known) < distance(best) ? known : best), names[0] ?? '');
}

/** The nearest name if it may have been meant: at most one edit per three letters, or the beginning of a name; else `undefined`. */
export function closeName(name: string, names: readonly string[]): string | undefined {
  const nearest = nearestName(name, names);
  const [wanted, known] = [plain(name), plain(nearest)];
  if (wanted !== '' && edits(wanted, known) <= Math.max(1, Math.floor(Math.min(wanted.length, known.length) / 3))) return nearest;
  const begun = wanted.length < 3 ? [] : names.filter((one) => plain(one).startsWith(wanted));
  return begun.length === 1 ? begun[0] : undefined;
}

function plain(name: string): string {
  return name.replaceAll('.', '').toLowerCase();
}

/** Levenshtein's distance, one row at a time. */
function edits(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}

function namesOf(rules: OptionRules): readonly string[] {
  return Object.entries(rules).flatMap(([name, { names }]) => [name, ...(names ?? []).map((inner) => `${name}.${inner}`)]);
}

function label({ owner, name }: OptionPath): string {
  return `${owner}: ${name}`;
}

function inRange(value: number, least: number, most: number): boolean {
  return value >= least && value <= most;
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}
