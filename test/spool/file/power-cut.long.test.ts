import { describe, it } from 'vitest';
import { disksOf, runCut, runWhole } from './power-cut.ts';
import { scenarios } from './power-cut-scenarios.ts';

describe('power cut at every step, on every disk', () => {
  it.each(Object.entries(scenarios))('%s', async (name, steps) => {
    const reference = await runWhole(steps);
    for (let cutAt = 0; cutAt <= reference.calls; cutAt++) {
      for (const disk of disksOf(name, cutAt)) await runCut(steps, reference, cutAt, disk);
    }
  });
});
