import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { exportSpool } from '../../src/admin/export.ts';
import { openPartial } from '../../src/admin/export-partial.ts';
import { importSpool } from '../../src/admin/import.ts';
import type { SpoolStorage } from '../../src/spool/contract.ts';
import { FileSpool } from '../../src/spool/file/file-spool.ts';
import { MemorySpool } from '../../src/spool/journaled/memory-spool.ts';
import { SqliteSpool } from '../../src/spool/sqlite/sqlite-spool.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';
import { fullDisk } from '../support/full-disk.ts';
import { aliceSends } from '../support/sender-fixture.ts';
import { fill } from './fill.ts';

const quiet = { signal: new AbortController().signal, onProgress: () => undefined, copy: true };
const refusal = { code: 'OPTION_INVALID', message: expect.stringMatching(/messages that this spool does not know.*--overwrite/) };
const day = 86_400_000;

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offline-im-target-'));
  file = join(folder, 'spool.ndjson');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const kinds: Readonly<Record<string, (name: string) => SpoolStorage>> = {
  file: (name) => new FileSpool({ root: join(folder, name) }),
  sqlite: (name) => new SqliteSpool({ path: join(folder, `${name}.db`) }),
  memory: () => new MemorySpool(),
};

async function filled(kind = 'memory', name = 'source'): Promise<SpoolStorage> {
  const spool = kinds[kind]?.(name) as SpoolStorage;
  await fill(spool);
  await spool.open({ clock: new ManualClock(Date.now()), tombstones: day });
  return spool;
}

const idsOf = async (spool: SpoolStorage, messageId: string) => (await spool.findMessage(messageId)).map(({ id }) => id);

it.each(Object.keys(kinds))('an export of another %s spool with the same message ids is not overwritten', async (kind) => {
  const [one, other] = [await filled(kind, 'one'), await filled(kind, 'other')];
  await exportSpool(one, file, quiet);
  const before = await readFile(file, 'utf8');
  await expect(exportSpool(other, file, quiet)).rejects.toMatchObject(refusal);
  expect(await readFile(file, 'utf8')).toBe(before);
  await exportSpool(one, file, quiet);
  await exportSpool(other, file, { ...quiet, overwrite: true });
  expect(await readFile(file, 'utf8')).not.toContain((await idsOf(one, 'waits'))[0]);
  await Promise.all([one.close(), other.close()]);
});

it('a spool that has imported an export may overwrite it', async () => {
  const source = await filled();
  await exportSpool(source, file, { ...quiet, copy: false });
  const target = new MemorySpool();
  await target.open({ clock: new ManualClock(Date.now()), tombstones: day });
  await importSpool(target, file, quiet);
  await exportSpool(target, file, { ...quiet, copy: false });
});

it.each(Object.keys(kinds))('an export that holds a text purged from its %s spool since is not overwritten', async (kind) => {
  const spool = await filled(kind);
  await exportSpool(spool, file, quiet);
  const dead = await idsOf(spool, 'dead');
  await spool.purge(dead);
  expect(await spool.findMessage('dead')).toHaveLength(1);
  await expect(exportSpool(spool, file, quiet)).rejects.toMatchObject(refusal);
  expect(await readFile(file, 'utf8')).toContain('"text":"dead"');
  await spool.close();
});

it('an export replaces an older one that still holds entries delivered or cancelled since', async () => {
  const spool = await filled('sqlite');
  await exportSpool(spool, file, quiet);
  await spool.cancel([...(await idsOf(spool, 'waits')), ...(await idsOf(spool, 'dead'))]);
  await exportSpool(spool, file, quiet);
  await spool.close();
});

it('an export replaces an older one whose missing entries had ended; if they were waiting, only with overwrite', async () => {
  const spool = new MemorySpool();
  const clock = new ManualClock(Date.now());
  const { sender } = aliceSends({ spool, clock });
  await sender.send({ to: 'sip:bob@contoso.com', text: 'first', messageId: 'first' });
  await sender.flush();
  await sender.send({ to: 'sip:bob@contoso.com', text: 'second', messageId: 'second' });
  const waited = join(folder, 'waited.ndjson');
  await exportSpool(spool, waited, quiet);
  await sender.cancel('second');
  await exportSpool(spool, file, quiet);
  await exportSpool(forgetting(spool, 'first'), file, quiet);
  await expect(exportSpool(forgetting(spool, 'second'), waited, quiet)).rejects.toMatchObject(refusal);
  await exportSpool(forgetting(spool, 'second'), waited, { ...quiet, overwrite: true });
  expect(await readFile(waited, 'utf8')).not.toContain('"second"');
  await sender.stop();
});

/** A spool that has forgotten that message, as after a day. */
function forgetting(spool: MemorySpool, messageId: string): SpoolStorage {
  const get: SpoolStorage['get'] = async (id) => {
    const entry = await spool.get(id);
    return entry?.messageId === messageId ? undefined : entry;
  };
  const findMessage: SpoolStorage['findMessage'] = async (id) => (id === messageId ? [] : await spool.findMessage(id));
  return new Proxy(spool, {
    get(target, name) {
      if (name === 'get') return get;
      if (name === 'findMessage') return findMessage;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

it('an export of another spool is not overwritten, even if all its entries had ended: message ids count after a move', async () => {
  const spool = new MemorySpool();
  const clock = new ManualClock(Date.now());
  const { sender } = aliceSends({ spool, clock });
  await sender.send({ to: 'sip:bob@contoso.com', text: 'first', messageId: 'first' });
  await sender.flush();
  await exportSpool(spool, file, quiet);
  const before = await readFile(file, 'utf8');
  const other = new MemorySpool();
  await other.open({ clock, tombstones: day });
  await expect(exportSpool(other, file, quiet)).rejects.toMatchObject(refusal);
  expect(await readFile(file, 'utf8')).toBe(before);
  await exportSpool(other, file, { ...quiet, overwrite: true });
  // An empty export may always be overwritten.
  await exportSpool(spool, file, quiet);
  await sender.stop();
});

it('overwrite replaces exports only, never other files', async () => {
  const spool = await filled('sqlite');
  await writeFile(join(folder, 'notes.txt'), 'precious');
  await mkdir(join(folder, 'sub'));
  await exportSpool(spool, file, quiet);
  await symlink(file, join(folder, 'link'));
  for (const name of ['source.db', 'source.db-wal', 'notes.txt', 'sub', 'link']) {
    const done = exportSpool(spool, join(folder, name), { ...quiet, overwrite: true });
    await expect(done, name).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  }
  expect(await readFile(join(folder, 'notes.txt'), 'utf8')).toBe('precious');
  await spool.close();
});

it.each([
  ['a file', 'precious', /is not an export.*stay held/],
  ['an export of another spool', undefined, /does not know.*stay held/],
])('%s that appears during the export is kept', async (_, text, why) => {
  const [spool, other] = [await filled(), await filled()];
  await exportSpool(other, join(folder, 'other.ndjson'), quiet);
  const late = text ?? (await readFile(join(folder, 'other.ndjson'), 'utf8'));
  const findMessage = spool.findMessage.bind(spool);
  spool.findMessage = async (id) => {
    await writeFile(file, late);
    return findMessage(id);
  };
  await expect(exportSpool(spool, file, { ...quiet, copy: false })).rejects.toThrow(why);
  expect(await readFile(file, 'utf8')).toBe(late);
  expect((await readdir(folder)).filter((name) => name.includes('partial'))).toEqual([]);
  spool.findMessage = findMessage;
  await rm(file);
  await expect(exportSpool(spool, file, { ...quiet, copy: false })).resolves.toEqual({ messages: 7 });
});

it('partial files of living processes are kept, those of other containers until nobody has written to them for an hour', async () => {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  const [first, second] = [await openPartial(file), await openPartial(file)];
  expect(first.path).not.toBe(second.path);
  const [, space] = /\.([0-9a-f]{8})\.\d+\.[0-9a-f]{12}\.partial$/.exec(first.path) ?? [];
  const elsewhere = `${file}.${space === '00000000' ? '1' : '0'}0000000.1.0123456789ab.partial`;
  const living = first.path.replace(/[0-9a-f]{12}\.partial$/, '0123456789ab.partial');
  const deadElsewhere = elsewhere.replace('.1.', `.${child.pid}.`);
  const dead = `${file}.${space}.${child.pid}.0123456789ab.partial`;
  const old = elsewhere.replace('0123456789ab', 'ba9876543210');
  const another = join(folder, 'spool.ndjson.old.partial');
  for (const path of [elsewhere, deadElsewhere, dead, living, old, another]) await writeFile(path, 'half');
  for (const path of [living, old, another]) await utimes(path, 0, 0);
  const third = await openPartial(file);
  const left = (await readdir(folder)).map((name) => join(folder, name)).toSorted();
  expect(left).toEqual([first.path, second.path, third.path, living, elsewhere, deadElsewhere, another].toSorted());
  await Promise.all([first, second, third].map(({ output }) => output.close()));
});

it.each([true, false])(
  'a disk that is full before the export is whole says so, and whether anything is held; copy: %s',
  async (copy) => {
    await using disk = await fullDisk('file');
    const source = await filled();
    const path = join(disk.folder, 'spool.ndjson');
    await disk.fill();
    const held = copy ? '' : ' The messages waiting here stay held until you export again.';
    await expect(exportSpool(source, path, { ...quiet, copy })).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      message: expect.stringMatching(new RegExp(`can't be written: .*\\. Nothing was exported\\.${held}$`)),
    });
    expect((await readdir(disk.folder)).filter((name) => name.includes('ndjson'))).toEqual([]);
    await disk.free();
    await expect(exportSpool(source, path, { ...quiet, copy })).resolves.toEqual({ messages: 7 });
    await source.close();
  },
);
