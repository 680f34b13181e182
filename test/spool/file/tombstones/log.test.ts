import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FolderSync } from '../../../../src/spool/file/disk/folders.ts';
import { nodeFiles } from '../../../../src/spool/file/disk/node-files.ts';
import { IdIndex } from '../../../../src/spool/file/tombstones/id-index.ts';
import { TombstoneLog } from '../../../../src/spool/file/tombstones/log.ts';
import type { EntryRecord } from '../../../../src/spool/state/records.ts';
import { newEntry } from '../../../support/spool-entries.ts';

/** The shortest possible, so that lines are as close as they can be. */
function ended(id: string, rev: number, endedAt = rev, state: 'delivered' | 'cancelled' = 'delivered'): EntryRecord {
  const { message: _message, pickupIn: _pickupIn, ...fixed } = newEntry(id, { messageId: id, contentHash: `hash of ${id}` });
  return {
    fixed: { ...fixed, to: [], acceptedAt: 0, pickupAt: 0 },
    status: {
      state,
      rev,
      order: rev,
      due: { at: 0, within: 0 },
      expiresAt: 0,
      single: false,
      unknownAttempts: [],
      cancelRequested: false,
      attempt: 0,
      endedAt,
    },
  };
}

async function scene(hash?: (key: string) => number) {
  const folder = await mkdtemp(join(tmpdir(), 'offline-im-log-'));
  const opened: TombstoneLog[] = [];
  const gone: string[] = [];
  return {
    folder,
    gone,
    async open() {
      const ids = new IdIndex(1, hash);
      const log = new TombstoneLog(
        nodeFiles,
        new FolderSync(nodeFiles),
        folder,
        (path, found) => gone.push(`${path} ${found}`),
        ids,
      );
      opened.push(log);
      await log.open(Number.POSITIVE_INFINITY);
      return log;
    },
    async [Symbol.asyncDispose]() {
      for (const log of opened) await log.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const idsOf = (records: readonly EntryRecord[]) => records.map(({ fixed }) => fixed.id).sort();

async function all(log: TombstoneLog): Promise<EntryRecord[]> {
  const found: EntryRecord[] = [];
  const reader = log.read();
  for (let some = await reader.next(); some !== undefined; some = await reader.next()) found.push(...some);
  return found;
}

describe('the tombstone log', () => {
  it.each([
    ['all ids have one hash', () => 1],
    ['every second id has the same hash', (key: string) => key.length % 2],
  ])('confuses no two ids when %s: each hit is confirmed on disk', async (_what, hash) => {
    await using at = await scene(hash);
    let log = await at.open();
    await log.append(Array.from({ length: 60 }, (_, index) => ended(`id-${index}`, index + 1)));
    await log.append([ended('id-3', 100, 100, 'cancelled')]);
    await log.forget(['id-7', 'id-8']);
    for (let time = 0; time < 2; time++) {
      expect(await log.find({ messages: ['none', 'id'] })).toEqual([]);
      expect(await log.find({ entries: ['id-59'] })).toMatchObject([{ fixed: { id: 'id-59', contentHash: 'hash of id-59' } }]);
      expect(await log.find({ messages: ['id-3'] })).toMatchObject([{ status: { state: 'cancelled', rev: 100 } }]);
      expect(await log.find({ messages: ['id-7', 'id-8'] })).toEqual([]);
      expect(idsOf(await log.over(20, 1_000))).toEqual(
        idsOf(
          Array.from({ length: 20 }, (_, index) => ended(`id-${index}`, 1)).filter(
            ({ fixed }) => !['id-3', 'id-7', 'id-8'].includes(fixed.id),
          ),
        ),
      );
      expect(log.counts).toEqual(
        new Map([
          ['delivered', 57],
          ['cancelled', 1],
        ]),
      );
      expect((await all(log)).length).toBe(58);
      if (time > 0) break;
      // Their expiry was not recorded on disk: only what is still needed was carried over.
      await log.close();
      log = await at.open();
      await log.forget(['id-7', 'id-8']);
    }
  });

  it('shows each entry once to a reader, whatever ends meanwhile', async () => {
    await using at = await scene();
    const log = await at.open();
    await log.append(Array.from({ length: 400 }, (_, index) => ended(`id-${index}`, index + 1)));
    const reader = log.read();
    const found = [...((await reader.next()) ?? [])];
    expect(found.length).toBeLessThan(100);
    await log.append([ended('id-0', 1_000, 1, 'cancelled'), ended('id-399', 1_001, 1, 'cancelled')]);
    for (let some = await reader.next(); some !== undefined; some = await reader.next()) found.push(...some);
    expect(idsOf(found)).toEqual(idsOf(Array.from({ length: 400 }, (_, index) => ended(`id-${index}`, 1))));
    expect(found.find(({ fixed }) => fixed.id === 'id-399')).toMatchObject({ status: { state: 'cancelled' } });
  });

  it('continues when someone removes a segment: reports it once, and still finds and forgets entries in others', async () => {
    await using at = await scene();
    const first = await at.open();
    await first.append(Array.from({ length: 100 }, (_, index) => ended(`old-${index}`, index + 1)));
    await first.close();
    // When opened, entries are written again, into a new segment.
    const log = await at.open();
    const [name = ''] = await readdir(at.folder);
    const path = join(at.folder, name);
    for (let index = 0; index < 40; index++) {
      const text = {
        ...ended(`wide-${index}`, 200 + index),
        fixed: { ...ended(`wide-${index}`, 1).fixed, conversationId: 'x'.repeat(250_000) },
      };
      await log.append([text]);
    }
    await log.append([ended('new', 300)]);
    await rename(path, `${path}.away`);
    await expect(log.find({ messages: ['old-1'] })).rejects.toThrow('ENOENT');
    expect(await log.find({ messages: ['new'] })).toHaveLength(1);
    expect(idsOf(await log.over(1_000, 1_000))).toContain('new');
    await log.over(1_000, 1_000);
    expect(at.gone).toEqual([`${path} is gone`]);
    expect(await log.forget(['new', 'old-1'])).toEqual(new Set(['old-1']));
    await log.dissolve();
    expect(await log.find({ messages: ['new'] })).toEqual([]);
    // An entry that ends again has a readable line.
    await log.append([ended('old-1', 400, 400, 'cancelled')]);
    await rename(`${path}.away`, path);
    expect(await log.find({ messages: ['old-1'] })).toMatchObject([{ status: { rev: 400 } }]);
    expect(await log.find({ messages: ['old-2'] })).toHaveLength(1);
  });

  it('does not take a line damaged later as proof that an id is new, and keeps its segment', async () => {
    await using at = await scene();
    const log = await at.open();
    const wide = (id: string, rev: number) => ({
      ...ended(id, rev),
      fixed: { ...ended(id, rev).fixed, conversationId: 'x'.repeat(20_000) },
    });
    await log.append(Array.from({ length: 100 }, (_, index) => wide(`id-${index}`, index + 1)));
    const [name = ''] = await readdir(at.folder);
    const path = join(at.folder, name);
    const content = await readFile(path, 'utf8');
    await writeFile(path, content.replace('"id":"id-7"', '#id":"id-7"'));
    await expect(log.find({ messages: ['id-7'] })).rejects.toThrow('can no longer be read');
    expect(await log.find({ messages: ['id-8'] })).toHaveLength(1);
    // The entries beside it are forgotten, and it is not.
    const others = Array.from({ length: 90 }, (_, index) => `id-${index + 10}`);
    expect(await log.forget(['id-7', ...others])).toEqual(new Set(['id-7']));
    for (let time = 0; time < 2; time++) await log.dissolve();
    expect(await readdir(at.folder)).toEqual([name]);
    expect(at.gone).toEqual([`${path} has lines that can no longer be read`]);
    await writeFile(path, content);
    expect(await log.find({ messages: ['id-7'] })).toHaveLength(1);
    await log.dissolve();
    expect(await readdir(at.folder)).not.toContain(name);
    expect(idsOf(await all(log))).toEqual(Array.from({ length: 10 }, (_, index) => `id-${index}`));
  });
});
