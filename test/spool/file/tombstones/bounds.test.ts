import fc from 'fast-check';
import { expect, it } from 'vitest';
import { timeOrderedId } from '../../../../src/core/text.ts';
import { BlockBounds, comparePlaces, earliestPlace, placeKey } from '../../../../src/spool/file/tombstones/bounds.ts';
import type { ListPlace } from '../../../../src/spool/journaled/journal.ts';
import type { EntryRecord } from '../../../../src/spool/state/records.ts';

const isBefore = (one: ListPlace, other: ListPlace): boolean =>
  one.acceptedAt === other.acceptedAt ? one.id < other.id : one.acceptedAt < other.acceptedAt;
const units = fc.array(fc.constantFrom('\0', 'a', 'b', '\x7f', 'ÿ', 'Ā', '\ud800', '\udc00', '\uffff'), { maxLength: 20 });
const ids = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  units.map((all) => all.join('')),
);
const places = fc.record({ acceptedAt: fc.integer({ min: 0, max: 3 }), id: ids });

it('orders keys like places, and finds the earliest place of a key', () => {
  fc.assert(
    fc.property(places, places, (one, other) => {
      const order = comparePlaces(placeKey(one), placeKey(other));
      if (isBefore(one, other)) expect(order).toBeLessThanOrEqual(0);
      expect(isBefore(one, earliestPlace(placeKey(one)))).toBe(false);
      if (order < 0) expect(isBefore(one, earliestPlace(placeKey(other)))).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});

it('distinguishes our ids created in the same millisecond', () => {
  const keys = Array.from({ length: 1_000 }, () => placeKey({ acceptedAt: 1, id: timeOrderedId(5) }));
  for (const [at, key] of keys.slice(1).entries()) expect(comparePlaces(keys[at] ?? [], key)).toBeLessThan(0);
});

it('covers the needed lines of a block, and starts over when there are none', () => {
  const bounds = new BlockBounds();
  const record = (acceptedAt: number, id: string) => ({ fixed: { acceptedAt, id } }) as EntryRecord;
  bounds.add(2, record(5, 'b'));
  bounds.add(2, record(7, 'a'));
  bounds.add(2, record(5, 'a'));
  expect([bounds.length, bounds.has(0), bounds.has(2), bounds.has(3)]).toEqual([3, false, true, false]);
  expect([earliestPlace(bounds.first(2)), earliestPlace(bounds.last(2))]).toEqual([
    { acceptedAt: 5, id: 'a' },
    { acceptedAt: 7, id: 'a' },
  ]);
  for (let line = 0; line < 3; line++) bounds.remove(2);
  expect(bounds.has(2)).toBe(false);
  bounds.add(2, record(6, 'c'));
  expect(earliestPlace(bounds.first(2))).toEqual({ acceptedAt: 6, id: 'c' });
  expect(bounds.added(2)).toBe(4);
});
