import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { hasCode } from '../../../src/core/errors/offline-im-error.ts';
import {
  aggregatedErrors,
  asError,
  isDate,
  isError,
  isThenable,
  isUint8Array,
  property,
} from '../../../src/core/errors/thrown.ts';

/** A value of another realm, as from Jest's sandbox, an iframe or a plug-in. */
const elsewhere = (source: string): unknown => runInNewContext(source);

describe('a value from another realm', () => {
  it('is recognised as an error, with code and message', () => {
    const error = elsewhere(`Object.assign(new RangeError('full'), { code: 'ENOSPC' })`);
    expect(error instanceof Error).toBe(false);
    expect(isError(error)).toBe(true);
    expect(asError(error)).toBe(error);
    expect(property(error, 'code')).toBe('ENOSPC');
    expect(hasCode(elsewhere(`Object.assign(new Error('x'), { code: 'NOT_ATTEMPTED' })`), 'NOT_ATTEMPTED')).toBe(true);
  });

  it('is recognised as an AggregateError with its parts', () => {
    expect(aggregatedErrors(elsewhere(`new AggregateError([new Error('a'), 'b'])`))).toHaveLength(2);
    expect(aggregatedErrors(new Error('no parts'))).toBeUndefined();
    expect(aggregatedErrors({ errors: ['a validation result'] })).toBeUndefined();
  });

  it('is recognised as a promise, bytes or a date', () => {
    expect(isThenable(elsewhere('(async () => 1)()'))).toBe(true);
    expect(isUint8Array(elsewhere('new Uint8Array(32)'))).toBe(true);
    expect(isUint8Array(Buffer.alloc(1))).toBe(true);
    expect(isUint8Array(elsewhere('new Uint16Array(16)'))).toBe(false);
    expect(isUint8Array({ [Symbol.toStringTag]: 'Uint8Array' })).toBe(false);
    expect(isDate(elsewhere('new Date()'))).toBe(true);
  });
});

describe('a thrown value that is not an error', () => {
  it.each([
    ['a string', () => 'boom', 'boom'],
    ['nothing', () => undefined, 'undefined'],
    ['a symbol', () => Symbol('s'), 'Symbol(s)'],
    ['a bare object', () => Object.create(null) as unknown, 'something was thrown that has no text form'],
    [
      'an object whose text throws',
      () => ({
        toString() {
          throw new Error('no text');
        },
      }),
      'something was thrown that has no text form',
    ],
  ])('becomes an error: %s', (_name, thrown, message) => {
    const error = asError(thrown());
    expect(error).toBeInstanceOf(Error);
    expect(error.message).toBe(message);
  });

  it('may be a trap: a throwing getter or proxy is treated as undefined', () => {
    const trap = new Proxy(
      {},
      {
        get() {
          throw new Error('trap');
        },
      },
    );
    expect(property(trap, 'code')).toBeUndefined();
    expect(isError(trap)).toBe(false);
    expect(isThenable(trap)).toBe(false);
    expect(asError(trap)).toBeInstanceOf(Error);
  });
});

it('src never uses instanceof with a built-in, which fails across realms', async () => {
  const root = join(import.meta.dirname, '..', '..', '..', 'src');
  const found: string[] = [];
  for (const file of await readdir(root, { recursive: true })) {
    if (!file.endsWith('.ts') || file === join('core', 'errors', 'thrown.ts')) continue;
    const lines = (await readFile(join(root, file), 'utf8')).split('\n');
    for (const [index, line] of lines.entries()) {
      if (asksForBuiltIn(line)) found.push(`${file}:${index + 1}: use core/errors/thrown.ts: ${line.trim()}`);
    }
  }
  expect(found).toEqual([]);
});

/** Our own classes belong to one realm; globals do not. */
function asksForBuiltIn(line: string): boolean {
  return [...line.matchAll(/instanceof (\w+)/g)].some(([, name = '']) => name in globalThis);
}
