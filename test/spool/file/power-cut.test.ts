import { describe, it } from 'vitest';
import { disksOf, runCut, runWhole } from './power-cut.ts';
import { scenarios } from './power-cut-scenarios.ts';

/** Every n-th step; each scenario starts with a different one, since most have the same first steps. */
const every = 3;

// At each of these steps one kind of data loss, in turn: power-cut.long.test.ts has all of them at every step.
describe('power cut at a third of the steps', () => {
  it.each(Object.entries(scenarios).map(([name, steps], index) => [name, steps, index % every] as const))(
    '%s',
    async (name, steps, first) => {
      const reference = await runWhole(steps);
      for (let cutAt = first; cutAt <= reference.calls; cutAt += every) {
        const disks = disksOf(name, cutAt);
        await runCut(steps, reference, cutAt, disks[((cutAt - first) / every) % disks.length]);
      }
    },
  );
});
