import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, expect, it, vi } from 'vitest';
import { openSpool } from '../../src/admin/open-spool.ts';
import { systemClock } from '../../src/core/clock.ts';
import { SqliteSpool } from '../../src/spool/sqlite/sqlite-spool.ts';

afterEach(() => vi.useRealTimers());

it('an operator waits longer than a sender while others write to an SQLite file, as two imports do', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'offline-im-busy-'));
  const path = join(folder.path, 'spool.db');
  const own = new SqliteSpool({ path });
  await own.open({ clock: systemClock, tombstones: 86_400_000 });
  const operator = await openSpool(path);
  const writer = new DatabaseSync(path);
  writer.exec('BEGIN IMMEDIATE');
  vi.useFakeTimers({ toFake: ['performance'] });
  const paused = operator.pause(undefined, { why: 'moved' });
  const senders = own.admin.pause({ by: 'a sender' });
  let refused: unknown;
  senders.catch((error: unknown) => (refused = error));
  // They look in turn: whenever one has waited longer than a sender does, so has the other.
  for (; refused === undefined; await wait(50)) vi.advanceTimersByTime(11_000);
  expect(refused).toMatchObject({ code: 'SPOOL_BUSY' });
  writer.exec('ROLLBACK');
  writer.close();
  await paused;
  expect((await operator.stats()).paused).toMatchObject([{ why: 'moved' }]);
  await Promise.all([operator.close(), own.close()]);
});
