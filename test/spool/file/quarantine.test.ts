import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileSpool } from '../../../src/spool/file/file-spool.ts';
import { ManualClock } from '../../../src/testing/manual-clock.ts';
import { claimRequest, newEntry, statesOf } from '../../support/spool-entries.ts';

let root: string;
let spool: FileSpool;
let reports: { readonly where: string; readonly error: Error }[];

const spooler = () => join(root, 'alice@contoso.com', 'History Spooler');
const waiting = (name: string) => join(spooler(), 'waiting', name);
const corrupt = () => readdir(join(spooler(), 'corrupt')).then((names) => names.sort());

async function open(): Promise<void> {
  spool = new FileSpool({ root });
  await spool.open({ clock: new ManualClock(), tombstones: 86_400_000, onCorrupt: (report) => reports.push(report) });
}

/** Changes a file as a failing disk or a curious person would. */
async function edit(path: string, change: (content: string) => string): Promise<void> {
  await writeFile(path, change(await readFile(path, 'utf8')));
}

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'offline-im-'));
  reports = [];
  await open();
  await spool.append([newEntry('a'), newEntry('b'), newEntry('c')]);
});

afterEach(async () => {
  await spool.close();
  await rm(root, { recursive: true });
});

describe('the quarantine of a file spool', () => {
  it.each<readonly [string, (content: string) => string]>([
    ['is empty', () => ''],
    ['is cut', (content) => content.slice(0, content.length / 2)],
    ['is not JSON', () => 'secret text'],
    ['is no object', () => '["secret text"]'],
    ['is of another kind', (content) => content.replace('"kind": "message"', '"kind": "note"')],
    ['lacks a field', (content) => content.replace('"contentHash"', '"contentHush"')],
    ['has a wrong type', (content) => content.replace('"order": 1', '"order": "1"')],
    ['has a revision that no one can count on from', (content) => content.replace(/"rev": \d+/, '"rev": 1e300')],
    ['has an unknown state', (content) => content.replace('"spooled"', '"sent"')],
    ['has a state that only a manifest has', (content) => content.replace('"spooled"', '"delivering"')],
    ['has a prototype', (content) => content.replace('"status": {', '"__proto__": {')],
    ['is too large', (content) => content + ' '.repeat(17 * 1024 * 1024)],
  ])('receives a file that %s, and the rest goes on', async (_what, change) => {
    await spool.close();
    await edit(waiting('m-a.json'), change);
    await open();
    expect(await statesOf(spool)).toEqual({ b: 'spooled', c: 'spooled' });
    expect(await corrupt()).toEqual(['m-a.json', 'm-a.json.reason.json']);
    expect(reports).toMatchObject([{ where: join(spooler(), 'corrupt', 'm-a.json'), error: { code: 'ENTRY_CORRUPT' } }]);
    for (const shown of [reports[0]?.error.message, await readFile(join(spooler(), 'corrupt', 'm-a.json.reason.json'), 'utf8')]) {
      expect(shown).not.toMatch(/secret text|text of a/);
    }
    await spool.close();
    await open();
    expect(reports).toHaveLength(1);
  });

  it('receives a file that is damaged while the spool is open, when it is to be sent', async () => {
    await writeFile(waiting('m-b.json'), 'x');
    const [note] = await spool.claim(claimRequest({ ignorePickup: true }));
    expect(note?.entries.map(({ id }) => id)).toEqual(['a', 'c']);
    expect(await corrupt()).toContain('m-b.json');
    expect(reports).toHaveLength(1);
  });

  it('reports a file that was removed', async () => {
    await rm(waiting('m-b.json'));
    const [note] = await spool.claim(claimRequest({ ignorePickup: true }));
    expect(note?.entries.map(({ id }) => id)).toEqual(['a', 'c']);
    expect(reports).toHaveLength(1);
  });

  it('makes the members of an unreadable manifest dead, and never sends them again', async () => {
    await spool.claim(claimRequest({ ignorePickup: true, maxEntries: 2 }));
    const [manifest] = await readdir(join(spooler(), 'notes'));
    await spool.close();
    await edit(join(spooler(), 'notes', manifest ?? ''), (content) => content.slice(0, -40));
    await open();
    expect(await statesOf(spool)).toEqual({ a: 'dead', b: 'dead', c: 'spooled' });
    expect((await spool.get('a'))?.reason?.code).toBe('OUTCOME_UNKNOWN');
    expect(await corrupt()).toContain(manifest);
    await spool.close();
    await open();
    expect(await statesOf(spool)).toEqual({ a: 'dead', b: 'dead', c: 'spooled' });
    expect(reports).toHaveLength(1);
  });

  it('reports a note member whose file is missing, and keeps the note for the others', async () => {
    await spool.claim(claimRequest({ ignorePickup: true }));
    await spool.close();
    await rm(waiting('m-a.json'));
    await open();
    expect(await statesOf(spool)).toEqual({ b: 'unconfirmed', c: 'unconfirmed' });
    expect(reports).toHaveLength(1);
  });

  it('does not prevent reading the rest of a tombstone log with a bad line', async () => {
    await spool.cancel(['a']);
    await spool.cancel(['b']);
    await spool.cancel(['c']);
    await spool.close();
    const folder = join(root, '.offline-im', 'tombstones');
    const [segment] = await readdir(folder);
    await edit(join(folder, segment ?? ''), (content) => content.replace(/\n.*\n/, '\n{"no tombstone":\n'));
    await open();
    expect(await statesOf(spool)).toEqual({ a: 'cancelled', c: 'cancelled' });
    expect(reports).toMatchObject([{ where: join(root, '.offline-im', 'corrupt', segment ?? '') }]);
    await spool.close();
    await open();
    expect(await statesOf(spool)).toEqual({ a: 'cancelled', c: 'cancelled' });
    expect(reports).toHaveLength(1);
  });

  it.skipIf(process.platform === 'win32')('follows no link', async () => {
    await spool.close();
    const outside = await mkdtemp(join(tmpdir(), 'offline-im-outside-'));
    await writeFile(join(outside, 'm-x.json'), await readFile(waiting('m-a.json'), 'utf8'));
    await symlink(join(outside, 'm-x.json'), waiting('m-x.json'));
    await mkdir(join(root, 'bob@contoso.com'));
    await symlink(outside, join(root, 'bob@contoso.com', 'History Spooler'));
    await open();
    expect(Object.keys(await statesOf(spool))).toEqual(['a', 'b', 'c']);
    expect(reports).toHaveLength(2);
    const entry = newEntry('of-bob');
    const from = { ...entry.message.from, sip: 'sip:bob@contoso.com' };
    const [result] = await spool.append([{ ...entry, message: { ...entry.message, from } }]);
    expect(result).toMatchObject({ status: 'failed', kept: 'no' });
    expect(await readdir(outside)).toEqual(['m-x.json']);
    await rm(outside, { recursive: true });
  });

  it('keeps files set aside earlier under the same name', async () => {
    for (const content of ['one', 'two']) {
      await spool.close();
      await writeFile(waiting('bad.json'), content);
      await open();
    }
    expect(await corrupt()).toEqual(['2~bad.json', '2~bad.json.reason.json', 'bad.json', 'bad.json.reason.json']);
    expect(await readFile(join(spooler(), 'corrupt', 'bad.json'), 'utf8')).toBe('one');
  });

  it('is not confused by a copy of a whole folder', async () => {
    const [note] = await spool.claim(claimRequest({ ignorePickup: true, maxEntries: 2 }));
    await spool.close();
    for (const name of ['a copy', 'z copy']) await cp(join(root, 'alice@contoso.com'), join(root, name), { recursive: true });
    await open();
    expect(await statesOf(spool)).toEqual({ a: 'unconfirmed', b: 'unconfirmed', c: 'spooled' });
    expect(await spool.get('a')).toMatchObject({ noteId: note?.noteId });
    expect((await readdir(join(spooler(), 'waiting'))).sort()).toEqual(['m-a.json', 'm-b.json', 'm-c.json']);
    expect(reports).toEqual([]);
  });

  it('does not count a copied file twice', async () => {
    await spool.close();
    await writeFile(waiting('copy of m-a.json'), await readFile(waiting('m-a.json'), 'utf8'));
    await open();
    expect(await statesOf(spool)).toEqual({ a: 'spooled', b: 'spooled', c: 'spooled' });
    expect(await readdir(join(spooler(), 'waiting'))).toHaveLength(3);
  });
});
