import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutAt, quoted } from '../../../src/core/errors/quote.ts';
import { codePoint } from '../../support/code-points.ts';

describe('quoted', () => {
  it('shows any string on one line, well-formed, and hardly longer than the limit', () => {
    fc.assert(
      fc.property(fc.string({ unit: codePoint, maxLength: 300 }), (text) => {
        const shown = quoted(text);
        expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
        expect(shown.length).toBeLessThan(610);
        if (text.length <= 100) expect(JSON.parse(shown)).toBe(text);
      }),
    );
  });

  it('names the type of any other value without running its code', () => {
    const trap = { toString: () => expect.unreachable(), toJSON: () => expect.unreachable() };
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    const values = [trap, revoked.proxy, [1], null, undefined, 5, true, () => 1, Symbol('s'), 5n];
    expect(values.map(quoted)).toEqual([
      'an object',
      'an object',
      'an array',
      'null',
      'undefined',
      'the number 5',
      'the boolean true',
      'a function',
      'a symbol',
      'a bigint',
    ]);
  });
});

describe('cutAt', () => {
  it('never splits a surrogate pair', () => {
    expect(cutAt('a😀b', 2)).toBe('a');
    expect(cutAt('a😀b', 3)).toBe('a😀');
    expect(cutAt('ab', 5)).toBe('ab');
  });
});
