import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { SqliteSpool } from '../../../src/spool/sqlite/sqlite-spool.ts';
import { limit, sameAsMemory } from '../same-as-memory.ts';

let folder: string;
let made = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offline-im-'));
});
afterAll(() => rm(folder, { recursive: true }));

it(
  'shows what a MemorySpool shows, after every step of any sequence',
  () =>
    sameAsMemory(async () => {
      const spool = new SqliteSpool({ path: join(folder, `${made++}.db`) });
      await spool.open({ clock: systemClock, tombstones: 86_400_000 });
      return spool;
    }),
  limit,
);
