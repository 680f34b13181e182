import { IDBFactory } from 'fake-indexeddb';
import { describe, it } from 'vitest';
import { IndexedDbSpool } from '../../../src/indexeddb.ts';
import { ManualClock, type SpoolHarness, spoolConformance } from '../../../src/testing.ts';
import { FakeOrigin } from '../../support/fake-locks.ts';

async function create(unit: number): Promise<SpoolHarness> {
  const clock = new ManualClock();
  const options = { indexedDB: new IDBFactory(), locks: new FakeOrigin().tab(), waitForLock: 0 };
  let storage = new IndexedDbSpool(options);
  return {
    storage,
    clock,
    unit,
    advance: (ms) => clock.advance(ms),
    jumpWall: (ms) => clock.setWall(clock.now() + ms),
    reopen: () => {
      storage = new IndexedDbSpool(options);
      return storage;
    },
    dispose: () => storage.close(),
  };
}

describe('IndexedDbSpool', () => {
  spoolConformance({ describe, it }, () => create(30_000));
});

describe('IndexedDbSpool, to the millisecond', () => {
  spoolConformance({ describe, it }, () => create(1));
});
