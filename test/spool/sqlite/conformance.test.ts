import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import { SqliteSpool } from '../../../src/sqlite.ts';
import { ManualClock, type SpoolHarness, spoolConformance } from '../../../src/testing.ts';

async function create(unit: number): Promise<SpoolHarness> {
  const folder = await mkdtemp(join(tmpdir(), 'offline-im-sqlite-'));
  const clock = new ManualClock();
  const path = join(folder, 'spool.db');
  let storage = new SqliteSpool({ path });
  return {
    storage,
    clock,
    unit,
    advance: (ms) => clock.advance(ms),
    jumpWall: (ms) => clock.setWall(clock.now() + ms),
    reopen() {
      storage = new SqliteSpool({ path });
      return storage;
    },
    async dispose() {
      await storage.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

describe('SqliteSpool', () => {
  spoolConformance({ describe, it }, () => create(30_000));
});

describe('SqliteSpool, to the millisecond', () => {
  spoolConformance({ describe, it }, () => create(1));
});
