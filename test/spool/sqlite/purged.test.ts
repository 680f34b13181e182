import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { SqliteSpool } from '../../../src/sqlite.ts';
import { claimRequest, newEntry } from '../../support/spool-entries.ts';
import { world } from './support.ts';

const secret = (index: number) => `SECRET-${String(index).padStart(4, '0')}-`;

/** Texts of many lengths, so that pages split, merge and overflow. */
const entries = Array.from({ length: 600 }, (_, index) => {
  const id = `e${index}`;
  const entry = newEntry(id, { pickupIn: 0, conversationId: id });
  const text = secret(index).repeat(1 + ((index * 7_919) % (index % 50 === 0 ? 900 : 40)));
  return { ...entry, message: { ...entry.message, text } };
});
const ids = entries.map(({ id }) => id);

const ends: readonly (readonly [string, (spool: SqliteSpool) => Promise<unknown>])[] = [
  ['cancelled', (spool) => spool.cancel(ids)],
  [
    'delivered',
    async (spool) => {
      const notes = await spool.claim(claimRequest({ limit: 1_000, perLane: 1_000 }));
      await spool.settle(notes.map(({ token }) => ({ token, to: 'delivered' })));
    },
  ],
  [
    'dead, then purged',
    async (spool) => {
      const notes = await spool.claim(claimRequest({ limit: 1_000, perLane: 1_000 }));
      const reason = { code: 'EWS_ERROR', text: 'no' } as const;
      await spool.settle(notes.map(({ token }) => ({ token, to: 'dead', sent: 'no', reason })));
    },
  ],
];

describe('the text of finished messages', () => {
  it.each(ends)('is nowhere in the files after purge() or close(): %s', async (_how, end) => {
    await using at = await world();
    const spool = await at.open();
    // Some stay, so that pages are shared with removed ones.
    const staying = newEntry('staying', { conversationId: 'staying' });
    await spool.append([{ ...staying, message: { ...staying.message, text: 'STAYING'.repeat(20) } }, ...entries]);
    await end(spool);
    await spool.purge(ids);
    const found = async (what: string) => {
      const names = await readdir(at.folder);
      const contents = await Promise.all(names.map(async (name) => [name, await readFile(join(at.folder, name))] as const));
      return contents.flatMap(([name, content]) => (content.includes(what) ? name : []));
    };
    // In this process: the spool takes the locks again that reading drops.
    expect(await found('SECRET-')).toEqual([]);
    expect((await found('STAYING')).length).toBeGreaterThan(0);
    await spool.close();
    expect(await found('SECRET-')).toEqual([]);
  });

  it('is never written if they are cancelled in the transaction that appends them', async () => {
    await using at = await world();
    const spool = await at.open();
    await Promise.all([spool.append(entries.slice(0, 3)), spool.cancel(ids.slice(0, 3))]);
    expect((await spool.counts()).cancelled).toBe(3);
    expect(at.raw((database) => database.prepare('SELECT * FROM bodies').all())).toEqual([]);
  });

  it('is gone after close() without a purge', async () => {
    await using at = await world();
    const spool = await at.open();
    await spool.append(entries);
    await spool.cancel(ids);
    await spool.close();
    for (const name of await readdir(at.folder))
      expect((await readFile(join(at.folder, name))).includes('SECRET-'), name).toBe(false);
  });
});
