import { describe, it } from 'vitest';
import { disksOf, runCut, runWhole } from './power-cut.ts';
import { scenarios } from './power-cut-scenarios.ts';

// At each step one of the ways in which a disk forgets, in turn: power-cut.long.test.ts has all of them at each.
describe('power cut at every step', () => {
  it.each(Object.entries(scenarios))('%s', async (name, steps) => {
    const reference = await runWhole(steps);
    for (let cutAt = 0; cutAt <= reference.calls; cutAt++) {
      const disks = disksOf(name, cutAt);
      await runCut(steps, reference, cutAt, disks[cutAt % disks.length]);
    }
  });
});
