import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, cpSync, openSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { nodeFiles } from '../../../src/spool/file/disk/node-files.ts';
import { FileSpool } from '../../../src/spool/file/file-spool.ts';
import { programOf } from '../../support/program.ts';
import { claimRequest, newEntry, statesOf } from '../../support/spool-entries.ts';

const opener = programOf(new URL('./opener.ts', import.meta.url));

let root: string;
let warnings: Error[] = [];
const context = { clock: systemClock, tombstones: 86_400_000, onWarning: (error: Error) => warnings.push(error) };

beforeEach(async () => {
  root = join(await mkdtemp(join(tmpdir(), 'offline-im-')), 'spool');
  warnings = [];
});

afterEach(() => rm(join(root, '..'), { recursive: true }));

/** The result of opening the spool in another process. */
async function openElsewhere(): Promise<string> {
  const child = spawn(process.execPath, [opener, root], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (data) => {
    said += String(data);
  });
  await once(child, 'exit');
  return said.trim();
}

/** What other code in this process does with the files of the folder. */
const readers: Readonly<Record<string, () => void>> = {
  'copies the folder': () => cpSync(root, `${root}-copy`, { recursive: true }),
  'reads the lock': () => void readFileSync(join(root, '.offline-im', 'lock')),
  'opens and closes every file': () => {
    for (const name of ['lock', 'owner.json']) closeSync(openSync(join(root, '.offline-im', name), 'r'));
  },
};

describe('a spool whose files are read by other code of its process', () => {
  it.each(Object.keys(readers))('excludes a second process while it %s', async (name) => {
    const spool = new FileSpool({ root });
    await spool.open(context);
    expect(await openElsewhere()).toBe('SPOOL_LOCKED');
    readers[name]?.();
    expect(await openElsewhere()).toBe('SPOOL_LOCKED');
    expect(await spool.append([newEntry('a')])).toMatchObject([{ status: 'appended' }]);
    await spool.close();
    expect(await openElsewhere()).toBe('OPENED');
  });

  it('excludes a worker thread of the same process', async () => {
    const spool = new FileSpool({ root });
    await spool.open(context);
    const worker = new Worker(opener, { argv: [root], stdout: true });
    let said = '';
    worker.stdout.on('data', (data) => {
      said += String(data);
    });
    await once(worker, 'exit');
    expect(said.trim()).toBe('SPOOL_LOCKED');
    await spool.close();
  });
});

/** Another process gets past every lock, as from another machine. */
async function take(): Promise<void> {
  await writeFile(join(root, '.offline-im', 'owner.json'), '{"token":"another"}');
}

describe('a spool whose folder another process has taken', () => {
  it.each([
    ['another owner', take],
    ['no folder any more', () => rename(root, `${root}-away`)],
    ['nothing left of it', () => rm(root, { recursive: true })],
  ])('closes itself with a warning before it accepts, claims or sends anything else: %s', async (_what, change) => {
    const spool = new FileSpool({ root });
    await spool.open(context);
    await spool.append([newEntry('a', { pickupIn: 0 })]);
    expect(spool.isOwner()).toBe(true);
    await change();
    expect(spool.isOwner()).toBe(false);
    // Nothing is said to be there that may be gone.
    const message = expect.not.stringMatching(/still (?:there|in the folder)|\.\./);
    await expect(spool.claim(claimRequest())).rejects.toMatchObject({ code: 'SPOOL_FAILED', message });
    await expect(spool.append([newEntry('b')])).rejects.toMatchObject({ code: 'SPOOL_CLOSED' });
    expect(warnings).toMatchObject([{ code: 'SPOOL_CLOSED' }]);
    if (change === take) {
      const next = new FileSpool({ root });
      await next.open(context);
      expect(await statesOf(next)).toEqual({ a: 'spooled' });
      await next.close();
    }
  });

  it('cannot tell whether a message written at that moment was kept', async () => {
    const spool = new FileSpool({
      root,
      files: {
        ...nodeFiles,
        async rename(from, to) {
          await nodeFiles.rename(from, to);
          if (to.includes('waiting')) await take();
        },
      },
    });
    await spool.open(context);
    expect(await spool.append([newEntry('a')])).toMatchObject([{ status: 'failed', kept: 'unknown' }]);
    await expect(spool.counts()).rejects.toMatchObject({ code: 'SPOOL_CLOSED' });
  });

  it('does not remove the owner file of another process when it closes, but removes its own', async () => {
    const spool = new FileSpool({ root });
    await spool.open(context);
    await take();
    await spool.close();
    expect(await readFile(join(root, '.offline-im', 'owner.json'), 'utf8')).toBe('{"token":"another"}');
    const next = new FileSpool({ root });
    await next.open(context);
    await next.close();
    expect(await readdir(join(root, '.offline-im'))).not.toContain('owner.json');
  });

  it('warns if the previous owner, which did not close it, was another machine or container', async () => {
    const spool = new FileSpool({ root });
    await spool.open(context);
    await spool.close();
    await writeFile(join(root, '.offline-im', 'owner.json'), '{"token":"another","host":"pod-7","pids":"1"}');
    await spool.open(context);
    expect(warnings).toMatchObject([{ code: 'SPOOL_LOCKED', details: { host: 'pod-7' } }]);
    await spool.close();
  });
});
