import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { exportSpool } from '../../src/admin/export.ts';
import { importSpool } from '../../src/admin/import.ts';
import { systemClock } from '../../src/core/clock.ts';
import { OfflineImSender } from '../../src/sender/sender.ts';
import { MemorySpool } from '../../src/spool/journaled/memory-spool.ts';
import { AdminReading } from '../../src/spool/sqlite/admin-read.ts';
import { SqliteSpool } from '../../src/spool/sqlite/sqlite-spool.ts';
import { fill } from '../admin/fill.ts';
import { FakeTransport } from '../support/fake-transport.ts';
import { offlineImHere } from './in-process.ts';
import { offlineIm } from './offline-im.ts';

let folder: string;
let path: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offline-im-cli-'));
  path = join(folder, 'spool.db');
  const sender = new OfflineImSender({
    identity: { sip: 'sip:alice@contoso.com' },
    client: { version: '16.0.6920.1000', mailboxLocation: 'on-premises' },
    spool: new SqliteSpool({ path }),
    transport: new FakeTransport(),
  });
  await sender.send({ to: 'sip:bob@contoso.com', text: 'Nobody who looks for it sees this.', messageId: 'one' });
  await sender.send({ to: 'sip:carol@contoso.com', text: 'Nor this.', messageId: 'two' });
  await sender.hold('two');
  await sender.stop();
});

afterAll(() => rm(folder, { recursive: true, force: true }));

it('--help names every command, and the help of each command its options and examples', async () => {
  const { code, out } = await offlineIm(['--help']);
  expect(code).toBe(0);
  const names = [...out.matchAll(/^ {2}([a-z-]+) {2,}\S/gm)].map(([, name = '']) => name);
  expect(names).toEqual(expect.arrayContaining(['stats', 'list']));
  for (const name of names) {
    const help = await offlineImHere([name, '--help']);
    expect(help.code).toBe(0);
    expect(help.out).toMatch(new RegExp(`Usage: offline-im ${name}[^]*Options:[^]*--json[^]*Examples:\\n {2}# `));
  }
});

it.each([
  ['20.20.2', 1],
  ['22.12.0', 1],
  ['22.13.0', 0],
  ['24.0.0', 0],
])('on Node %s the exit code is %i, and the output says which Node it needs', async (version, code) => {
  const is = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })`;
  const env = { NODE_OPTIONS: `--import "data:text/javascript,${encodeURIComponent(is).replaceAll("'", '%27')}"` };
  const ran = await offlineIm(['stats', '--spool', path], { env });
  expect(ran.code).toBe(code);
  expect(ran.err).toMatch(
    code === 0 ? /^$/ : /^offline-im: This program needs Node 22\.13 or newer; this is Node \S+ \(.+\)\.\n$/,
  );
});

it('stats counts by state, as JSON and for people', async () => {
  const json = await offlineIm(['stats', '--spool', path, '--json']);
  expect(json).toMatchObject({ code: 0, err: '' });
  expect(JSON.parse(json.out)).toMatchObject({ states: { spooled: 1, held: 1, dead: 0 } });
  const { out } = await offlineImHere(['stats'], { env: { OFFLINE_IM_SPOOL: path } });
  expect(out).toContain('spooled\t1\n');
});

it('stats at a terminal does not count per mailbox, which takes seconds in a large spool', async () => {
  const sums = vi.spyOn(AdminReading.prototype, 'sum');
  try {
    expect((await offlineImHere(['stats', '--spool', path])).code).toBe(0);
    expect((await offlineImHere(['doctor', '--spool', path])).code).toBe(0);
    expect(sums).not.toHaveBeenCalled();
    expect(JSON.parse((await offlineImHere(['stats', '--spool', path, '--json'])).out)).toMatchObject({ lanes: [{}] });
    expect(sums).toHaveBeenCalled();
  } finally {
    sums.mockRestore();
  }
});

it('list shows entries without their text', async () => {
  const all = await offlineImHere(['list', '--spool', path, '--json']);
  expect(JSON.parse(all.out)).toMatchObject({ entries: [{ messageId: 'one' }, { messageId: 'two', state: 'held' }] });
  expect(all.out).not.toContain('Nor this');
  const held = await offlineImHere(['list', '--spool', path, '--state', 'held']);
  expect(held.out.split('\n')).toHaveLength(3);
  expect(held.out).toContain('carol@contoso.com');
});

it('list continues from a cursor, with times relative to now, and refuses the cursor of another list', async () => {
  const part = (...more: string[]) => offlineImHere(['list', '--since', '1h', '--limit', '1', '--spool', path, ...more]);
  const first = await part();
  expect(first.out).toContain('bob@contoso.com');
  const [, cursor = ''] = /^There may be more: repeat with --cursor (\S+)\n$/.exec(first.err) ?? [];
  const second = await part('--cursor', cursor);
  expect(second.out).toContain('carol@contoso.com');
  expect(second.out).not.toContain('bob@contoso.com');
  const json = JSON.parse((await part('--json')).out);
  expect(json).toMatchObject({ entries: [{ messageId: 'one' }], more: true, cursor });
  const ids = [];
  for (let at: string | undefined = cursor; at !== undefined; ) {
    const page = JSON.parse((await offlineImHere(['list', '--limit', '1', '--cursor', at, '--json', '--spool', path])).out);
    ids.push(...page.entries.map(({ messageId }: { messageId: string }) => messageId));
    expect(page.more).toBe(page.cursor !== undefined);
    at = page.cursor;
  }
  expect(ids).toEqual(['two']);
  for (const wrong of [
    ['--state', 'held', '--cursor', cursor],
    ['--cursor', 'x'],
  ]) {
    const { code, out, err } = await part(...wrong);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(/^offline-im: --cursor does not belong to this list; expected one printed by an earlier part of it/);
  }
});

it.each([
  [['lst', '--spool', '.'], 'nearest one is list'],
  [['bogus'], 'Unknown command "bogus". Try'],
  [[''], 'Unknown command "". Try'],
  [['help', 'explian'], 'nearest one is explain'],
  [['pause', 'bob', '--spool', '.'], 'pause: "bob" is not an address'],
  [['retry-now', 'x y', '--spool', '.'], 'is not an address'],
  [['list', '--spool', '.', '--code', 'EXPIERD'], 'nearest one is EXPIRED'],
  [['list', '--spool', '.', '--code', 'NOPE'], 'such as OPTION_INVALID'],
  [['stats', '--spool', '.', '--schema', 'a"b'], 'all lower case'],
  [
    ['stats', '--spool', 'mysql://u:hunter2@host/db'],
    'There is no spool of the kind "mysql"; expected a folder, an SQLite file or a postgres:// URL',
  ],
  [['export', 'x', '--spool', 'mongodb+srv://u:hunter2@host/db'], 'no spool of the kind "mongodb+srv"'],
  [['check', '--spool', 'sqlite:spool.db'], 'Name an SQLite file by its path alone'],
  [['stats', '--spool', 'postgres:u:hunter2@host/db'], 'has no // after postgres:'],
  [['doctor', '--spool', 'postgres://[::1/db'], 'is not a valid URL'],
  [['stats', '--spool', 'host=localhost password=hunter2'], 'a list of settings, as psql takes it'],
  [['backup', 'x', '--spool', 'file:spool.db'], 'expected file:///'],
  [['migrate', '--spool', 'file://host/spool.db'], 'expected file:///'],
  [['list', '--spool', 'file:///var/spool.db#2'], 'write them as %3F and %23'],
  [['list', '--spool', 'postgres://u:1#hunter2@host/db'], 'write it as %23'],
  [['list', '--stat', 'dead'], "Unknown option '--stat'"],
  [['list', '--spool', '.', '--state', 'gone'], 'expected spooled'],
  [['list', '--spool', '.', '--limit', 'many'], 'whole number'],
  // Dates that Date.parse() takes for a day in 2001 would match everything that waits.
  [['cancel', '--spool', '.', '--yes', '--since', '5'], '--since is "5"; expected a time such as'],
  [['cancel', '--spool', '.', '--yes', '--since', 'yesterday 5'], '--since is "yesterday 5"; expected'],
  [['purge', '--spool', '.', '--until', '11/12/2026'], '--until is "11/12/2026"; expected'],
  [['list', '--spool', '.', '--since', '2026-02-30'], '--since is "2026-02-30"; expected'],
  [['list', '--spool', '.', '--limit', '-1'], 'argument is ambiguous. Try: offline-im list --help\n'],
  [['stats'], 'OFFLINE_IM_SPOOL'],
  [['list', '--spool', '.', 'dead'], 'not "dead"'],
  [['stats', '--spool', '.', '--fail-if', 'dead=>0'], 'a state and a number'],
  [['doctor', '--mailbox', 'a@contoso.test', '--username', 'a', '--password-env', 'PATH', '--url', 'exchange'], 'https:// URL'],
  [
    ['doctor', '--mailbox', 'a@contoso.test', '--username', 'a', '--password-env', 'PATH', '--url', 'http://a.test'],
    'not encrypted',
  ],
])('%j is a usage error: exit code 2', async (args, text) => {
  const { code, out, err } = await offlineImHere(args);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain(text);
  expect(err).not.toContain('hunter2');
});

it('a bulk change reports that more entries match than it changes: an operator must not take a thousand for all', async () => {
  const at = join(folder, 'many.db');
  const spool = new SqliteSpool({ path: at });
  await fill(spool);
  await spool.close();
  const cancel = (...args: string[]) =>
    offlineImHere(['cancel', '--mailbox', 'alice@contoso.com', '--spool', at, '--limit', '1', ...args]);
  expect((await cancel('--dry-run')).out).toContain(
    'cancel: 1 would be changed. More match, and would be left unchanged: use --limit N\n',
  );
  expect((await cancel('--yes')).out).toContain(
    'cancel: 1 changed. More match, and were left unchanged: repeat, or use --limit N\n',
  );
  let rounds = 0;
  for (let out = 'More match'; out.includes('More match') && rounds < 20; rounds += 1) ({ out } = await cancel('--yes'));
  expect((await cancel('--yes')).out).toMatch(/^cancel: 0 changed\n/);
});

it('a dry run with ids prints what would change and what would not, and changes nothing', async () => {
  const release = await offlineImHere(['release', 'one', 'two', '--dry-run', '--spool', path]);
  expect(release).toMatchObject({ code: 0, out: 'release: 1 would be changed\n' });
  expect(release.err).toMatch(/^\S+ is left unchanged: it is spooled\.\n$/);
  const json = await offlineImHere(['release', 'one', 'two', '--dry-run', '--json', '--spool', path]);
  expect(JSON.parse(json.out)).toEqual({
    verb: 'release',
    dryRun: true,
    matched: 1,
    refused: { spooled: 1 },
    more: false,
    changes: [],
  });
  const { out } = await offlineImHere(['stats', '--spool', path, '--json']);
  expect(JSON.parse(out)).toMatchObject({ states: { spooled: 1, held: 1 } });
});

it('a dry run never claims more than a real run does: exported entries are not released here', async () => {
  const copy = join(folder, 'exported.db');
  expect((await offlineImHere(['backup', copy, '--spool', path])).code).toBe(0);
  expect((await offlineImHere(['export', join(folder, 'out.ndjson'), '--spool', copy])).code).toBe(0);
  for (const dry of [['--dry-run'], ['--yes']]) {
    const { out } = await offlineImHere(['release', '--state', 'held', ...dry, '--json', '--spool', copy]);
    expect(JSON.parse(out)).toMatchObject({ matched: 0, refused: { held: 2 }, changes: [] });
  }
  const byId = await offlineImHere(['release', 'one', '--dry-run', '--spool', copy]);
  expect(byId.err).toContain('is held (EXPORTED)');
});

it('an entry waiting in a copy says so, and the advised commands release it', async () => {
  const copy = join(folder, 'copy.db');
  expect((await offlineImHere(['backup', copy, '--spool', path])).code).toBe(0);
  const inCopy = (...args: string[]) => offlineImHere([...args, '--spool', copy]);
  const { err } = await offlineImHere(['stats', '--spool', copy]);
  expect(err).toMatch(/^warning: .* is a restored copy: 1 entries .* To do: offline-im list --code SPOOL_RESTORED, .*\n$/);
  expect((await inCopy('list', '--code', 'SPOOL_RESTORED')).out).toContain('bob@contoso.com');
  const { out } = await inCopy('explain', 'one');
  expect(out).toMatch(/held: It is held until it is released, because it was copied from another spool/);
  expect((await inCopy('explain', 'two')).out).toMatch(/held: The host or an operator put it on hold/);
  expect((await inCopy('release', '--code', 'SPOOL_RESTORED', '-y')).out).toBe('release: 1 changed\n');
  expect(await inCopy('explain', 'one')).toMatchObject({ code: 0, err: '', out: expect.stringContaining(' spooled: ') });
});

it('the process exits with the code of its command line', async () => {
  expect(await offlineIm(['lst', '--spool', '.'])).toMatchObject({ code: 2, out: '', err: expect.stringContaining('list') });
});

it('no command ever creates a spool', async () => {
  const before = await readdir(folder);
  for (const where of [join(folder, 'missing.db'), folder]) {
    const { code, err } = await offlineImHere(['stats', '--spool', where, '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(err)).toMatchObject({ error: { code: 'SPOOL_ROOT_UNUSABLE' } });
  }
  expect(await readdir(folder)).toEqual(before);
});

it('a dry run of requeue tells whether an entry that may have been sent would be probed or sent', async () => {
  const source = new MemorySpool();
  await fill(source);
  await source.open({ clock: systemClock, tombstones: 86_400_000 });
  const file = join(folder, 'doubted.ndjson');
  await exportSpool(source, file, { copy: true, signal: new AbortController().signal, onProgress: () => undefined });
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n').slice(0, -1);
  const changed = lines.map(
    (line) => `${line.includes('"messageId":"unconfirmed"') ? line.replace('"state":"waiting"', '"state":"dead"') : line}\n`,
  );
  const sha256 = createHash('sha256').update(changed.join('')).digest('hex');
  await writeFile(file, `${changed.join('')}${JSON.stringify({ end: true, messages: lines.length - 1, sha256 })}\n`);
  const doubted = join(folder, 'doubted.db');
  const target = new SqliteSpool({ path: doubted });
  await target.open({ clock: systemClock, tombstones: 86_400_000 });
  await importSpool(target, file, { signal: new AbortController().signal, onProgress: () => undefined });
  await target.close();
  const requeue = (...args: string[]) => offlineImHere(['requeue', ...args, '--spool', doubted]);
  const looked = await requeue('unconfirmed', '--dry-run');
  expect(looked).toMatchObject({ code: 0, out: 'requeue: 1 would be changed\n' });
  expect(looked.err).toMatch(/may have been sent, and would be probed first: dead → unconfirmed\.\n$/);
  expect(JSON.parse((await requeue('unconfirmed', '--dry-run', '--json')).out)).toMatchObject({ matched: 1, lookedFor: 1 });
  const forced = await requeue('unconfirmed', '--dry-run', '--force');
  expect(forced).toMatchObject({ code: 0, out: 'requeue: 1 would be changed\n' });
  expect(forced.err).toMatch(/would be resent anyway: dead → spooled\.\n$/);
  expect((await requeue('dead', '--dry-run')).err).toBe('');
  expect((await requeue('unconfirmed')).out).toMatch(/\tdead → unconfirmed\n$/);
  expect((await requeue('dead')).out).toMatch(/\tdead → spooled\n$/);
});
