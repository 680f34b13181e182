import { describe, expect, it } from 'vitest';
import { Trace, TypedEvents } from '../../src/observability/trace.ts';
import type { SpoolStorage } from '../../src/spool/contract.ts';
import { Opening } from '../../src/spooler/opening.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';

/** A storage that opens as the test specifies; `closed` counts. */
function storageThat(open: () => Promise<void>) {
  const storage = { opened: 0, closed: 0 };
  const opening = new Opening(
    {
      open: () => {
        storage.opened += 1;
        return open();
      },
      close: async () => {
        storage.closed += 1;
      },
    } as Partial<SpoolStorage> as SpoolStorage,
    { clock: new ManualClock(), tombstones: 1 },
    new Trace(new TypedEvents(), undefined),
  );
  return { storage, opening };
}

/** Stops an opening that is no longer needed; `soft` and `hard` are controlled by the test. */
function stopOf(opening: Opening) {
  const soft = new AbortController();
  const hard = new AbortController();
  const left = opening.stop({ soft: soft.signal, hard: hard.signal }, Promise.resolve());
  return { soft, hard, left };
}

const stopped = { code: 'SENDER_STOPPED' };

describe('Opening', () => {
  it('opens once for all callers, and closes what it opened', async () => {
    const { storage, opening } = storageThat(async () => {});
    await Promise.all([opening.open(), opening.open()]);
    await opening.close();
    expect(storage).toEqual({ opened: 1, closed: 1 });
  });

  it('is not pending after an open() that throws: it may be retried, and nothing needs to be abandoned', async () => {
    let broken = true;
    const { storage, opening } = storageThat(() => {
      if (broken) throw new Error('locked');
      return Promise.resolve();
    });
    await expect(opening.open()).rejects.toThrow('locked');
    broken = false;
    await opening.open();
    broken = true;
    const second = storageThat(() => {
      throw new Error('locked');
    });
    await expect(second.opening.open()).rejects.toThrow('locked');
    const stop = stopOf(second.opening);
    stop.soft.abort();
    expect(await stop.left).toEqual([]);
    await second.opening.close();
    expect([storage.closed, second.storage.closed]).toEqual([0, 0]);
  });

  it('that was abandoned opens nothing for later callers', async () => {
    const { storage, opening } = storageThat(async () => {});
    stopOf(opening).soft.abort();
    await expect(opening.open()).rejects.toMatchObject(stopped);
    expect(storage).toEqual({ opened: 0, closed: 0 });
  });

  it('that was closed opens nothing either', async () => {
    const { storage, opening } = storageThat(async () => {});
    await opening.close();
    await expect(opening.open()).rejects.toMatchObject(stopped);
    expect(storage).toEqual({ opened: 0, closed: 0 });
  });

  it('that is abandoned rejects waiting callers with the error of the storage', async () => {
    const answer = Promise.withResolvers<void>();
    const { storage, opening } = storageThat(() => answer.promise);
    const refused = expect(opening.open()).rejects.toThrow('closed');
    const stop = stopOf(opening);
    stop.soft.abort();
    expect(storage.closed).toBe(1);
    answer.reject(new Error('closed'));
    await refused;
    expect(await stop.left).toEqual([]);
  });

  it('that succeeds after it was abandoned is closed again, and returned to nobody', async () => {
    const answer = Promise.withResolvers<void>();
    const { storage, opening } = storageThat(() => answer.promise);
    const refused = expect(opening.open()).rejects.toMatchObject(stopped);
    const stop = stopOf(opening);
    stop.soft.abort();
    stop.hard.abort();
    expect(await stop.left).toHaveLength(1);
    await refused;
    await opening.close();
    expect(storage.closed).toBe(1);
    answer.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    expect(storage.closed).toBe(2);
    expect(opening.hasOpened).toBe(false);
  });
});
