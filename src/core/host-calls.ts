import type { Clock } from './clock.ts';
import { systemClock } from './clock.ts';
import { OfflineImError } from './errors/offline-im-error.ts';
import { quoted } from './errors/quote.ts';
import { answerAtOnce, isThenable, property } from './errors/thrown.ts';

/**
 * Calls a function of the host whose result doesn't matter, such as a listener or a logger. Whatever it throws, or its promise of any realm rejects with, goes to
 * `failed` and nowhere else: an unhandled rejection would end the process.
 */
export function tell(call: () => unknown, failed: (error: unknown) => void = () => undefined): void {
  tellOf(call, undefined, failed);
}

/** The same for a function with one argument, without allocating anything per call. */
export function tellOf<T>(call: (value: T) => unknown, value: T, failed: (error: unknown) => void): void {
  try {
    const result = call(value);
    // Wrapped in a promise of our own: a thenable may throw from its `then`, or call back twice.
    if (isThenable(result)) new Promise((resolve) => resolve(result)).then(undefined, failed);
  } catch (error) {
    failed(error);
  }
}

/** Calls `say` the first time only. */
function once<T>(say: (value: T) => void): (value: T) => void {
  let said = false;
  return (value) => {
    if (said) return;
    said = true;
    say(value);
  };
}

/** A host's `random`, which may throw, or return something other than a fraction. The platform's then takes its place, and one warning says so. */
export function checkedRandom(random: () => number, warn: (error: Error) => void): () => number {
  const trouble = once(warn);
  return () => {
    try {
      const value: unknown = answerAtOnce(random());
      if (typeof value === 'number' && value >= 0 && value < 1) return value;
      trouble(wrong('random', value, 'a number from 0 up to, not including, 1'));
    } catch (cause) {
      trouble(failed('random', cause));
    }
    return Math.random();
  };
}

/**
 * A host's clock, which may throw, return something that is not a time, or run backwards. The machine's clock then goes on from its last answer, and one warning says so.
 * Each timer fires once at most, and never after it was cancelled.
 */
export function checkedClock(clock: Clock, warn: (error: Error) => void): Clock {
  if (clock === systemClock) return clock;
  const trouble = once(warn);
  let latest = Number.NEGATIVE_INFINITY;
  /** Its last answers, and when they came by the machine: a single wrong one must not make time jump to that of another clock, which may be years or uptimes away. */
  const known: Partial<Record<'now' | 'monotonic', readonly [value: number, at: number]>> = {};
  const time = (name: 'now' | 'monotonic'): number => {
    try {
      const value: unknown = answerAtOnce(clock[name]());
      if (typeof value === 'number' && Math.abs(value) <= 8.64e15) {
        known[name] = [value, systemClock.monotonic()];
        return value;
      }
      trouble(wrong(`clock.${name}`, value, 'a finite number of ms'));
    } catch (cause) {
      trouble(failed(`clock.${name}`, cause));
    }
    const [value, at] = known[name] ?? [systemClock[name](), systemClock.monotonic()];
    return value + systemClock.monotonic() - at;
  };
  return {
    now: () => time('now'),
    monotonic: () => {
      latest = Math.max(latest, time('monotonic'));
      return latest;
    },
    setTimer(callback, delay) {
      let isOver = false;
      const fire = (): void => {
        if (isOver) return;
        isOver = true;
        callback();
      };
      const cancel = hostTimer(clock, fire, delay, trouble) ?? systemClock.setTimer(fire, delay);
      return () => {
        isOver = true;
        tell(() => cancel());
      };
    },
  };
}

/** What cancels a timer of the host's clock; `undefined` where nobody can tell whether one was set. */
function hostTimer(clock: Clock, fire: () => void, delay: number, trouble: (error: Error) => void): (() => unknown) | undefined {
  try {
    const cancel: unknown = answerAtOnce(clock.setTimer(fire, delay));
    if (typeof cancel === 'function') return () => cancel();
    trouble(wrong('clock.setTimer', cancel, 'a function that cancels the timer'));
  } catch (cause) {
    trouble(failed('clock.setTimer', cause));
  }
  return undefined;
}

/** {@link checkedClock} for code without warnings of its own: they go to the logger, or to the console without one. */
export function loggedClock(
  clock: Clock,
  logger?: { warn(fields: Readonly<Record<string, unknown>>, message?: string): unknown } | undefined,
): Clock {
  return checkedClock(clock, ({ message }) =>
    tell(() => (logger === undefined ? console.warn('offline-im', message) : logger.warn({ event: 'warning' }, message))),
  );
}

function wrong(name: string, found: unknown, expected: string): OfflineImError {
  return new OfflineImError('OPTION_INVALID', `${name}() returned ${quoted(found)}; expected ${expected}.`, {
    details: { option: name },
  });
}

function failed(name: string, cause: unknown): OfflineImError {
  return new OfflineImError('OPTION_INVALID', `${name}() threw.`, { cause, details: { option: name } });
}

/** The number of different complaints that are passed on. */
const mostComplaints = 100;

/** A mistake in a host's code repeats with every call, so each kind of complaint about a function is passed on once, not once per note. */
export class Complaints {
  readonly #warn: (error: unknown) => void;
  readonly #said = new Set<string>();

  constructor(warn: (error: unknown) => void) {
    this.#warn = warn;
  }

  /** Returns whether it was passed on. Complaints that differ only in numbers are of one kind. */
  of(call: string, error: unknown): boolean {
    const message = property(error, 'message');
    const kind = typeof message === 'string' ? message.slice(0, 200).replace(/\d+/g, '#') : typeof message;
    const key = `${call}: ${kind}`;
    if (this.#said.has(key) || this.#said.size >= mostComplaints) return false;
    this.#said.add(key);
    this.#warn(error);
    return true;
  }
}
