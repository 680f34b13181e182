import { chmod, mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { migrateSpool } from '../../src/admin/migrate.ts';
import { placeOf } from '../../src/admin/where.ts';
import { SqliteSpool } from '../../src/spool/sqlite/sqlite-spool.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offline-im-where-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function database(): Promise<string> {
  const path = join(folder, 'spool.db');
  const spool = new SqliteSpool({ path });
  await spool.open({ clock: new ManualClock(Date.now()), tombstones: 1_000 });
  await spool.close();
  return path;
}

it.each([
  ['nothing', 'nothing', /does not exist/],
  ['a file where a folder belongs', 'text/spool', /does not exist/],
  ['an empty file', 'empty', /is empty/],
  ['some other file', 'text', /is not the SQLite file of a spool/],
  ['some other folder', '.', /has no \.offline-im/],
])('%s is no spool, and nothing is made of it', async (_, name, text) => {
  await writeFile(join(folder, 'empty'), '');
  await writeFile(join(folder, 'text'), 'text');
  expect(() => placeOf(join(folder, name))).toThrow(text);
});

it.each([512, 4_096, 20_000])('one that was cut to %i bytes is damaged, and not taken for something else', async (bytes) => {
  const path = await database();
  await truncate(path, bytes);
  expect(() => placeOf(path)).toThrow(expect.objectContaining({ code: 'SPOOL_CORRUPT' }));
  expect(() => placeOf(path)).toThrow(/is damaged.*Restore a backup/);
});

// The superuser may read everything.
it.runIf(process.platform !== 'win32' && process.getuid?.() === 0)('a spool of somebody else is told from none', async () => {
  const path = await database();
  const files = join(folder, 'files');
  await mkdir(join(files, '.offline-im'), { recursive: true });
  await chmod(folder, 0o755);
  await chmod(path, 0o600);
  await chmod(files, 0o700);
  process.seteuid?.(65_534);
  try {
    expect(() => placeOf(path)).toThrow(/can't be read by user \d+ \(\w+\)/);
    expect(() => placeOf(files)).toThrow(/can't be read by user \d+ \(\w+\)/);
  } finally {
    process.seteuid?.(0);
  }
});

it('a spool of a later version is refused by migrate, dry or not', async () => {
  const path = await database();
  const raw = new DatabaseSync(path);
  raw.exec('PRAGMA user_version = 99');
  raw.close();
  for (const dryRun of [true, false])
    await expect(migrateSpool(path, { dryRun })).rejects.toMatchObject({ code: 'SPOOL_VERSION' });
});
