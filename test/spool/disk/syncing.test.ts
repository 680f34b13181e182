import { execFile } from 'node:child_process';
import { mkdtemp, open, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { exportSpool } from '../../../src/admin/export.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { FileSpool } from '../../../src/file.ts';
import { SqliteSpool } from '../../../src/sqlite.ts';
import { newEntry } from '../../support/spool-entries.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offline-im-syncing-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const spools = {
  FileSpool: () => new FileSpool({ root: join(folder, 'spool') }),
  SqliteSpool: () => new SqliteSpool({ path: join(folder, 'spool') }),
};

it.each(['FileSpool', 'SqliteSpool'] as const)(
  "a %s is backed up and exported where Yarn's Plug'n'Play replaces FileHandle",
  async (kind) => {
    const handle = await open(folder);
    for (const name of ['sync', 'datasync'] as const)
      vi.spyOn(Object.getPrototypeOf(handle) as typeof handle, name).mockImplementation(() => {
        throw new Error('Method not implemented.');
      });
    await handle.close();
    const spool = spools[kind]();
    await spool.open({ clock: systemClock, tombstones: 86_400_000 });
    try {
      await spool.append([newEntry('a')]);
      await spool.backup(join(folder, 'backup'));
      await exportSpool(spool, join(folder, 'export'), {
        copy: true,
        signal: new AbortController().signal,
        onProgress: () => undefined,
      });
    } finally {
      await spool.close();
      vi.restoreAllMocks();
    }
    expect(await readdir(folder)).toEqual(expect.arrayContaining(['backup', 'export']));
  },
);

/** What `open()` of these spools says, one after the other, to a program that may read everything and write this folder. */
async function underPermissions(...spools: readonly string[]): Promise<readonly string[]> {
  const source = new URL('../../../src/', import.meta.url).href;
  const program = `
    import { systemClock } from '${source}core/clock.ts';
    import { FileSpool } from '${source}file.ts';
    import { SqliteSpool } from '${source}sqlite.ts';
    for (const spool of [${spools.join(', ')}]) {
      const said = [];
      await spool
        .open({ clock: systemClock, tombstones: 1, onWarning: ({ message }) => said.push(message) })
        .then(() => said.push('open'), ({ code, message }) => said.push(code + ': ' + message));
      await spool.close();
      console.log(said.join(' '));
    }`;
  const allowed = ['--allow-fs-read=*', `--allow-fs-write=${folder}`];
  const flags = ['--permission', '--no-warnings', ...allowed, '--input-type=module', '-e', program];
  return (await promisify(execFile)(process.execPath, flags)).stdout.trim().split('\n');
}

it("a new SqliteSpool opens under Node's permission model, and a spool that can't says why", async () => {
  const spool = (kind: string, at: object) => `new ${kind}(${JSON.stringify(at)})`;
  const [first, again, elsewhere, file] = await underPermissions(
    spool('SqliteSpool', { path: join(folder, 'spool') }),
    spool('SqliteSpool', { path: join(folder, 'spool') }),
    spool('SqliteSpool', { path: `${folder}-elsewhere` }),
    spool('FileSpool', { root: join(folder, 'files') }),
  );
  for (const said of [first, again]) expect(said).toMatch(/(^| )open$/);
  expect(`${first}${again}`).not.toMatch(/lost/);
  expect(elsewhere).toMatch(/^SPOOL_ROOT_UNUSABLE: .*Allow its folder with --allow-fs-read and --allow-fs-write/);
  expect(file).toMatch(/^SPOOL_ROOT_UNUSABLE: .*Start Node without --permission/);
});
