import { copyFile, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newEntry } from '../../support/spool-entries.ts';
import { said } from '../disk/scene.ts';
import { world } from './support.ts';

const own = (id: string) => newEntry(id, { conversationId: id });
const some = (from: string, count: number) => Array.from({ length: count }, (_, index) => own(`${from}${index}`));

/** Two copies of a spool: closed, with 200 entries; and as left by a crashed process, with 40 more in its log. */
const copies = { closed: '', killed: '' };

beforeAll(async () => {
  await using at = await world();
  const first = await at.open();
  await first.append(some('old', 200));
  await first.close();
  copies.closed = await copyOf(at.folder);
  const second = await at.open();
  for (const entry of some('new', 40)) await second.append([entry]);
  copies.killed = await copyOf(at.folder);
});

afterAll(async () => {
  for (const folder of Object.values(copies)) await rm(folder, { recursive: true });
});

type Damage = (path: string) => Promise<void>;

const cutTo =
  (size: (from: number) => number, suffix = ''): Damage =>
  async (path) =>
    truncate(`${path}${suffix}`, size((await stat(`${path}${suffix}`)).size));

const overwrite =
  (from: number, to: number, suffix = ''): Damage =>
  async (path) => {
    const content = await readFile(`${path}${suffix}`);
    content.fill(0xaa, from, to);
    await writeFile(`${path}${suffix}`, content);
  };

describe('a damaged database', () => {
  it.each([
    ['cut to half', cutTo((size) => Math.floor(size / 2))],
    ['cut in the middle of a page', cutTo((size) => size - 1_000)],
    ['without its last page', cutTo((size) => size - 4_096)],
    ['cut to its header', cutTo(() => 100)],
    ['with garbage for its header', overwrite(16, 100)],
    ['with garbage for its first bytes', overwrite(0, 16)],
  ])('is refused with a code, unchanged, at every opening: %s', async (_what, damage) => {
    await using at = await world();
    await putInto(at.folder, copies.closed);
    await damage(at.path);
    const before = await readFile(at.path);
    for (let time = 0; time < 2; time++) {
      const error = await at.open().catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'SPOOL_CORRUPT', message: expect.stringMatching(/Restore a backup|restore a backup/) });
      expect(said(error)).not.toContain('text of');
      expect(await readFile(at.path)).toEqual(before);
    }
    await putInto(at.folder, copies.closed);
    const spool = await at.open();
    expect((await spool.counts()).spooled).toBe(200);
    expect(await readdir(at.folder)).not.toContain('spool.db-damaged');
  });

  it('is refused again after its log was checkpointed', async () => {
    await using at = await world();
    await putInto(at.folder, copies.killed);
    // A page of old entries, which are not in the log.
    await overwrite(10 * 4_096, 12 * 4_096)(at.path);
    await expect(at.open()).rejects.toMatchObject({ code: 'SPOOL_CORRUPT' });
    await expect(at.open()).rejects.toMatchObject({ code: 'SPOOL_CORRUPT' });
  });

  it('is refused if it is empty but its log is not, and the log is kept', async () => {
    await using at = await world();
    await putInto(at.folder, copies.killed);
    await truncate(at.path);
    const log = await readFile(`${at.path}-wal`);
    await expect(at.open()).rejects.toMatchObject({ code: 'SPOOL_CORRUPT' });
    expect(await readFile(`${at.path}-wal`)).toEqual(log);
  });

  it('is replaced by a new one if it is empty, with a warning', async () => {
    await using at = await world();
    await writeFile(at.path, '');
    const warnings: Error[] = [];
    const spool = await at.open({ onWarning: (error) => warnings.push(error) });
    expect(await spool.counts()).toMatchObject({ spooled: 0 });
    expect(warnings).toMatchObject([{ code: 'SPOOL_CORRUPT', message: expect.stringContaining('existed and was empty') }]);
  });

  it('is not listed endlessly', async () => {
    await using at = await world();
    await putInto(at.folder, copies.closed);
    const { size } = await stat(at.path);
    const content = await readFile(at.path);
    // Of the right length, so it opens after a clean close; with half of its last page empty.
    await writeFile(at.path, content.fill(0, size - 2_000));
    const spool = await at.open();
    const listed = (async () => {
      let count = 0;
      for await (const _entry of spool.list()) if (++count > 1_000) throw new Error('listed without end');
      return count;
    })();
    await listed.catch((error: unknown) => expect(error).toMatchObject({ code: expect.stringMatching(/^SPOOL_/) }));
  });
});

describe('a damaged log', () => {
  it.each([
    ['cut to half', cutTo((size) => Math.floor(size / 2), '-wal')],
    ['cut in its last frame', cutTo((size) => size - 1_000, '-wal')],
    ['with garbage in its middle', overwrite(100_000, 100_100, '-wal')],
    ['with garbage for its shared memory', overwrite(0, 32_768, '-shm')],
  ])('keeps what was written before the damage: %s', async (_what, damage) => {
    await using at = await world();
    await putInto(at.folder, copies.killed);
    await damage(at.path);
    const spool = await at.open();
    const { spooled } = await spool.counts();
    expect(spooled).toBeGreaterThan(200);
    const ids: string[] = [];
    for await (const { id } of spool.list()) ids.push(id);
    expect(ids).toEqual([...some('old', 200), ...some('new', spooled - 200)].map(({ id }) => id));
    expect((await spool.append([own('after')]))[0]?.status).toBe('appended');
  });
});

async function copyOf(folder: string): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), 'offline-im-copy-'));
  await putInto(copy, folder);
  return copy;
}

async function putInto(folder: string, from: string): Promise<void> {
  for (const name of await readdir(from)) await copyFile(join(from, name), join(folder, name));
}
