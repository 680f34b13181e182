import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { backUp } from '../../../src/spool/sqlite/connection/database-file.ts';
import { SqliteSpool } from '../../../src/sqlite.ts';
import { ManualClock } from '../../../src/testing.ts';
import { claimRequest, newEntry, statesOf } from '../../support/spool-entries.ts';
import { world } from './support.ts';

const due = (id: string) => newEntry(id, { pickupIn: 0, conversationId: id });
const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);
const context = { clock: systemClock, tombstones: 86_400_000 };

describe.skipIf(process.platform === 'win32')('rights', () => {
  it('only the owner reads the file, its log, its shared memory, and a folder that was made for it', async () => {
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

  it('rights to an existing file are taken from others', async () => {
    await using at = await world();
    await writeFile(at.path, '', { mode: 0o644 });
    await at.open();
    expect(await modeOf(at.path)).toBe('600');
  });
});

describe('backup', () => {
  it('copies the spool as it is at one moment while it is written to', async () => {
    await using at = await world();
    const spool = await at.open();
    await spool.append(Array.from({ length: 500 }, (_, index) => due(`before-${index}`)));
    await mkdir(join(at.folder, 'backups'));
    const path = join(at.folder, 'backups', 'copy.db');
    await writeFile(path, 'an older copy');
    let copied = false;
    const copying = spool.backup(path).finally(() => {
      copied = true;
    });
    copying.catch(() => undefined);
    for (let index = 0; !copied; index++) await spool.append([due(`during-${index}`)]);
    await copying;
    expect(await readdir(join(at.folder, 'backups'))).toEqual(['copy.db']);
    if (process.platform !== 'win32') expect(await modeOf(path)).toBe('600');
    const copy = new SqliteSpool({ path });
    await copy.open(context);
    const states = await statesOf(copy);
    expect(Object.keys(states).filter((id) => id.startsWith('before-'))).toHaveLength(500);
    expect((await copy.counts()).spooled).toBe(Object.keys(states).length);
    await copy.close();
  });

  it('begins again when its first step meets a transaction of the same connection', async () => {
    await using at = await world();
    await (await at.open()).append([due('a')]);
    using database = new DatabaseSync(at.path);
    database.exec('BEGIN IMMEDIATE; UPDATE spool SET rev = rev + 1');
    const copying = backUp(database, join(at.folder, 'copy.db'), 10_000);
    await new Promise((resolve) => setTimeout(resolve, 100));
    database.exec('COMMIT');
    await copying;
    expect(await readdir(at.folder)).toContain('copy.db');
  });

  it('fails with a code when there is no moment to begin in, and leaves nothing', async () => {
    await using at = await world();
    await (await at.open()).append([due('a')]);
    using database = new DatabaseSync(at.path);
    database.exec('BEGIN IMMEDIATE; UPDATE spool SET rev = rev + 1');
    await expect(backUp(database, join(at.folder, 'copy.db'), 50)).rejects.toMatchObject({ code: 'SPOOL_BUSY' });
    expect((await readdir(at.folder)).filter((name) => name.startsWith('copy'))).toEqual([]);
  });

  it('fails with a code where it cannot be written, and leaves nothing', async () => {
    await using at = await world();
    const spool = await at.open();
    await expect(spool.backup(join(at.path, 'copy.db'))).rejects.toMatchObject({ code: 'SPOOL_ROOT_UNUSABLE' });
    await spool.close();
    await expect(spool.backup(join(at.folder, 'copy.db'))).rejects.toMatchObject({ code: 'SPOOL_CLOSED' });
  });
});

describe('size', () => {
  it('the file shrinks again, step by step, when what it held is gone', async () => {
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
