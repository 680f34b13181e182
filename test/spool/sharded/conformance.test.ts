import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import { sharded } from '../../../src/index.ts';
import type { SpoolStorage } from '../../../src/spool/contract.ts';
import { MemorySpool } from '../../../src/spool/journaled/memory-spool.ts';
import { SqliteSpool } from '../../../src/sqlite.ts';
import { ManualClock, type SpoolHarness, spoolConformance } from '../../../src/testing.ts';

/** Nothing is left out: through the contract, a sharded spool can't be told from one spool. */
function creator(make: (folder: string, name: string) => SpoolStorage) {
  return async (): Promise<SpoolHarness> => {
    const clock = new ManualClock();
    const folder = await mkdtemp(join(tmpdir(), 'offline-im-sharded-'));
    const open = (): SpoolStorage => sharded({ a: make(folder, 'a'), b: make(folder, 'b'), c: make(folder, 'c') });
    let storage = open();
    return {
      storage,
      clock,
      unit: 30_000,
      advance: (ms) => clock.advance(ms),
      jumpWall: (ms) => clock.setWall(clock.now() + ms),
      reopen() {
        storage = open();
        return storage;
      },
      async dispose() {
        await storage.close();
        await rm(folder, { recursive: true, force: true });
      },
    };
  };
}

describe('three MemorySpools, sharded', () => {
  spoolConformance({ describe, it }, () => {
    const spools = new Map<string, MemorySpool>();
    return creator((_, name) => {
      const spool = spools.get(name) ?? new MemorySpool();
      spools.set(name, spool);
      return spool;
    })();
  });
});

describe('three SqliteSpools, sharded', () => {
  spoolConformance(
    { describe, it },
    creator((folder, name) => new SqliteSpool({ path: join(folder, `${name}.db`) })),
  );
});
