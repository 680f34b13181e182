import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { restrict } from '../../../src/spool/sqlite/connection/database-file.ts';
import { SqliteSpool } from '../../../src/sqlite.ts';
import { ManualClock } from '../../../src/testing.ts';
import { claimRequest, newEntry } from '../../support/spool-entries.ts';
import { world } from './support.ts';

const due = (id: string) => newEntry(id, { pickupIn: 0, conversationId: id });
const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);
const context = { clock: systemClock, tombstones: 86_400_000 };

describe.skipIf(process.platform === 'win32')('permissions', () => {
  it('only the owner can read the file, its log, its shared memory, and a folder created for it', async () => {
    await using at = await world();
    const path = join(at.folder, 'new', 'deeper', 'spool.db');
    const spool = new SqliteSpool({ path });
    await spool.open(context);
    await spool.append([due('a')]);
    for (const file of [path, `${path}-wal`, `${path}-shm`]) expect([file, await modeOf(file)]).toEqual([file, '600']);
    for (const folder of [join(at.folder, 'new'), join(at.folder, 'new', 'deeper')]) expect(await modeOf(folder)).toBe('700');
    await spool.close();
    expect(await readdir(join(at.folder, 'new', 'deeper'))).toEqual(['spool.db']);
  });

  it('others lose their permissions for an existing file', async () => {
    await using at = await world();
    await writeFile(at.path, '', { mode: 0o644 });
    await at.open();
    expect(await modeOf(at.path)).toBe('600');
  });

  it('a disk without permissions is detected, and a file of another user left unchanged', async () => {
    await using at = await world();
    await writeFile(at.path, '', { mode: 0o644 });
    const refused = () => {
      throw new Error('EPERM');
    };
    expect([restrict(at.path, () => {}), restrict(at.path, refused), restrict(at.path), restrict(at.path, refused)]).toEqual([
      false,
      true,
      true,
      true,
    ]);
  });
});

describe('size', () => {
  it('the file shrinks step by step once its content is gone', async () => {
    await using at = await world();
    const clock = new ManualClock();
    const spool = await at.open({ clock, tombstones: 1_000 });
    const large = (id: string) => ({ ...due(id), message: { ...due(id).message, text: 'x'.repeat(30_000) } });
    await spool.append(Array.from({ length: 400 }, (_, index) => large(`e${index}`)));
    const notes = await spool.claim(claimRequest({ limit: 400, perLane: 400 }));
    await spool.settle(notes.map(({ token }) => ({ token, to: 'delivered' })));
    await clock.advance(2_000);
    const expire = () => spool.expire({ owner: 'me', closedLanes: [], reason: { code: 'EXPIRED', text: 'too late' } });
    const pages = () => at.raw((database) => Number(database.prepare('PRAGMA page_count').get()?.page_count));
    const before = pages();
    for (let step = 0; step < 20; step++) await expire();
    expect(await spool.counts()).toMatchObject({ delivered: 0 });
    expect(pages()).toBeLessThan(before / 2);
  });
});

describe('lists', () => {
  it('show every entry once in order over many pages, while others come and change', async () => {
    await using at = await world();
    const spool = await at.open();
    await spool.append(Array.from({ length: 950 }, (_, index) => due(`e${index}`)));
    await spool.hold(['e3', 'e700']);
    const seen: string[] = [];
    for await (const { id } of spool.list()) {
      seen.push(id);
      if (seen.length % 300 === 0) {
        await spool.append([due(`later-${seen.length}`)]);
        await spool.release(['e3']);
      }
    }
    expect(seen).toHaveLength(new Set(seen).size);
    expect(seen.slice(0, 950)).toEqual(Array.from({ length: 950 }, (_, index) => `e${index}`));
    const held: string[] = [];
    for await (const { id } of spool.list({ state: 'held' })) held.push(id);
    expect(held).toEqual(['e700']);
  });
});
