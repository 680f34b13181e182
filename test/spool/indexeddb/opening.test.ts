import { describe, expect, it } from 'vitest';
import { type IdbFactory, IndexedDbSpool } from '../../../src/indexeddb.ts';
import { newEntry, statesOf } from '../../support/spool-entries.ts';
import { FakeBrowser } from './fixture.ts';

const lock = 'offline-im:offline-im';

/** Waits for that many turns of the event loop. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

describe('IndexedDbSpool while opening', () => {
  it('is closed if its lock is stolen at any time, and never continues without it', async () => {
    const outcomes = new Set<string>();
    for (let turn = 0; turn < 40; turn++) {
      const browser = new FakeBrowser();
      const { spool } = browser.tab();
      const opening = spool.open(browser.context()).then(
        () => 'opened',
        (error: { code?: string }) => error.code ?? 'error',
      );
      await turns(turn);
      const held = browser.origin.isHeld(lock);
      browser.origin.steal(lock);
      const outcome = await opening;
      outcomes.add(outcome);
      await turns(3);
      if (held) await expect(spool.append([newEntry('a')])).rejects.toMatchObject({ code: 'SPOOL_CLOSED' });
      if (held) expect(outcome === 'SPOOL_CLOSED' || browser.warnings.length === 1).toBe(true);
      expect(browser.origin.isHeld(lock)).toBe(!held && outcome === 'opened');
      await spool.close();
    }
    // The thefts occurred during the opening as well as in the open spool.
    expect([...outcomes].sort()).toEqual(expect.arrayContaining(['SPOOL_CLOSED', 'opened']));
  });

  it.each([
    [0, 10_000],
    [60_000, 60_000],
  ])(
    'gives up on a database that does not open (waitForLock %i) after %i ms, and can be opened later',
    async (waitForLock, limit) => {
      const browser = new FakeBrowser();
      let stuck = true;
      const indexedDB: IdbFactory = {
        // Like a browser with a pending deletion that waits for another connection: neither event comes.
        open: (name, version) =>
          stuck ? ({ addEventListener: () => undefined } as never) : browser.indexedDB.open(name, version),
      };
      const { spool } = browser.tab({ indexedDB, waitForLock });
      const refused = expect(spool.open(browser.context())).rejects.toMatchObject({ code: 'SPOOL_LOCKED' });
      await turns(3);
      await browser.clock.advance(limit);
      await refused;
      expect(browser.origin.isHeld(lock)).toBe(false);
      stuck = false;
      await spool.open(browser.context());
      await spool.append([newEntry('a')]);
      expect(await statesOf(spool)).toEqual({ a: 'spooled' });
      expect(browser.clock.pending).toBe(0);
      await spool.close();
    },
  );

  it('stops waiting for a database when it is closed', async () => {
    const browser = new FakeBrowser();
    const indexedDB: IdbFactory = { open: () => ({ addEventListener: () => undefined }) as never };
    const { spool } = browser.tab({ indexedDB, waitForLock: Number.POSITIVE_INFINITY });
    const refused = expect(spool.open(browser.context())).rejects.toMatchObject({ code: 'SPOOL_CLOSED' });
    await turns(3);
    await spool.close();
    await refused;
    expect(browser.origin.isHeld(lock)).toBe(false);
  });

  it('reports that the browser has deleted a damaged database', async () => {
    const browser = new FakeBrowser();
    const indexedDB: IdbFactory = {
      open(name, version) {
        const request = browser.indexedDB.open(name, version);
        request.addEventListener('upgradeneeded', (event: Event) => {
          Object.assign(event, { dataLoss: 'total', dataLossMessage: 'database was corrupt: checksum mismatch' });
        });
        return request as never;
      },
    };
    const { spool } = browser.tab({ indexedDB });
    await spool.open(browser.context());
    expect(browser.corrupt).toEqual(['offline-im']);
    expect(browser.warnings).toMatchObject([{ code: 'SPOOL_CORRUPT', message: expect.stringContaining('checksum mismatch') }]);
    expect(await spool.append([newEntry('a')])).toMatchObject([{ status: 'appended' }]);
    await spool.close();
  });

  it('tells calls after a loss what happened, and promises nothing that may be lost', async () => {
    const browser = new FakeBrowser();
    const { spool } = await browser.open();
    browser.origin.steal(lock);
    await turns(3);
    const error = await spool.counts().catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ code: 'SPOOL_CLOSED', message: expect.stringContaining('another page took its lock') });
    expect((error as Error).message).not.toContain('still there');
    expect(new IndexedDbSpool({ name: 'x' }).name).toBe('indexeddb');
  });
});
