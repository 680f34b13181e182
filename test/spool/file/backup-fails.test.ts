import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { nodeFiles } from '../../../src/spool/file/disk/node-files.ts';
import { FileSpool } from '../../../src/spool/file/file-spool.ts';
import { ManualClock } from '../../../src/testing.ts';
import { newEntry } from '../../support/spool-entries.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offline-im-backup-'));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true, force: true });
});

it.each(['stat', 'create', 'makeFolder', 'rename'] as const)(
  'a backup whose %s() fails rejects with a code, and leaves nothing',
  async (method) => {
    const spool = new FileSpool({ root: join(folder, 'spool'), allowNetworkDisk: true });
    await spool.open({ clock: new ManualClock(), tombstones: 0 });
    await spool.append([newEntry('one')]);
    const real = nodeFiles[method].bind(nodeFiles) as (...args: string[]) => Promise<never>;
    let struck = 0;
    vi.spyOn(nodeFiles, method).mockImplementation((async (...args: string[]) => {
      if (!args.some((path) => path.includes('.partial'))) return real(...args);
      struck += 1;
      throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
    }) as never);
    await expect(spool.backup(join(folder, 'copy'))).rejects.toMatchObject({
      code: expect.stringMatching(/^SPOOL_(?:FAILED|ROOT_UNUSABLE)$/),
    });
    expect(struck).toBeGreaterThan(0);
    expect(await readdir(folder)).toEqual(['spool']);
    vi.restoreAllMocks();
    await spool.backup(join(folder, 'copy'));
    await spool.close();
  },
);
