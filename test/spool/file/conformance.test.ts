import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import { FileSpool } from '../../../src/spool/file/file-spool.ts';
import { ManualClock, type SpoolHarness, spoolConformance } from '../../../src/testing.ts';

async function create(): Promise<SpoolHarness> {
  const clock = new ManualClock();
  const root = await mkdtemp(join(tmpdir(), 'offline-im-'));
  let storage = new FileSpool({ root });
  return {
    storage,
    clock,
    unit: 30_000,
    advance: (ms) => clock.advance(ms),
    jumpWall: (ms) => clock.setWall(clock.now() + ms),
    reopen: () => {
      storage = new FileSpool({ root });
      return storage;
    },
    async dispose() {
      await storage.close();
      await rm(root, { recursive: true });
    },
  };
}

describe('FileSpool', () => {
  spoolConformance({ describe, it }, create);
});
