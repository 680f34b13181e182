import { StatementSync } from 'node:sqlite';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ManualClock } from '../../../src/testing.ts';
import { newEntry } from '../../support/spool-entries.ts';
import { world } from './support.ts';

const uncaught: unknown[] = [];
const note = (error: unknown) => uncaught.push(error);

afterEach(() => {
  vi.restoreAllMocks();
});

/** Fails as SQLite does on a broken disk, or as a runtime without `errcode` reports it. */
function breakDisk(error: object): void {
  const get = StatementSync.prototype.get;
  vi.spyOn(StatementSync.prototype, 'get').mockImplementation(function (this: StatementSync, ...parameters) {
    if (this.sourceSQL.includes('data_version')) throw Object.assign(new Error('disk I/O error'), error);
    return Reflect.apply(get, this, parameters);
  });
}

describe('an error in the timer that polls for work of other processes', () => {
  it.each([
    ['an I/O error', { code: 'ERR_SQLITE_ERROR', errcode: 10 | (1 << 8) }],
    ['an I/O error without a code', {}],
  ])('ends neither the process nor the spool: %s', async (_what, kind) => {
    process.on('uncaughtException', note).on('unhandledRejection', note);
    try {
      await using at = await world();
      const clock = new ManualClock();
      const spool = await at.open({ clock });
      await spool.append([newEntry('a')]);
      spool.watch(() => undefined);
      breakDisk(kind);
      await clock.advance(2_000);
      await expect(spool.counts()).rejects.toMatchObject({ code: 'SPOOL_FAILED', cause: { message: 'disk I/O error' } });
      vi.restoreAllMocks();
      await clock.advance(2_000);
      expect(await spool.counts()).toMatchObject({ spooled: 1 });
      expect(uncaught).toEqual([]);
    } finally {
      process.off('uncaughtException', note).off('unhandledRejection', note);
    }
  });

  it('causes a warning if a watcher throws', async () => {
    await using at = await world();
    const clock = new ManualClock();
    const warnings: Error[] = [];
    const spool = await at.open({ clock, onWarning: (error) => warnings.push(error) });
    const other = await at.open({ clock });
    spool.watch(() => {
      throw new Error('woken badly');
    });
    await spool.counts();
    await other.append([newEntry('a')]);
    await clock.advance(1_000);
    await spool.counts();
    expect(warnings).toMatchObject([{ message: 'woken badly' }]);
    expect(await spool.counts()).toMatchObject({ spooled: 1 });
  });
});
