import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SpoolStorage } from '../../src/spool/contract.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';
import type { SpoolHarness } from '../../src/testing/spool-conformance/harness.ts';

/** Creates harnesses of a spool in a folder of its own. */
export function onDisk(make: (folder: string) => SpoolStorage, unit = 30_000): () => Promise<SpoolHarness> {
  return async () => {
    const clock = new ManualClock();
    const folder = await mkdtemp(join(tmpdir(), 'offline-im-spool-'));
    let storage = make(folder);
    return {
      storage,
      clock,
      unit,
      advance: (ms) => clock.advance(ms),
      jumpWall: (ms) => clock.setWall(clock.now() + ms),
      reopen() {
        storage = make(folder);
        return storage;
      },
      async dispose() {
        await storage.close();
        await rm(folder, { recursive: true, force: true });
      },
    };
  };
}
