import { describe, it } from 'vitest';
import { MemorySpool } from '../../../src/spooler/memory/memory-spool.ts';
import type { SpoolHarness } from '../../../src/testing/index.ts';
import { ManualClock, spoolConformance } from '../../../src/testing/index.ts';

async function create(unit: number): Promise<SpoolHarness> {
  const clock = new ManualClock();
  const storage = new MemorySpool();
  return {
    storage,
    clock,
    unit,
    advance: (ms) => clock.advance(ms),
    jumpWall: (ms) => clock.setWall(clock.now() + ms),
    reopen: () => storage,
    dispose: () => storage.close(),
  };
}

describe('MemorySpool', () => {
  spoolConformance({ describe, it }, () => create(30_000));
});

describe('MemorySpool, to the millisecond', () => {
  spoolConformance({ describe, it }, () => create(1));
});
