import { describe, expect, it } from 'vitest';
import { joined, PartMap } from '../../src/core/joined.ts';

describe('a value derived from the parts of a list', () => {
  const long = ['a', 'b'];

  it('is created once for a part that recurs, also in another list', () => {
    const asked: (readonly string[])[] = [];
    const upper = new PartMap((part) => {
      asked.push(part);
      return part.map((name) => name.toUpperCase());
    });
    const [first] = upper.of(long);
    expect(upper.of(joined([long, ['c']]))).toEqual([['A', 'B'], ['C']]);
    expect(upper.of(joined([long, ['d']]))[0]).toBe(first);
    expect(asked).toEqual([long, ['c'], ['d']]);
  });

  it('is created again after it was forgotten', () => {
    let made = 0;
    const counted = new PartMap(() => ++made);
    counted.of(long);
    counted.forget(long);
    expect(counted.of(long)).toEqual([2]);
  });
});
