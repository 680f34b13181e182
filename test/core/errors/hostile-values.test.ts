/** Values that a host throws or passes may throw when inspected: inspecting them never does. */
import { describe, expect, it } from 'vitest';
import { OfflineImError } from '../../../src/core/errors/offline-im-error.ts';
import { quoted } from '../../../src/core/errors/quote.ts';
import {
  aggregatedErrors,
  asError,
  isA,
  isArray,
  isDate,
  isError,
  isMap,
  isThenable,
  isUint8Array,
} from '../../../src/core/errors/thrown.ts';
import { checkedRandom, tell } from '../../../src/core/host-calls.ts';
import { abortSignal, callback, flag, group, listOf, optional, readOptions, whole } from '../../../src/core/options.ts';
import {
  bareCause,
  connectionCode,
  handshakeRefused,
  nothingWritten,
  proxyStatus,
} from '../../../src/transport/connection-errors.ts';
import { hostileValues } from '../../support/hostile-values.ts';

class Derived extends OfflineImError {}

const looks: Readonly<Record<string, (value: unknown) => unknown>> = {
  'instanceof OfflineImError': (value) => value instanceof OfflineImError,
  'instanceof a class of it': (value) => value instanceof Derived,
  isA: (value) => isA(value, Error),
  isArray,
  isError,
  asError,
  aggregatedErrors,
  isThenable,
  isUint8Array,
  isDate,
  isMap,
  quoted,
  tell: (value) => {
    tell(() => value);
    tell(() => {
      throw value;
    });
  },
  random: (value) =>
    [() => value, () => Promise.reject(value)].map((random) => checkedRandom(random as () => number, () => undefined)()),
  cause: (cause) => new OfflineImError('OPTION_INVALID', 'x', { cause }),
  nothingWritten,
  handshakeRefused,
  connectionCode,
  proxyStatus,
  bareCause,
};

describe.each(Object.keys(hostileValues))('%s', (name) => {
  const make = hostileValues[name] as () => unknown;

  it.each(Object.keys(looks))('can be inspected by %s without harm', (look) => {
    expect(() => looks[look]?.(make())).not.toThrow();
  });

  it('is refused as options, and as any single option, in a sentence', () => {
    const rules = [flag(), whole(1, 2), callback(), abortSignal(), listOf(flag(), 'flags'), group({ inner: optional(flag()) })];
    const refusals = [
      () => readOptions('Thing', make(), { a: optional(flag()) }),
      ...rules.map((a) => () => readOptions('Thing', { a: make() }, { a })),
    ].map((call) => {
      try {
        return String(typeof call());
      } catch (error) {
        return (error as OfflineImError).code;
      }
    });
    // A frozen error or an empty object has no unknown option to name.
    expect(refusals.every((said) => said === 'OPTION_INVALID' || said === 'object' || said === 'function')).toBe(true);
    expect(refusals).toContain('OPTION_INVALID');
  });
});

it('instanceof OfflineImError works for the class and its subclasses', () => {
  const error = new OfflineImError('OPTION_INVALID', 'x');
  const derived = new Derived('OPTION_INVALID', 'x');
  expect([error instanceof OfflineImError, derived instanceof OfflineImError, derived instanceof Derived]).toEqual([
    true,
    true,
    true,
  ]);
  expect([error instanceof Derived, new Error('x') instanceof OfflineImError, isA(undefined, OfflineImError)]).toEqual([
    false,
    false,
    false,
  ]);
});
