import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import type { SpoolStorage } from '../../../src/spool/contract.ts';
import { FileSpool } from '../../../src/spool/file/file-spool.ts';
import { SqliteSpool } from '../../../src/sqlite.ts';
import { mayMount, smallDisk } from '../../support/small-disk.ts';
import { newEntry, statesOf } from '../../support/spool-entries.ts';

const context = { clock: systemClock, tombstones: 86_400_000 };
const spoolOf = {
  file: (folder: string): SpoolStorage => new FileSpool({ root: folder }),
  sqlite: (folder: string): SpoolStorage => new SqliteSpool({ path: join(folder, 'spool.db') }),
};

describe.skipIf(process.platform === 'win32').each(['file', 'sqlite'] as const)('a read-only %s spool', (kind) => {
  it(`is refused with the system error and what to do, and is unchanged once it is writable again (${form()})`, async () => {
    await using disk = await readOnlyLater();
    const there = join(disk.folder, 'there');
    const spool = spoolOf[kind](there);
    await spool.open(context);
    await spool.append([newEntry('a')]);
    await spool.close();
    await disk.set('ro');
    for (const folder of [there, join(disk.folder, 'new'), join(disk.folder, 'new', 'below')]) {
      await expect(spoolOf[kind](folder).open(context)).rejects.toMatchObject({
        code: 'SPOOL_ROOT_UNUSABLE',
        message: expect.stringMatching(/(EROFS|EACCES).*Check the path and (its|the) permissions/),
      });
    }
    await disk.set('rw');
    await spool.open(context);
    expect(await statesOf(spool)).toEqual({ a: 'spooled' });
    await spool.close();
  });
});

/** Permission bits do not restrict root, who becomes nobody if it may not mount. */
function form(): string {
  if (mayMount) return 'a read-only mount';
  return process.getuid?.() === 0 ? 'as nobody' : 'by permission bits';
}

async function readOnlyLater(): Promise<AsyncDisposable & { readonly folder: string; set(how: 'ro' | 'rw'): Promise<void> }> {
  if (mayMount) {
    const disk = await smallDisk('1m');
    return { folder: disk.folder, set: disk.remount, [Symbol.asyncDispose]: () => disk[Symbol.asyncDispose]() };
  }
  const folder = await mkdtemp(join(tmpdir(), 'offline-im-disk-'));
  const root = process.getuid?.() === 0;
  const set = async (how: 'ro' | 'rw') => {
    if (root) process.seteuid?.(how === 'ro' ? 65_534 : 0);
    else await chmodAll(folder, how);
  };
  return {
    folder,
    set,
    async [Symbol.asyncDispose]() {
      await set('rw');
      await rm(folder, { recursive: true });
    },
  };
}

async function chmodAll(folder: string, how: 'ro' | 'rw'): Promise<void> {
  for (const path of [folder, join(folder, 'there')]) await chmod(path, how === 'ro' ? 0o500 : 0o700);
}
