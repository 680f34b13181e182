import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  abortSignal,
  byDefault,
  callback,
  flag,
  group,
  having,
  listOf,
  milliseconds,
  nearestName,
  oneOf,
  optional,
  readOptions,
  secret,
  text,
  whole,
} from '../../src/core/options.ts';

const rules = {
  size: byDefault(whole(1, 10), 3),
  retry: group({ initialDelay: byDefault(milliseconds(1, 1_000), 5), mode: byDefault(oneOf(['dead', 'resend']), 'dead') }),
  name: optional(text('a name')),
  password: optional(secret('a string without spaces', (value) => !value.includes(' '))),
  clock: optional(having<{ now(): number }>('a clock', ['now'])),
  signal: optional(abortSignal()),
  on: byDefault(flag(), false),
  hook: optional(callback()),
  list: optional(listOf(whole(0, 5), 'numbers')),
};
const read = (given: unknown) => readOptions('Thing', given, rules);
const refusal = (given: unknown): { code?: string; message: string; option?: unknown } => {
  try {
    read(given);
  } catch (error) {
    const { code, message, details } = error as { code?: string; message: string; details?: Record<string, unknown> };
    return { ...(code === undefined ? {} : { code }), message, option: details?.option };
  }
  throw new Error('nothing was refused');
};

const thrower = (): never => {
  throw new Error('no');
};

describe('options', () => {
  it('use defaults for anything left out or undefined, in groups too', () => {
    const complete = { size: 3, retry: { initialDelay: 5, mode: 'dead' }, on: false };
    expect(read({})).toEqual(complete);
    expect(read({ size: undefined, retry: undefined, unknownButUndefined: undefined })).toEqual(complete);
    expect(read({ retry: { mode: 'resend', initialDelay: undefined } })).toEqual({
      ...complete,
      retry: { initialDelay: 5, mode: 'resend' },
    });
  });

  it.each([
    [{ size: 2.5 }, 'size', 'Thing: size is the number 2.5; expected a whole number from 1 to 10.'],
    [{ size: Number.NaN }, 'size', 'Thing: size is the number NaN; expected a whole number from 1 to 10.'],
    [{ size: Symbol('s') }, 'size', 'Thing: size is a symbol; expected a whole number from 1 to 10.'],
    [{ size: null }, 'size', 'Thing: size is null; expected a whole number from 1 to 10.'],
    [{ retry: 5 }, 'retry', 'Thing: retry is the number 5; expected { initialDelay, mode }.'],
    [{ retry: null }, 'retry', 'Thing: retry is null; expected { initialDelay, mode }.'],
    [{ retry: [] }, 'retry', 'Thing: retry is an array; expected { initialDelay, mode }.'],
    [{ retry: { mode: 'x' } }, 'retry.mode', `Thing: retry.mode is "x"; expected 'dead' or 'resend'.`],
    [{ list: [1, 9] }, 'list[1]', 'Thing: list[1] is the number 9; expected a whole number from 0 to 5.'],
    [{ clock: {} }, 'clock', 'Thing: clock is an object; expected a clock.'],
    [{ signal: null }, 'signal', 'Thing: signal is null; expected an AbortSignal.'],
  ])('reject an invalid value with a sentence: %#', (given, option, message) => {
    expect(refusal(given)).toEqual({ code: 'OPTION_INVALID', message, option });
  });

  it('reject an incomplete AbortSignal: its methods are called later, in the middle of the work', () => {
    const { signal } = new AbortController();
    const methods = ['throwIfAborted', 'addEventListener', 'removeEventListener'] as const;
    const whole = { aborted: false, ...Object.fromEntries(methods.map((name) => [name, () => undefined])) };
    for (const good of [signal, whole, runInNewContext('Object.assign(Object.create(null), whole)', { whole })]) {
      expect(read({ signal: good })).toMatchObject({ signal: good });
    }
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const without = [...methods, 'aborted'].map((name) => ({ ...whole, [name]: undefined }));
    const throwing = [...methods, 'aborted'].map((name) => Object.defineProperty({ ...whole }, name, { get: thrower }));
    for (const bad of [...without, ...throwing, proxy, new AbortController(), {}, 5, 'signal', () => undefined]) {
      expect(refusal({ signal: bad })).toMatchObject({ code: 'OPTION_INVALID', option: 'signal' });
    }
  });

  it.each([
    ['sise', 'size'],
    ['retry.maxDelay', 'retry'],
    ['initialdelay', 'retry.initialDelay'],
    ['retryInitialDelay', 'retry.initialDelay'],
    ['__proto__x', 'size'],
    ['constructor', 'on'],
    ['toString', 'list'],
  ])('reject the name %s and suggest a known one', (name) => {
    const { code, message } = refusal({ [name]: 1 });
    expect(code).toBe('OPTION_INVALID');
    expect(message).toContain(`"${name}" is not an option; the nearest one is `);
  });

  it('suggest the nearest option, ignoring case and groups', () => {
    const names = [
      'pollInterval',
      'probe',
      'probe.grace',
      'lease',
      'lease.renewEvery',
      'retry',
      'retry.maxServerBackOff',
      'idRetention',
    ];
    expect(nearestName('pollinterval', names)).toBe('pollInterval');
    expect(nearestName('scanInterval', names)).toBe('pollInterval');
    expect(nearestName('probeGrace', names)).toBe('probe.grace');
    expect(nearestName('renewEvery', names)).toBe('lease.renewEvery');
    expect(nearestName('maxServerBackoff', names)).toBe('retry.maxServerBackOff');
  });

  it('suggest the nearest option within a group', () => {
    expect(refusal({ retry: { intialDelay: 5 } }).message).toBe(
      'Thing: "retry.intialDelay" is not an option; the nearest one is retry.initialDelay.',
    );
  });

  it('never repeat a secret', () => {
    expect(refusal({ password: 'my secret' }).message).not.toContain('my secret');
  });

  it('report a getter that throws', () => {
    const given = Object.defineProperty({}, 'size', {
      enumerable: true,
      get: () => {
        throw new Error('no');
      },
    });
    expect(refusal(given)).toMatchObject({ code: 'OPTION_INVALID', option: 'size' });
  });

  it('pass on an object with methods unchanged, including its prototype', () => {
    class Clock {
      now = (): number => 1;
    }
    const clock = new Clock();
    expect(read({ clock }).clock).toBe(clock);
  });

  it('result in a value or in OPTION_INVALID for any input', () => {
    const name = fc.oneof(fc.constantFrom(...Object.keys(rules)), fc.string());
    fc.assert(
      fc.property(
        fc.oneof(fc.anything(), fc.dictionary(name, fc.anything({ withBigInt: true, withNullPrototype: true }))),
        (given) => {
          try {
            read(given);
          } catch (error) {
            expect(error).toMatchObject({ name: 'OfflineImError', code: 'OPTION_INVALID' });
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
