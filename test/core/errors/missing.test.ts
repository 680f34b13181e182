import { expect, it } from 'vitest';
import { missing } from '../../../src/core/errors/missing.ts';

it('fails loudly and names the missing value instead of continuing with an empty id', () => {
  const members: readonly string[] = [];
  expect(() => members[0] ?? missing('The first member of a note')).toThrow(
    expect.objectContaining({
      code: 'INTERNAL_ERROR',
      message: expect.stringContaining('The first member of a note is missing'),
    }),
  );
});
