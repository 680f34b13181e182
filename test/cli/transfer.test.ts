import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { cp, link, mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { SqliteSpool } from '../../src/spool/sqlite/sqlite-spool.ts';
import { offlineImHere } from './in-process.ts';
import { offlineIm, program } from './offline-im.ts';
import { fill } from './running-sender.ts';

let filled: string;
let folder: string;
let spool: string;

beforeAll(async () => {
  filled = await mkdtemp(join(tmpdir(), 'offline-im-filled-'));
  await fill('sqlite', join(filled, 'spool.db'), false);
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offline-im-transfer-'));
  await cp(filled, folder, { recursive: true });
  spool = join(folder, 'spool.db');
});

afterAll(() => rm(filled, { recursive: true, force: true }));

afterEach(() => rm(folder, { recursive: true, force: true }));

const empty = async (name: string): Promise<string> => {
  const made = new SqliteSpool({ path: join(folder, name) });
  await made.open({ clock: systemClock, tombstones: 86_400_000 });
  await made.close();
  return join(folder, name);
};
const statesOf = async (where: string) => JSON.parse((await offlineImHere(['stats', '--spool', where, '--json'])).out).states;

describe('export overwrites nothing but an older export of the same messages', () => {
  it('refuses its own spool, other files, links, devices and folders, and then holds nothing', async () => {
    const file = (name: string) => join(folder, name);
    await writeFile(file('notes.txt'), 'precious');
    await writeFile(file('empty'), '');
    await mkdir(file('sub'));
    await symlink(file('notes.txt'), file('link'));
    await link(file('notes.txt'), file('hard'));
    const before = await statesOf(spool);
    for (const [name, why] of [
      ['spool.db', 'exists and is not an export'],
      ['spool.db-wal', 'companion files of a database'],
      ['notes.txt', 'exists and is not an export'],
      ['hard', 'exists and is not an export'],
      ['empty', 'exists and is not an export'],
      ['sub', 'is a folder'],
      ['link', 'is a link'],
      ['none/x.ndjson', 'its folder does not exist'],
      ['notes.txt/x.ndjson', 'its folder is a file'],
    ] as const) {
      const { code, out, err } = await offlineImHere(['export', file(name), '--spool', spool]);
      expect({ code, out, err }).toEqual({ code: 1, out: '', err: expect.stringContaining(why) });
    }
    expect(await offlineIm(['export', spool, '--spool', spool])).toMatchObject({ code: 1, out: '' });
    expect(await statesOf(spool)).toEqual(before);
    expect(await readFile(file('notes.txt'), 'utf8')).toBe('precious');
    expect((await readdir(folder)).filter((name) => name.includes('partial'))).toEqual([]);
  });

  it('refuses the export of another spool, which may be its only remains', async () => {
    const target = join(folder, 'out.ndjson');
    expect((await offlineImHere(['export', target, '--spool', spool])).code).toBe(0);
    expect((await offlineImHere(['export', target, '--spool', spool])).code).toBe(0);
    const text = await readFile(target, 'utf8');
    const { code, err } = await offlineImHere(['export', target, '--spool', await empty('other.db')]);
    expect(code).toBe(1);
    expect(err).toContain('messages that this spool does not know');
    expect(await readFile(target, 'utf8')).toBe(text);
  });
});

it('importing an export into its own spool reports that no other spool sends it, and exits with 1', async () => {
  const [out, back] = [join(folder, 'out.ndjson'), join(folder, 'back.ndjson')];
  const into = await empty('into.db');
  for (const [command, file, where] of [
    ['export', out, spool],
    ['import', out, into],
    ['export', back, into],
  ] as const)
    expect((await offlineImHere([command, file, '--spool', where])).code).toBe(0);
  const { code, out: told, err } = await offlineImHere(['import', back, '--spool', spool]);
  expect({ code, err }).toEqual({ code: 1, err: '' });
  expect(told).toMatch(
    /^0 messages were added, 4 were already there\.\n2 of them are held here for good and will not be sent from here, because this spool exported/,
  );
  const json = await offlineImHere(['import', back, '--spool', spool, '--json']);
  expect(json.code).toBe(1);
  expect(JSON.parse(json.out)).toMatchObject({ added: 0, known: 4, exported: ['waits', 'held'] });
});

it('two concurrent exports to one file leave a complete one, and partial files of a killed one are removed', async () => {
  const target = join(folder, 'out.ndjson');
  await writeFile(`${target}.999999999.partial`, 'half');
  await utimes(`${target}.999999999.partial`, 0, 0);
  const both = await Promise.all([1, 2].map(() => offlineIm(['export', target, '--spool', spool, '--copy'])));
  expect(both.map(({ code }) => code)).toEqual([0, 0]);
  expect((await readdir(folder)).filter((name) => name.includes('partial'))).toEqual([]);
  const into = await empty('into.db');
  const imports = await Promise.all([1, 2].map(() => offlineIm(['import', target, '--spool', into, '--json'])));
  expect(imports).toMatchObject([0, 0].map((code) => ({ code, err: '' })));
  const added = imports.map(({ out }) => (JSON.parse(out) as { added: number }).added);
  expect(added[0] ?? 0).toBe(4 - (added[1] ?? 0));
  expect(await statesOf(into)).toMatchObject({ held: 2, dead: 1, cancelled: 1 });
});

it.each(['export', 'import'])('%s that is killed at any time is completed by the next one', async (command) => {
  const target = join(folder, 'out.ndjson');
  const into = await empty('into.db');
  if (command === 'import') await offlineImHere(['export', target, '--spool', spool]);
  for (let ms = 0; ms < 400; ms += 80) {
    const child: ChildProcess = spawn(
      process.execPath,
      [program, command, target, '--spool', command === 'export' ? spool : into],
      { stdio: 'ignore' },
    );
    const ended = once(child, 'exit');
    setTimeout(() => child.kill('SIGKILL'), ms);
    await ended;
  }
  expect((await offlineImHere(['export', target, '--spool', spool])).code).toBe(0);
  expect((await offlineImHere(['import', target, '--spool', into])).code).toBe(0);
  expect(await statesOf(into)).toMatchObject({ spooled: 1, held: 1, dead: 1, cancelled: 1 });
  expect((await readdir(folder)).filter((name) => name.includes('partial'))).toEqual([]);
});

describe('import of a file that was made by hand adds nothing', () => {
  type Line = { entries: Record<string, unknown>[] };
  it.each<readonly [string, (line: Line) => unknown]>([
    ['no list', () => ({ entries: 'x' })],
    ['an empty list', () => ({ entries: [] })],
    ['null', () => ({ entries: [null] })],
    ['an unknown state', ({ entries: [one] }) => ({ entries: [{ ...one, state: 'delivering' }] })],
    ['no id', ({ entries: [one] }) => ({ entries: [{ ...one, id: undefined }] })],
    ['a waiting entry without a text', ({ entries: [one] }) => ({ entries: [{ ...one, message: undefined }] })],
    ['an invalid message', ({ entries: [one] }) => ({ entries: [{ ...one, message: null }] })],
    ['invalid attempts', ({ entries: [one] }) => ({ entries: [{ ...one, unknownAttempts: [{}] }] })],
    ['an invalid reason', ({ entries: [one] }) => ({ entries: [{ ...one, reason: 5 }] })],
    ['another line', () => 'hello'],
  ])('%s', async (_, change) => {
    const target = join(folder, 'out.ndjson');
    await offlineImHere(['export', target, '--spool', spool, '--copy']);
    const lines = (await readFile(target, 'utf8')).trimEnd().split('\n');
    const changed = [...lines.slice(0, -2), JSON.stringify(change(JSON.parse(lines[1] ?? '')))]
      .map((line) => `${line}\n`)
      .join('');
    const sha256 = createHash('sha256').update(changed).digest('hex');
    await writeFile(target, `${changed}${JSON.stringify({ end: true, messages: lines.length - 2, sha256 })}\n`);
    const into = await empty('into.db');
    const { code, err } = await offlineImHere(['import', target, '--spool', into]);
    expect(code).toBe(1);
    expect(err).toMatch(/is not an exported message|of an entry is not/);
    expect(err).toMatch(/\[(OPTION_INVALID|MESSAGE_INVALID)\]\n$/);
    expect(Object.values(await statesOf(into)).every((count) => count === 0)).toBe(true);
  });
});
