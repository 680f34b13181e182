import fc from 'fast-check';
import { expect, it } from 'vitest';
import { sliceSize, sorting } from '../../src/core/queues.ts';

it('sorts stably like sort(), with interruptions in proportion to the length of the list', () => {
  const item = fc.record({ by: fc.integer({ min: 0, max: 50 }), which: fc.nat() });
  fc.assert(
    fc.property(fc.array(item, { maxLength: 3 * sliceSize, size: 'max' }), (items) => {
      const work = sorting(items, (one, other) => one.by - other.by);
      let interruptions = 0;
      let step = work.next();
      for (; step.done !== true; step = work.next()) interruptions += 1;
      expect(step.value).toEqual([...items].sort((one, other) => one.by - other.by));
      expect(interruptions).toBeGreaterThanOrEqual(Math.floor(items.length / sliceSize));
    }),
    { numRuns: 30 },
  );
});
