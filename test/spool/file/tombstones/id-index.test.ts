import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IdIndex } from '../../../../src/spool/file/tombstones/id-index.ts';

describe('the index of ids', () => {
  it('finds every place added and not removed, after any history', () => {
    // Few keys, so that parts fill up, wrap around and lose entries in their middle.
    const step = fc.record({
      key: fc.integer({ min: 0, max: 40 }),
      place: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
      adds: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.integer(), fc.array(step, { maxLength: 300 }), (seed, steps) => {
        const index = new IdIndex(seed);
        const kept = new Map<string, number[]>();
        for (const { key, place, adds } of steps) {
          const name = `key ${key}`;
          const places = kept.get(name) ?? [];
          const taken = adds ? undefined : places.pop();
          if (adds) {
            places.push(place);
            index.add(name, place);
          } else if (taken !== undefined) expect(index.remove(name, taken)).toBe(true);
          kept.set(name, places);
        }
        for (const [name, places] of kept) expect(index.places(name)).toEqual(expect.arrayContaining(places));
        expect(index.size).toBe([...kept.values()].flat().length);
      }),
    );
  });

  it('finds all of a hundred thousand with hardly any false hits, and is empty when all were removed', () => {
    const index = new IdIndex(7);
    const ids = Array.from({ length: 100_000 }, (_, at) => `${at}-${(at * 7_919) % 65_536}`);
    for (const [at, id] of ids.entries()) index.add(id, at + 1);
    expect(ids.every((id, at) => index.has(id, at + 1))).toBe(true);
    const wrong = ids.filter((id) => index.places(`no ${id}`).length > 0).length;
    expect(wrong).toBeLessThan(100);
    expect(ids.reduce((places, id) => places + index.places(id).length, 0)).toBeLessThan(ids.length + 100);
    for (const [at, id] of ids.entries()) index.remove(id, at + 1);
    expect([index.size, ids.some((id) => index.places(id).length > 0)]).toEqual([0, false]);
  });

  it('needs almost no memory for a few: every open spool has one', () => {
    const index = new IdIndex(7);
    expect(index.bytes).toBe(0);
    index.add('id', 1);
    expect(index.bytes).toBeLessThan(1_000);
  });

  it('needs less than 14 bytes for the two ids of an entry and its message, so that ten million fit into 200 MB with all else', () => {
    const index = new IdIndex(7);
    for (let at = 0; at < 400_000; at++) index.add(`id ${at}`, at + 1);
    expect(index.bytes / index.size).toBeLessThan(7);
  });
});
