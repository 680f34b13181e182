import { describe, it } from 'vitest';
import { KeyValueSpool, type KeyValueStore } from '../../examples/key-value-spool.ts';
import { ManualClock, spoolConformance } from '../../src/testing.ts';

/** The simplest possible store: it outlives the spools opened over it. */
function mapStore(): KeyValueStore {
  const values = new Map<string, string>();
  return {
    get: async (key) => values.get(key),
    values: async (prefix) => [...values].filter(([key]) => key.startsWith(prefix)).map(([, value]) => value),
    batch: async (changes) => {
      for (const [key, value] of changes) {
        if (value === undefined) values.delete(key);
        else values.set(key, value);
      }
    },
  };
}

describe('examples/key-value-spool.ts', () => {
  spoolConformance({ describe, it }, async () => {
    const clock = new ManualClock();
    const store = mapStore();
    let storage = new KeyValueSpool(store);
    return {
      storage,
      clock,
      unit: 30_000,
      advance: (ms) => clock.advance(ms),
      jumpWall: (ms) => clock.setWall(clock.now() + ms),
      reopen: () => {
        storage = new KeyValueSpool(store);
        return storage;
      },
      dispose: () => storage.close(),
    };
  });
});
