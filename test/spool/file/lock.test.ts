import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { nodeFiles } from '../../../src/spool/file/disk/node-files.ts';
import { FileSpool } from '../../../src/spool/file/file-spool.ts';
import { programOf } from '../../support/program.ts';
import { newEntry, statesOf } from '../../support/spool-entries.ts';

const context = { clock: systemClock, tombstones: 86_400_000 };
const holder = programOf(new URL('./lock-holder.ts', import.meta.url));

let root: string;
let child: ChildProcess | undefined;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'offline-im-'));
});

afterEach(async () => {
  child?.kill('SIGKILL');
  child = undefined;
  await rm(root, { recursive: true });
});

/** Another process that has the spool open, and has spooled an entry `theirs`. */
async function startHolder(): Promise<ChildProcess> {
  const flags = ['--experimental-strip-types', '--expose-gc'];
  const started = spawn(process.execPath, [...flags, holder, root], { stdio: ['ignore', 'pipe', 'inherit'] });
  child = started;
  await once(started.stdout, 'data');
  return started;
}

describe('the lock of a file spool', () => {
  it('excludes a second process until the first is killed, even if the open spool was garbage-collected', async () => {
    const other = await startHolder();
    const spool = new FileSpool({ root });
    await expect(spool.open(context)).rejects.toMatchObject({ name: 'OfflineImError', code: 'SPOOL_LOCKED' });
    other.kill('SIGKILL');
    await once(other, 'exit');
    await spool.open(context);
    expect(await statesOf(spool)).toEqual({ theirs: 'spooled' });
    await spool.close();
  });

  it('names the missing module if the runtime has no node:sqlite, not the permissions of the folder', async () => {
    const lookUp = vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined as never);
    try {
      const refused = { name: 'OfflineImError', code: 'SPOOL_ROOT_UNUSABLE', message: expect.stringContaining('node:sqlite') };
      await expect(new FileSpool({ root }).open(context)).rejects.toMatchObject(refused);
    } finally {
      lookUp.mockRestore();
    }
  });

  it('excludes a second spool in the same process until the first is closed', async () => {
    const first = new FileSpool({ root });
    const second = new FileSpool({ root });
    await first.open(context);
    await expect(second.open(context)).rejects.toMatchObject({ code: 'SPOOL_LOCKED' });
    await first.append([newEntry('a')]);
    await first.close();
    await second.open(context);
    expect(await statesOf(second)).toEqual({ a: 'spooled' });
    await second.close();
  });

  it('is released if the spool cannot be opened', async () => {
    const failing = new FileSpool({ root, files: { ...nodeFiles, list: failList } });
    await expect(failing.open(context)).rejects.toMatchObject({ code: 'SPOOL_ROOT_UNUSABLE' });
    const spool = new FileSpool({ root });
    await spool.open(context);
    await spool.close();
  });
});

describe.runIf(process.platform === 'linux')('the socket that is named by the inode of a folder', () => {
  /** What this process has open of the folders beneath the root. */
  const openFolders = () => openFiles().filter((path) => path.startsWith(root) && !/\/lock(?: \(deleted\))?$/.test(path));

  it('keeps that inode until it is closed, so that no other folder can get it, even if ours is removed', async () => {
    const spool = new FileSpool({ root });
    await spool.open(context);
    const folder = join(root, '.offline-im');
    expect(openFolders()).toEqual([folder]);
    await rm(folder, { recursive: true });
    expect(openFolders()).toEqual([`${folder} (deleted)`]);
    await spool.close();
    expect(openFolders()).toEqual([]);
  });

  it('leaves nothing open where the spool could not be opened', async () => {
    const first = new FileSpool({ root });
    await first.open(context);
    const before = openFolders();
    await expect(new FileSpool({ root }).open(context)).rejects.toMatchObject({ code: 'SPOOL_LOCKED' });
    expect(openFolders()).toEqual(before);
    await first.close();
  });

  it('keeps no other lock when it cannot be closed', async () => {
    const spool = new FileSpool({ root });
    await spool.open(context);
    const stuck = vi.spyOn(Server.prototype, 'close').mockImplementation(() => {
      throw new Error('stuck');
    });
    await spool.close().catch(() => undefined);
    stuck.mockRestore();
    expect(openFiles().filter((path) => path.startsWith(root))).toEqual(openFolders());
  });
});

function openFiles(): string[] {
  return readdirSync('/proc/self/fd').flatMap((descriptor) => {
    try {
      return [readlinkSync(`/proc/self/fd/${descriptor}`)];
    } catch {
      return []; // That of the listing itself.
    }
  });
}

async function failList(): Promise<never> {
  throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO' });
}
