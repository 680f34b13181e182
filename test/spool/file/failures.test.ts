import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { FileSpool } from '../../../src/spool/file/file-spool.ts';
import { claimRequest, newEntry, statesOf } from '../../support/spool-entries.ts';
import { twoAudiences, World } from './power-cut.ts';

async function opened(): Promise<World> {
  const world = new World();
  await world.open();
  await world.append(newEntry('first'));
  return world;
}

const waiting = '/spool/alice@contoso.com/History Spooler/waiting/';
const temporaries = ({ disk }: World) => disk.files().filter((path) => path.endsWith('.tmp'));

describe('a file spool on a failing disk', () => {
  it.each([
    ['create', 'ENOSPC'],
    ['write', 'ENOSPC'],
    ['write', 'EIO'],
    ['write', 'EDQUOT'],
    ['create', 'EACCES'],
    ['rename', 'ENOSPC'],
  ])('has not kept a message if %s fails with %s, and goes on', async (operation, code) => {
    const world = await opened();
    world.disk.fault = (called, path) => (called === operation && path.startsWith(waiting) ? code : undefined);
    const [result] = await world.spool.append([newEntry('a')]);
    expect(result).toMatchObject({ status: 'failed', kept: 'no', error: { code: 'SPOOL_FAILED', cause: { cause: { code } } } });
    expect(temporaries(world)).toEqual([]);
    world.disk.heal();
    expect((await world.spool.append([newEntry('a')]))[0]?.status).toBe('appended');
    await world.restart({ pick: undefined });
    expect(await statesOf(world.spool)).toEqual({ first: 'spooled', a: 'spooled' });
  });

  it.each(['sync', 'syncFolder'])('cannot tell if %s fails, and closes itself', async (operation) => {
    const world = await opened();
    world.disk.fault = (called) => (called === operation ? 'EIO' : undefined);
    expect((await world.spool.append([newEntry('a')]))[0]).toMatchObject({ status: 'failed', kept: 'unknown' });
    await expect(world.spool.counts()).rejects.toMatchObject({ code: 'SPOOL_CLOSED' });
    world.disk.heal();
    await world.open(); // Not a restart: the lock is free.
    expect((await world.spool.get('first'))?.state).toBe('spooled');
  });

  it('cannot tell if only some files of a group were renamed', async () => {
    const world = await opened();
    let renames = 0;
    world.disk.fault = (called) => (called === 'rename' && ++renames === 2 ? 'ENOSPC' : undefined);
    const results = await Promise.all(['a', 'b', 'c'].map((id) => world.spool.append([newEntry(id)])));
    for (const [result] of results) expect(result).toMatchObject({ status: 'failed', kept: 'unknown' });
    expect(temporaries(world)).toEqual([]);
    world.disk.heal();
    await world.restart({ pick: undefined });
    await world.append(newEntry('d'));
  });

  it('loses only the message that does not fit', async () => {
    const world = await opened();
    world.disk.fault = (called, path) => (called === 'create' && path.includes('bad@') ? 'ENOSPC' : undefined);
    const bad = newEntry('bad');
    const from = { ...bad.message.from, sip: 'sip:bad@contoso.com' };
    const results = await Promise.all([
      world.spool.append([newEntry('a')]),
      world.spool.append([{ ...bad, message: { ...bad.message, from } }]),
      world.spool.append(twoAudiences('two')),
    ]);
    expect(results.map(([result]) => result?.status)).toEqual(['appended', 'failed', 'appended']);
    expect(results[1]?.[0]).toMatchObject({ kept: 'no' });
  });

  it('removes a partly written tombstone', async () => {
    const world = await opened();
    await world.append(newEntry('second'));
    await world.spool.cancel(['second']);
    world.disk.fault = (called, path) => (called === 'write' && path.endsWith('.ndjson') ? 'ENOSPC' : undefined);
    await world.claim();
    await expect(world.settle({ to: 'delivered' })).rejects.toMatchObject({ code: 'SPOOL_FAILED', cause: { kept: 'no' } });
    world.disk.heal();
    await world.settle({ to: 'delivered' });
    await world.restart({ pick: undefined });
    expect(await statesOf(world.spool)).toEqual({ first: 'delivered', second: 'cancelled' });
    expect(world.corrupt).toEqual([]);
  });

  it('closes itself if a tombstone cannot be synced', async () => {
    const world = await opened();
    await world.claim();
    world.disk.fault = (called, path) => (called === 'sync' && path.endsWith('.ndjson') ? 'EIO' : undefined);
    await expect(world.settle({ to: 'delivered' })).rejects.toMatchObject({ code: 'SPOOL_FAILED', cause: { kept: 'unknown' } });
    await expect(world.spool.append([newEntry('a')])).rejects.toMatchObject({ code: 'SPOOL_CLOSED' });
  });

  it('is not affected by files that cannot be removed, and keeps their tombstones', async () => {
    const world = await opened();
    await world.claim();
    world.disk.fault = (called) => (called === 'remove' ? 'EBUSY' : undefined);
    await world.settle({ to: 'delivered' });
    await world.clock.advance(2 * 86_400_000);
    await world.spool.expire({ owner: 'run-1', closedLanes: [], reason: { code: 'EXPIRED', text: 'Too late.' } });
    expect(await statesOf(world.spool)).toEqual({});
    expect(world.disk.files().filter((path) => path.startsWith(waiting))).toHaveLength(1);
    world.disk.heal();
    await world.restart({ pick: undefined });
    expect(await statesOf(world.spool)).toEqual({});
    expect(world.disk.files().filter((path) => path.endsWith('.json') || path.endsWith('.ndjson'))).toEqual([]);
  });

  it('re-creates folders that someone removed', async () => {
    const world = await opened();
    let gone = true;
    world.disk.fault = (called, path) => {
      if (!gone || called !== 'create' || !path.startsWith(waiting)) return undefined;
      gone = false;
      return 'ENOENT';
    };
    expect((await world.spool.append([newEntry('a')]))[0]).toMatchObject({ status: 'failed', kept: 'no' });
    expect((await world.spool.append([newEntry('a')]))[0]?.status).toBe('appended');
  });

  it('can be opened on a full disk', async () => {
    const world = await opened();
    await world.append(newEntry('second'));
    await world.spool.cancel(['second']);
    world.disk.restart();
    world.disk.fault = (called) => (called === 'create' ? 'ENOSPC' : undefined);
    await world.open();
    expect(await statesOf(world.spool)).toEqual({ first: 'spooled', second: 'cancelled' });
  });

  it.each(['EIO', 'EACCES'])('does not open if the disk does not return a manifest (%s)', async (code) => {
    const world = await opened();
    await world.claim();
    world.disk.restart();
    world.disk.fault = (called, path) => (called === 'read' && path.includes('/notes/') ? code : undefined);
    await expect(world.open()).rejects.toMatchObject({ code: 'SPOOL_ROOT_UNUSABLE' });
    world.disk.heal();
    await world.open();
    expect(await statesOf(world.spool)).toEqual({ first: 'unconfirmed' });
  });

  it('does not blame a file if too many are open', async () => {
    const world = await opened();
    world.disk.fault = (called) => (called === 'read' ? 'EMFILE' : undefined);
    await expect(world.spool.claim(claimRequest({ ignorePickup: true }))).rejects.toMatchObject({
      code: 'SPOOL_FAILED',
      cause: { cause: { code: 'EMFILE' } },
    });
    world.disk.heal();
    expect(await world.spool.claim(claimRequest({ ignorePickup: true }))).toHaveLength(1);
    expect(world.corrupt).toEqual([]);
  });
});

describe('an unusable root', () => {
  it('is reported', async () => {
    const base = await mkdtemp(join(tmpdir(), 'offline-im-'));
    await writeFile(join(base, 'file'), '');
    const spool = new FileSpool({ root: join(base, 'file', 'root') });
    const context = { clock: systemClock, tombstones: 86_400_000 };
    await expect(spool.open(context)).rejects.toMatchObject({ code: 'SPOOL_ROOT_UNUSABLE' });
    await expect(new FileSpool({ root: join(base, 'file') }).open(context)).rejects.toMatchObject({
      code: 'SPOOL_ROOT_UNUSABLE',
    });
    if (process.getuid?.() !== 0 && process.platform !== 'win32') {
      await chmod(base, 0o500);
      await expect(new FileSpool({ root: join(base, 'new') }).open(context)).rejects.toMatchObject({
        code: 'SPOOL_ROOT_UNUSABLE',
      });
      await chmod(base, 0o700);
    }
    await rm(base, { recursive: true });
  });

  it.each(['EACCES', 'EROFS'])('is reported with the error of the system: %s', async (code) => {
    const world = new World();
    world.disk.fault = (called) => (called === 'makeFolder' ? code : undefined);
    await expect(world.open()).rejects.toMatchObject({
      code: 'SPOOL_ROOT_UNUSABLE',
      message: expect.stringContaining(code),
      details: { root: '/spool' },
    });
  });
});
