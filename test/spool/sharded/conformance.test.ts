import { describe, it } from 'vitest';
import { sharded } from '../../../src/index.ts';
import { MemorySpool } from '../../../src/spool/journaled/memory-spool.ts';
import { ManualClock, type SpoolHarness, spoolConformance } from '../../../src/testing.ts';

/** Nothing is left out: by its contract, a sharded spool cannot be distinguished from a single one. Databases are tested in postgres.long.test.ts. */
async function create(names: readonly string[]): Promise<SpoolHarness> {
  const clock = new ManualClock();
  const spools = Object.fromEntries(names.map((name) => [name, new MemorySpool()]));
  let storage = sharded(spools);
  return {
    storage,
    clock,
    unit: 30_000,
    advance: (ms) => clock.advance(ms),
    jumpWall: (ms) => clock.setWall(clock.now() + ms),
    reopen() {
      storage = sharded(spools);
      return storage;
    },
    dispose: () => storage.close(),
  };
}

describe.each([
  ['three', ['a', 'b', 'c']],
  ['two', ['a', 'b']],
])('%s MemorySpools, sharded', (_count, names) => {
  spoolConformance({ describe, it }, () => create(names));
});
