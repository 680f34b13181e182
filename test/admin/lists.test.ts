import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SpoolHandle } from '../../src/admin/spool-handle.ts';
import type { ListProgress } from '../../src/spool/admin/contract.ts';
import type { SpoolStorage } from '../../src/spool/contract.ts';
import { FileSpool } from '../../src/spool/file/file-spool.ts';
import { MemorySpool } from '../../src/spool/journaled/memory-spool.ts';
import { SqliteSpool } from '../../src/spool/sqlite/sqlite-spool.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';
import { newEntry } from '../support/spool-entries.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offline-im-lists-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const kinds: Readonly<Record<string, () => SpoolStorage>> = {
  memory: () => new MemorySpool(),
  file: () => new FileSpool({ root: join(folder, 'spool') }),
  sqlite: () => new SqliteSpool({ path: join(folder, 'spool.db') }),
};

async function handleOf(storage: SpoolStorage | undefined, count: number): Promise<SpoolHandle> {
  if (storage === undefined) throw new Error('There is no such spool.');
  await storage.open({ clock: new ManualClock(Date.now()), tombstones: 86_400_000 });
  await storage.append(
    Array.from({ length: count }, (_, at) => newEntry(`e${String(at).padStart(5, '0')}`, { messageId: `m${at}` })),
  );
  return new SpoolHandle(storage, 'carol');
}

describe.each(Object.keys(kinds))('lists of a %s spool', (kind) => {
  it('continue from a cursor, in pages of any size, and refuse the cursor of another list', async () => {
    const spool = await handleOf(kinds[kind]?.(), 23);
    const ids: string[] = [];
    let cursor: string | undefined;
    do {
      // "An hour ago" is a different time for each page.
      const since = new Date(Date.now() - 3_600_000 - ids.length);
      const part = await spool.list({ state: 'spooled', since, limit: 4, cursor });
      // It needs no quoting in a shell or a URL.
      expect(part.cursor ?? '').toMatch(/^[\w.-]*$/);
      ids.push(...part.entries.map(({ id }) => id));
      cursor = part.cursor;
    } while (cursor !== undefined);
    expect(ids).toEqual(Array.from({ length: 23 }, (_, at) => `e${String(at).padStart(5, '0')}`));
    const { cursor: other } = await spool.list({ state: 'spooled', limit: 4 });
    for (const wrong of [{ state: 'dead', cursor: other }, { cursor: other }, { state: 'spooled', cursor: 'x' }] as const) {
      await expect(spool.list(wrong)).rejects.toMatchObject({ code: 'OPTION_INVALID', details: { option: 'cursor' } });
    }
    await spool.close();
  });

  it('report their progress, and stop when aborted', async () => {
    const spool = await handleOf(kinds[kind]?.(), 700);
    const ending = new AbortController();
    const seen: ListProgress[] = [];
    const change = spool.hold({
      state: 'spooled',
      signal: ending.signal,
      onProgress: (progress) => {
        seen.push(progress);
        if (progress.changed >= 300) ending.abort();
      },
    });
    await expect(change).rejects.toThrow(/abort/i);
    const { states } = await spool.stats();
    expect(states.held).toBe(seen.at(-1)?.changed);
    expect(states.held).toBeGreaterThanOrEqual(300);
    expect(states.spooled).toBe(700 - states.held);
    // Completed changes are audited, though there are more to do.
    expect(await spool.audit()).toMatchObject([{ by: 'carol', command: 'hold', count: states.held }]);
    await expect(spool.list({ signal: ending.signal })).rejects.toThrow(/abort/i);
    await spool.close();
  });
});

it('two operators who requeue the same entry at once create one message', async () => {
  const path = join(folder, 'shared.db');
  const one = await handleOf(new SqliteSpool({ path }), 40);
  await one.cancel({ state: 'held' });
  await one.hold({ state: 'spooled' });
  const storage = new SqliteSpool({ path });
  await storage.open({ clock: new ManualClock(Date.now()), tombstones: 86_400_000 });
  const other = new SpoolHandle(storage, 'dave');
  const [a, b] = await Promise.all([one.release({ state: 'held' }), other.release({ state: 'held' })]);
  expect(a.changes.length + b.changes.length).toBe(40);
  expect((await one.stats()).states).toMatchObject({ spooled: 40, held: 0 });
  await Promise.all([one.close(), other.close()]);
});

describe('the progress of a list or a bulk change', () => {
  it('goes on when the listener returns a rejecting promise, and so does the process', async () => {
    const spool = await handleOf(new MemorySpool(), 3);
    const rejections: unknown[] = [];
    const keep = (error: unknown): void => void rejections.push(error);
    process.on('unhandledRejection', keep);
    try {
      let told = 0;
      const onProgress = async (): Promise<void> => {
        told += 1;
        throw new Error('the bar is gone');
      };
      expect((await spool.list({ onProgress })).entries).toHaveLength(3);
      expect((await spool.hold({ onProgress })).changes).toHaveLength(3);
      expect(told).toBe(2);
      await new Promise((resolve) => setImmediate(resolve));
      expect(rejections).toEqual([]);
    } finally {
      process.off('unhandledRejection', keep);
    }
  });

  it.each([{}, { aborted: false }, { throwIfAborted() {}, addEventListener() {} }])('refuses %o as a signal', async (signal) => {
    const spool = await handleOf(new MemorySpool(), 1);
    await expect(spool.list({ signal: signal as unknown as AbortSignal })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    await expect(spool.hold({ signal: signal as unknown as AbortSignal })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  });

  it.each(['file', 'sqlite'])('of a backup of a %s spool requires a whole AbortSignal and a function', async (kind) => {
    const storage = kinds[kind]?.() as FileSpool | SqliteSpool;
    await handleOf(storage, 1);
    const target = join(folder, 'copy');
    for (const wrong of [{ signal: {} }, { onProgress: 'x' }, { overwrite: 'yes' }, { overwrites: true }, null, 'x']) {
      await expect(storage.backup(target, wrong as object)).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    }
    const onProgress = async (): Promise<void> => Promise.reject(new Error('nobody waits'));
    await storage.backup(target, { signal: new AbortController().signal, onProgress });
    await storage.close();
  });
});

it.each(Object.keys(kinds))('a handle on a %s spool returns each time as a Date, as entries and events do', async (kind) => {
  const storage = kinds[kind]?.();
  const spool = await handleOf(storage, 3);
  const { since, nextTrialAt } = { since: Date.now(), nextTrialAt: Date.now() + 60_000 };
  const reason = { code: 'EWS_ERROR', text: 'Refused.' } as const;
  await storage?.admin?.report({
    owner: 'a process',
    pollInterval: 60_000,
    obstacles: [{ kind: 'mailbox-blocked', name: 'a@contoso.com', lanes: ['a@contoso.com'], since, reason, nextTrialAt }],
  });
  await spool.pause(undefined, { why: 'moved' });
  await spool.hold({ limit: 1 });
  const told = [await spool.stats(), await spool.lanes(), await spool.audit(), await spool.list(), await spool.explain('m1')];
  expect(told[1]).toMatchObject({
    lanes: [{ oldest: expect.any(Date) }],
    reports: [{ at: expect.any(Date), obstacles: [{ since: expect.any(Date), nextTrialAt: expect.any(Date) }] }],
  });
  expect(timesAsNumbers(told)).toEqual([]);
  await spool.close();
});

/** The paths at which it has a number that is a time since 1970. */
function timesAsNumbers(value: unknown, where = ''): readonly string[] {
  if (typeof value === 'number') return value > 1e12 ? [where] : [];
  if (typeof value !== 'object' || value === null || value instanceof Date) return [];
  return Object.entries(value).flatMap(([name, one]) => timesAsNumbers(one, `${where}.${name}`));
}
