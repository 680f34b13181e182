/** Pages of finished entries: each reads the part of the log that it shows, however long the log is. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { FileSpool, nodeFiles } from '../../../../src/file.ts';
import type { EntryFilter, EntryPage } from '../../../../src/spool/admin/contract.ts';
import type { SpoolEntry, SpoolStorage } from '../../../../src/spool/contract.ts';
import { ManualClock } from '../../../../src/testing.ts';
import { claimRequest, newEntry } from '../../../support/spool-entries.ts';

const day = 86_400_000;

async function scene() {
  const root = await mkdtemp(join(tmpdir(), 'offline-im-pages-'));
  const clock = new ManualClock();
  let bytes = 0;
  const files = {
    ...nodeFiles,
    async readPart(path: string, from: number, length: number) {
      const data = (await nodeFiles.readPart?.(path, from, length)) ?? new Uint8Array();
      bytes += data.length;
      return data;
    },
    async read(path: string, most: number) {
      const data = await nodeFiles.read(path, most);
      bytes += data?.length ?? 0;
      return data;
    },
  };
  const spool = new FileSpool({ root, files });
  await spool.open({ clock, tombstones: day });
  return {
    spool,
    clock,
    /** Bytes read meanwhile. */
    async reading(work: () => Promise<unknown>): Promise<number> {
      const before = bytes;
      await work();
      return bytes - before;
    },
    async deliver(ids: readonly string[], step = 1): Promise<void> {
      for (let from = 0; from < ids.length; from += 200) {
        await clock.advance(step);
        await spool.append(
          ids.slice(from, from + 200).map((id) => newEntry(id, { pickupIn: 0, conversationId: id, messageId: `m-${id}` })),
        );
        const notes = await spool.claim(claimRequest({ limit: 200, perLane: 200 }));
        await spool.settle(notes.map(({ token }) => ({ token, to: 'delivered', messageClass: 'IPM.Note' })));
      }
    },
    async [Symbol.asyncDispose]() {
      await spool.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}

async function listBy(
  { admin }: SpoolStorage,
  filter: EntryFilter,
  cursor: string | undefined,
  limit: number,
): Promise<EntryPage> {
  if (admin === undefined) throw new Error('This spool has lists.');
  return admin.listBy(filter, cursor, limit);
}

async function walked(spool: FileSpool, filter: EntryFilter, limit: number): Promise<SpoolEntry[]> {
  const found: SpoolEntry[] = [];
  let cursor: string | undefined;
  do {
    const page = await listBy(spool, filter, cursor, limit);
    found.push(...page.entries);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return found;
}

const numbered = (count: number): string[] => Array.from({ length: count }, (_, at) => `e${String(at).padStart(6, '0')}`);

it('reads little for one page, and the log about once for all pages', async () => {
  await using world = await scene();
  const ids = numbered(2_000);
  await world.deliver(ids);
  const { spool } = world;
  const whole = await world.reading(async () => {
    for await (const _ of spool.list({ state: 'delivered' }));
  });
  expect(whole).toBeGreaterThan(1_000_000);
  for (const filter of [{ state: 'delivered' }, {}] as const) {
    let first: string | undefined;
    const page = await world.reading(async () => {
      first = (await listBy(spool, filter, undefined, 50)).cursor;
    });
    expect(page).toBeLessThan(whole / 10);
    expect(await world.reading(() => listBy(spool, filter, first, 50))).toBeLessThan(whole / 10);
    let all: SpoolEntry[] = [];
    const pages = await world.reading(async () => {
      all = await walked(spool, filter, 50);
    });
    expect(all.map(({ id }) => id)).toEqual(ids);
    expect(pages).toBeLessThan(5 * whole);
  }
});

it('shows each entry once and in order, whatever the order of their ends, while others end', async () => {
  await using world = await scene();
  const { spool } = world;
  const early = numbered(1_500).filter((_, at) => at % 3 !== 0);
  const mixed = early.toSorted((a, b) => (a.slice(-2) + a < b.slice(-2) + b ? -1 : 1));
  await world.deliver(mixed, 0);
  const first = await listBy(spool, { state: 'delivered' }, undefined, 200);
  // Behind the entries shown, so on none of the next pages; and after all.
  await world.deliver(['e000000', 'e000003', 'z1', 'z2'], 0);
  const found = [...first.entries];
  for (let cursor = first.cursor; cursor !== undefined; ) {
    const page = await listBy(spool, { state: 'delivered' }, cursor, 200);
    found.push(...page.entries);
    cursor = page.cursor;
  }
  expect(found.map(({ id }) => id)).toEqual([...early, 'z1', 'z2']);
  expect((await walked(spool, { state: 'delivered' }, 150)).slice(0, 2).map(({ id }) => id)).toEqual(['e000000', 'e000001']);
});

it('searches in slices for a filter that matches hardly anything, and finds it', async () => {
  await using world = await scene();
  const { spool } = world;
  const ids = numbered(3_500);
  await world.deliver(ids);
  const pages = { empty: 0, looked: 0 };
  const found: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await listBy(spool, { recipient: 'nobody@contoso.com' }, cursor, 10);
    found.push(...page.entries.map(({ id }) => id));
    cursor = page.cursor;
    if (cursor !== undefined) pages.empty += 1;
    pages.looked += page.looked ?? 0;
  } while (cursor !== undefined);
  expect(found).toEqual([]);
  expect(pages.empty).toBeGreaterThan(0);
  expect(pages.looked).toBeLessThanOrEqual(ids.length);
});
