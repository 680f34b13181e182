import { describe, it } from 'vitest';
import { MemorySpool } from '../../../src/spool/journaled/memory-spool.ts';
import { ManualClock, type SpoolHarness, spoolConformance } from '../../../src/testing.ts';

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
