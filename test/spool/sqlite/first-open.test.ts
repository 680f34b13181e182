import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { assertLocal } from '../../../src/spool/disk/local-disk.ts';
import { SqliteSpool } from '../../../src/sqlite.ts';
import { programOf } from '../../support/program.ts';
import { statesOf } from '../../support/spool-entries.ts';
import { world } from './support.ts';

const run = promisify(execFile);
const opener = programOf(new URL('./opener.ts', import.meta.url));
const context = { clock: systemClock, tombstones: 86_400_000 };

describe('a new spool', () => {
  it('is created by one of several processes that open it at once, and all go on', async () => {
    await using at = await world();
    for (let round = 0; round < 2; round++) {
      const path = join(at.folder, `${round}`, 'new', 'spool.db');
      const children = Array.from({ length: 6 }, () => run(process.execPath, [opener, path, '2']));
      const said = await Promise.all(children);
      const ids = said.flatMap(({ stdout }) => stdout.trim().split('\n'));
      expect(ids).toHaveLength(12);
      const spool = new SqliteSpool({ path });
      const warnings: Error[] = [];
      await spool.open({ ...context, onWarning: (error) => warnings.push(error) });
      expect(Object.keys(await statesOf(spool)).sort()).toEqual(ids.sort());
      expect(warnings).toEqual([]);
      await spool.close();
    }
  });

  it('leaves nothing beside a file that is not a spool', async () => {
    await using at = await world();
    await writeFile(at.path, 'my own notes\n'.repeat(100));
    await expect(at.open()).rejects.toMatchObject({ code: 'SPOOL_CORRUPT' });
    expect(await readdir(at.folder)).toEqual(['spool.db']);
  });

  it.skipIf(process.platform === 'win32')('is refused on a device or a folder', async () => {
    await using at = await world();
    await mkdir(join(at.folder, 'folder'));
    for (const path of ['/dev/null', join(at.folder, 'folder')]) {
      await expect(new SqliteSpool({ path }).open(context)).rejects.toMatchObject({ code: 'SPOOL_ROOT_UNUSABLE' });
    }
    expect(await readdir(at.folder)).toEqual(['folder']);
  });
});

describe('a disk that other machines may write to', () => {
  const look = (type: number | undefined, allowNetworkDisk: boolean) => {
    const warnings: string[] = [];
    const warn = (error: Error) => warnings.push(error.message);
    const path = fileURLToPath(import.meta.url);
    assertLocal(path, path, { needs: 'it can lose', allowNetworkDisk, warn, typeOf: () => type });
    return warnings;
  };
  // As the kernel reports it; on 32-bit systems Node returns some of them as negative numbers.
  it.each([
    ['NFS', 0x6969],
    ['CIFS', 0xff534d42],
    ['SMB', 0xfe534d42],
    ['SMB', 0xfe534d42 | 0],
    ['Ceph', 0x00c36400],
  ])('is refused if it is %s, unless the host allows it', (name, type) => {
    expect(() => look(type, false)).toThrow(
      expect.objectContaining({ code: 'SPOOL_ROOT_UNUSABLE', message: expect.stringContaining(name) }),
    );
    expect(look(type, true)).toHaveLength(1);
  });

  it('causes a warning if it may be local after all', () => {
    expect(look(0x65735546, false)).toEqual([expect.stringContaining('FUSE')]);
    expect(look(0x65735546, true)).toEqual([]);
  });

  it.each([0xef53, 0x58465342, 0x9123683e, 0x01021994, 0x794c7630, undefined])(
    'is not ext4, XFS, Btrfs, tmpfs or overlay: %s',
    (type) => {
      expect(look(type, false)).toEqual([]);
    },
  );
});

const hasStrace = process.platform === 'linux' && existsSync('/usr/bin/strace');

describe.skipIf(!hasStrace)('the files of a new spool (apt-get install strace)', () => {
  it('are synced with their folders before anything is accepted', async () => {
    await using at = await world();
    const log = join(at.folder, 'calls');
    const path = join(at.folder, 'a', 'b', 'spool.db');
    const traced = ['-f', '-qq', '-y', '-e', 'trace=mkdir,openat,fsync,fdatasync', '-o', log, process.execPath, opener, path];
    await run('strace', traced);
    const calls = (await readFile(log, 'utf8')).split('\n').map((line) => line.replaceAll(at.folder, '.'));
    const synced = (folder: string) => calls.findIndex((line) => line.includes(`fsync(`) && line.includes(`<${folder}>`));
    const made = (what: string) => calls.findIndex((line) => line.includes(what) && !line.includes('ENOENT'));
    expect(synced('.')).toBeGreaterThan(made('mkdir("./a"'));
    expect(synced('./a')).toBeGreaterThan(made('mkdir("./a/b"'));
    expect(synced('./a/b')).toBeGreaterThan(made('"./a/b/spool.db", O_WRONLY|O_CREAT|O_EXCL'));
  });
});
