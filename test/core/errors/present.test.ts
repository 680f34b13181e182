import { expect, it } from 'vitest';
import { firstOf, present } from '../../../src/core/errors/present.ts';

it('hands over what is there, whatever it is', () => {
  expect([present('', 'x'), present(0, 'x'), present(null, 'x'), firstOf(['a', 'b'], 'x')]).toEqual(['', 0, null, 'a']);
});

it('fails loudly, and names what is missing, instead of going on with an empty id', () => {
  const missing = { code: 'INTERNAL_ERROR', message: expect.stringContaining('The first member of a note is missing') };
  expect(() => present(undefined, 'The first member of a note')).toThrow(expect.objectContaining(missing));
  expect(() => firstOf([], 'The first member of a note')).toThrow(expect.objectContaining(missing));
});
