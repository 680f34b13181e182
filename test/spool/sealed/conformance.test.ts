import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import type { SpoolStorage } from '../../../src/spool/contract.ts';
import { FileSpool } from '../../../src/spool/file/file-spool.ts';
import { MemorySpool } from '../../../src/spool/journaled/memory-spool.ts';
import { sealed } from '../../../src/spool/sealed/sealed-spool.ts';
import { SqliteSpool } from '../../../src/sqlite.ts';
import { ManualClock, type SpoolHarness, spoolConformance } from '../../../src/testing.ts';
import { newKey } from './support.ts';

/** Over memory and files nothing is left out: through the contract, a sealed spool can't be told from the one below it. */
function creator(make: (folder: string) => SpoolStorage, unit = 30_000) {
  return async (): Promise<SpoolHarness> => {
    const clock = new ManualClock();
    const folder = await mkdtemp(join(tmpdir(), 'offline-im-sealed-'));
    const options = { keys: [{ id: 'k1', key: newKey() }], routingKey: newKey() };
    let storage = sealed(make(folder), options);
    return {
      storage,
      clock,
      unit,
      advance: (ms) => clock.advance(ms),
      jumpWall: (ms) => clock.setWall(clock.now() + ms),
      reopen() {
        storage = sealed(make(folder), options);
        return storage;
      },
      async dispose() {
        await storage.close();
        await rm(folder, { recursive: true, force: true });
      },
    };
  };
}

describe('sealed MemorySpool', () => {
  spoolConformance({ describe, it }, () => {
    const inner = new MemorySpool();
    return creator(() => inner)();
  });
});

describe('sealed FileSpool', () => {
  spoolConformance(
    { describe, it },
    creator((root) => new FileSpool({ root })),
  );
});

/** What it does with the claims and leases of several processes; the rest is that of its own suite. */
describe('sealed SqliteSpool', () => {
  spoolConformance(
    { describe, it },
    creator((folder) => new SqliteSpool({ path: join(folder, 'spool.db') })),
    { skip: ['life', 'host actions', 'cancel', 'expiry', 'tombstones', 'next due', 'wall clock', 'merge', 'settle'] },
  );
});
