import { chmod, mkdir, mkdtemp, realpath, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { migrateSpool } from '../../src/admin/upkeep.ts';
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
])('%s is not taken for a spool, and nothing is created there', async (_, name, text) => {
  await writeFile(join(folder, 'empty'), '');
  await writeFile(join(folder, 'text'), 'text');
  expect(() => placeOf(join(folder, name))).toThrow(text);
});

it('a spool file that another process is just opening is a spool', async () => {
  const path = await database();
  const other = new DatabaseSync(path);
  other.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  expect(placeOf(path)).toEqual({ kind: 'sqlite', path });
  other.close();
  expect(placeOf(path)).toEqual({ kind: 'sqlite', path });
});

it.each([512, 4_096, 20_000])('a spool file cut to %i bytes is reported as damaged', async (bytes) => {
  const path = await database();
  await truncate(path, bytes);
  expect(() => placeOf(path)).toThrow(expect.objectContaining({ code: 'SPOOL_CORRUPT' }));
  expect(() => placeOf(path)).toThrow(/damaged SQLite file.*Restore a backup/);
});

// The superuser may read everything.
it.runIf(process.platform !== 'win32' && process.getuid?.() === 0)(
  'a spool of another program is not reported as a missing one',
  async () => {
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
  },
);

it('migrate refuses a spool of a later version, dry run or not', async () => {
  const path = await database();
  const raw = new DatabaseSync(path);
  raw.exec('PRAGMA user_version = 99');
  raw.close();
  for (const dryRun of [true, false])
    await expect(migrateSpool(path, { dryRun })).rejects.toMatchObject({ code: 'SPOOL_VERSION' });
});

it('refuses a URL of another kind without repeating what may be a password', () => {
  for (const where of [
    'mysql://u:hunter2@host/db',
    'postgres:u:hunter2@host/db',
    'postgres://u:hunter2@[host/db',
    'redis+tls://:hunter2@host',
    'dbname=im password=hunter2',
    'file:spool.db',
    'file://u:hunter2@h/x',
    'file://hunter2/x',
    'file:///x%2Fhunter2',
    'file://u:hunter2@localhost/x',
    'password=hunter2',
    '"host=db password=hunter2"',
    'host=db,user=x,password=hunter2',
    '(password=hunter2)',
    "host = db  password = 'hunter2'",
    'Host=db;Password=hunter2',
    '//u:hunter2@host/im',
    ':hunter2@host/im',
    'u:hunter2@host/im',
  ]) {
    expect(() => placeOf(where)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
    expect(() => placeOf(where)).not.toThrow(/hunter2/);
  }
});

it('refuses an unescaped ? or # in a URL, which would lose the rest, and reads them escaped', async () => {
  const path = await database();
  const url = pathToFileURL(path).href;
  for (const where of [
    `${url}#2`,
    `${url}?mode=ro`,
    `${url}#`,
    `${url}?`,
    'postgres://u:12#hunter2@host/im',
    'postgres://host/im#x',
  ]) {
    expect(() => placeOf(where), where).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
    expect(() => placeOf(where)).toThrow(/%23/);
    expect(() => placeOf(where)).not.toThrow(/hunter2/);
  }
  for (const name of ['a#b.db', 'a?b.db']) {
    await rename(path, join(folder, name));
    expect(placeOf(pathToFileURL(join(folder, name)).href)).toEqual({ kind: 'sqlite', path: join(folder, name) });
    await rename(join(folder, name), path);
  }
});

it.each([
  'postgres://localhost/im',
  'postgresql:///im?host=/var/run/postgresql',
  'postgres://user:secret@/im?host=/tmp',
  'POSTGRES://u:p%40ss@[::1]:5432/im',
  'postgres://u:a b@host/im',
])('%s is a URL that pg reads', (url) => {
  expect(placeOf(url)).toEqual({ kind: 'postgres', url });
});

it.skipIf(process.platform === 'win32')('a path that looks like a URL is taken as a path if it exists', async () => {
  const path = await database();
  const before = process.cwd();
  await rename(path, join(folder, 'spool:db'));
  process.chdir(folder);
  try {
    expect(placeOf('spool:db')).toEqual({ kind: 'sqlite', path: join(await realpath(folder), 'spool:db') });
  } finally {
    process.chdir(before);
  }
});

it('a file URL may name this machine only', async () => {
  const path = await database();
  for (const start of ['file://', 'file://localhost', 'FILE://LocalHost', 'file:'])
    expect(placeOf(pathToFileURL(path).href.replace('file://', start))).toEqual({ kind: 'sqlite', path });
  expect(() => placeOf(pathToFileURL(path).href.replace('file://', 'file://other'))).toThrow(/on this machine/);
});

it.each(['/var/x/user=bob', './host=a port=1', 'user=bob', '/a b/user=bob host=x', '/srv/password=x', 'a=1 b=2', '/srv/a:b@c'])(
  '%s is taken as a path, not as settings of psql',
  (where) => {
    expect(() => placeOf(where)).toThrow(expect.objectContaining({ code: 'SPOOL_ROOT_UNUSABLE' }));
  },
);
