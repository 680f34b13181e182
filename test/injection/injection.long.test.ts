import { expect, it } from 'vitest';
import { inject } from './process.ts';

/**
 * Each run waits for pickups, leases and probes in real time; all places of a scene take a quarter of an hour: `node
 * test/injection/child.ts '<scene>'`. Run one after the other, they would be the last to end.
 */
it.concurrent.each([
  ['memory', 'ews', 1],
  ['file', 'graph', 6],
  ['sqlite', 'ntlm', 6],
  ['sealed', 'dispatcher', 6],
  ['sharded', 'ews', 16],
  ['memory', 'relay', 2],
] as const)(
  'a call that fails or reports an error beneath %s and %s ends no process, and loses or duplicates nothing (every place, or every %i-th)',
  async (storage, carrier, every) => {
    const { tried, complaints } = await inject({ storage, carrier, every, offset: every - 1, errands: true });
    expect(complaints).toEqual([]);
    expect(tried).toBeGreaterThan(10);
  },
);
