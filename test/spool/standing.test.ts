/** The standing of an entry in its conversation, in each spool of one machine. PostgreSQL has its own test. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import type { SpoolStorage } from '../../src/spool/contract.ts';
import { FileSpool } from '../../src/spool/file/file-spool.ts';
import { MemorySpool } from '../../src/spool/journaled/memory-spool.ts';
import { SqliteSpool } from '../../src/spool/sqlite/sqlite-spool.ts';
import { claimRequest, newEntry } from '../support/spool-entries.ts';

const folder = (): Promise<string> => mkdtemp(join(tmpdir(), 'standing-'));
const spools: readonly (readonly [string, () => Promise<SpoolStorage>])[] = [
  ['memory', async () => new MemorySpool()],
  ['file', async () => new FileSpool({ root: await folder() })],
  ['sqlite', async () => new SqliteSpool({ path: join(await folder(), 's.db') })],
];

it.each(spools)('%s: due by itself, due with its head, behind a note, and no standing once held', async (_, make) => {
  const spool = await make();
  await spool.open({ clock: systemClock, tombstones: 86_400_000 });
  await spool.append([newEntry('a', { pickupIn: 60_000 })]);
  await spool.append([newEntry('b', { pickupIn: 120_000 })]);
  await spool.append([newEntry('other', { conversationId: 'other' })]);
  for (const id of ['a', 'b']) {
    const standing = await spool.standing?.(id);
    expect(standing?.behind).toBe(false);
    expect(standing?.dueIn).toBeGreaterThan(50_000);
    expect(standing?.dueIn).toBeLessThanOrEqual(60_000);
  }
  const [note] = await spool.claim(claimRequest({ ignorePickup: true, maxEntries: 1, limit: 1 }));
  expect(note?.entries.map(({ id }) => id)).toEqual(['a']);
  expect(await spool.standing?.('a')).toEqual({ behind: false });
  expect(await spool.standing?.('b')).toMatchObject({ behind: true });
  await spool.settle([
    {
      token: note?.token ?? '',
      to: 'deferred',
      after: 30_000,
      failure: true,
      reason: { code: 'EWS_ERROR', text: 'busy' },
    },
  ]);
  expect((await spool.standing?.('a'))?.dueIn).toBeGreaterThan(20_000);
  expect(await spool.standing?.('b')).toMatchObject({ behind: true });
  await spool.hold(['other']);
  expect(await spool.standing?.('other')).toBeUndefined();
  expect(await spool.standing?.('nobody')).toBeUndefined();
  await spool.close();
});
