import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Settlement } from '../../../src/spool/contract.ts';
import { nodeFiles } from '../../../src/spool/file/disk/node-files.ts';
import { FileSpool } from '../../../src/spool/file/file-spool.ts';
import { ManualClock } from '../../../src/testing/manual-clock.ts';
import { claimRequest, newEntry, statesOf } from '../../support/spool-entries.ts';

const reason = { code: 'EWS_ERROR', text: 'Exchange said no.', serverCode: 'ErrorAccessDenied' } as const;

let root: string;
let clock: ManualClock;
let spool: FileSpool;
const corrupt: string[] = [];

async function open(): Promise<void> {
  spool = new FileSpool({ root });
  await spool.open({ clock, tombstones: 86_400_000, onCorrupt: ({ where }) => corrupt.push(where) });
}

async function reopen(): Promise<void> {
  await spool.close();
  await open();
}

async function settle(to: 'delivered' | 'cancelled' | 'held' | 'unclaim' | 'dead' | 'deferred' | 'unconfirmed' | 'split') {
  const notes = await spool.claim(claimRequest({ ignorePickup: true }));
  const rest = { sent: 'no', after: 1000, failure: true, absent: false, counted: 0, reason };
  await spool.settle(notes.map(({ token }) => ({ token, to, ...rest }) as Settlement));
}

beforeEach(async () => {
  root = join(await mkdtemp(join(tmpdir(), 'offline-im-')), 'root');
  clock = new ManualClock();
  corrupt.length = 0;
  await open();
});

afterEach(async () => {
  await spool.close();
  await rm(join(root, '..'), { recursive: true });
});

const spooler = () => join(root, 'alice@contoso.com', 'History Spooler');

async function files(folder: string): Promise<string[]> {
  const items = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return items.flatMap((item) => (item.isFile() ? [item.name] : [])).sort();
}

describe('FileSpool', () => {
  it.each([
    ['delivered', 'delivered'],
    ['cancelled', 'cancelled'],
    ['held', 'held'],
    ['dead', 'dead'],
    ['deferred', 'deferred'],
    ['unconfirmed', 'unconfirmed'],
    ['split', 'spooled'],
    ['unclaim', 'spooled'],
  ] as const)('is the same after a restart: %s', async (to, state) => {
    await spool.append([newEntry('a'), newEntry('b')]);
    await settle(to);
    const before = [await spool.get('a'), await spool.get('b')];
    expect(before[0]?.state).toBe(state);
    await reopen();
    expect([await spool.get('a'), await spool.get('b')]).toEqual(before);
    expect(corrupt).toEqual([]);
  });

  it('finds entries that were being delivered unconfirmed', async () => {
    await spool.append([newEntry('a')]);
    const [note] = await spool.claim(claimRequest({ ignorePickup: true }));
    await reopen();
    expect(await spool.get('a')).toMatchObject({
      state: 'unconfirmed',
      noteId: note?.noteId,
      unknownAttempts: [{ tag: note?.tag }],
    });
  });

  it('keeps the order of a conversation across a restart', async () => {
    const ids = Array.from({ length: 300 }, (_, index) => `entry-${(index * 7919) % 300}`);
    for (const id of ids) await spool.append([newEntry(id)]);
    await spool.hold([ids[0] ?? '']);
    await spool.release([ids[0] ?? '']);
    await reopen();
    const [note] = await spool.claim(claimRequest({ ignorePickup: true, maxEntries: 1000, maxBytes: 1e9 }));
    expect(note?.entries.map(({ id }) => id)).toEqual([...ids.slice(1), ids[0]]);
  });

  it('leaves dead messages readable in the History Spooler', async () => {
    await spool.append([newEntry('a', { messageId: 'ticket-4711' })]);
    expect(await files(join(spooler(), 'waiting'))).toEqual(['ticket-4711.json']);
    await settle('dead');
    expect(await files(spooler())).toEqual(['ticket-4711.json']);
    for (const empty of ['waiting', 'notes']) expect(await files(join(spooler(), empty))).toEqual([]);
    const content: unknown = JSON.parse(await readFile(join(spooler(), 'ticket-4711.json'), 'utf8'));
    expect(content).toMatchObject({
      entries: [{ status: { state: 'dead', reason }, message: { to: [{ address: 'bob@contoso.com' }], text: 'text of a' } }],
    });
    await spool.requeue(['a']);
    expect(await files(spooler())).toEqual([]);
    expect(await files(join(spooler(), 'waiting'))).toEqual(['ticket-4711.json']);
  });

  it('leaves no file of a dead message that is probed again', async () => {
    await spool.append([newEntry('a')]);
    const [note] = await spool.claim(claimRequest({ ignorePickup: true }));
    await spool.settle([{ token: note?.token ?? '', to: 'dead', sent: 'unknown', reason }]);
    await spool.requeue(['a']);
    expect(await files(spooler())).toEqual([]);
    expect(await files(join(spooler(), 'waiting'))).toEqual(['m-a.json']);
    await reopen();
    expect(await spool.get('a')).toMatchObject({ state: 'unconfirmed', unknownAttempts: [{ tag: note?.tag }] });
  });

  it('moves an entry to a file of its own when it diverges from the rest of its message', async () => {
    const parts = { messageId: 'both', contentHash: 'same' };
    await spool.append([newEntry('in', parts), newEntry('out', { ...parts, audience: 'federated' })]);
    await spool.hold(['out']);
    expect(await files(join(spooler(), 'waiting'))).toEqual(['both.json', 'both~~out.json']);
    await reopen();
    expect(await statesOf(spool)).toEqual({ in: 'spooled', out: 'held' });
    await spool.cancel(['in']);
    expect(await files(join(spooler(), 'waiting'))).toEqual(['both~~out.json']);
    await reopen();
    expect((await spool.findMessage('both')).map(({ id, state }) => [id, state])).toEqual([
      ['in', 'cancelled'],
      ['out', 'held'],
    ]);
  });

  it('keeps no text of finished messages', async () => {
    await spool.append([newEntry('a')]);
    await settle('delivered');
    await spool.close();
    const all = await readdir(root, { recursive: true, withFileTypes: true });
    for (const item of all.filter((one) => one.isFile())) {
      expect(await readFile(join(item.parentPath, item.name), 'utf8')).not.toContain('text of a');
    }
  });

  it.skipIf(process.platform === 'win32')('is accessible to its owner only', async () => {
    await spool.append([newEntry('a'), newEntry('b', { conversationId: 'other' })]);
    await spool.claim(claimRequest({ ignorePickup: true, limit: 1 }));
    await spool.cancel(['b']);
    const all = await readdir(root, { recursive: true, withFileTypes: true });
    expect(all.length).toBeGreaterThan(8);
    for (const item of all) {
      const { mode } = await stat(join(item.parentPath, item.name));
      expect([item.name, mode & 0o777]).toEqual([item.name, item.isFile() ? 0o600 : 0o700]);
    }
  });

  it.skipIf(process.platform === 'win32')('removes the permissions of others from existing folders', async () => {
    await spool.append([newEntry('a')]);
    await spool.close();
    const own = [spooler(), join(spooler(), 'waiting'), join(spooler(), 'notes'), join(root, '.offline-im')];
    for (const path of own) await chmod(path, 0o755);
    await chmod(root, 0o755);
    await open();
    for (const path of own) expect((await stat(path)).mode & 0o777).toBe(0o700);
    expect((await stat(root)).mode & 0o777).toBe(0o755);
  });

  // Such as exFAT: chmod() succeeds there without any effect.
  it.skipIf(process.platform === 'win32')('warns if the disk keeps no permissions', async () => {
    await spool.close();
    const path = join(root, '.offline-im');
    await chmod(path, 0o755);
    const warnings: string[] = [];
    spool = new FileSpool({ root, files: { ...nodeFiles, restrict: async () => {} } });
    await spool.open({ clock, tombstones: 86_400_000, onWarning: ({ message }) => warnings.push(message) });
    expect(warnings).toEqual([expect.stringMatching(/stores no file permissions.*umask=077/)]);
  });

  it('leaves other files alone', async () => {
    await spool.append([newEntry('a')]);
    await spool.close();
    const foreign = [join(root, 'Tracing.etl'), join(spooler(), 'product.dat'), join(spooler(), 'waiting', '.DS_Store')];
    await mkdir(join(root, 'Tracing'));
    for (const path of foreign) await writeFile(path, 'foreign');
    await open();
    for (const path of foreign) expect(await readFile(path, 'utf8')).toBe('foreign');
    expect(corrupt).toEqual([]);
  });

  it('removes incomplete files', async () => {
    await spool.append([newEntry('a')]);
    await spool.close();
    await writeFile(join(spooler(), 'waiting', '.offline-im-7.tmp'), '{"half":');
    await open();
    expect(await readdir(join(spooler(), 'waiting'))).toEqual(['m-a.json']);
  });

  it('keeps hostile ids and addresses under its root', async () => {
    const hostile = ['../../escape', 'CON', 'a/b', 'trailing.', 'UPPER', 'upper', 'x'.repeat(255), 'nul\0'];
    for (const [index, id] of hostile.entries()) {
      const entry = newEntry(`entry ${index} ${id}`, { messageId: id });
      const from = { ...entry.message.from, sip: `sip:${id}@contoso.com` };
      await spool.append([{ ...entry, message: { ...entry.message, from } }]);
    }
    await reopen();
    expect(Object.keys(await statesOf(spool))).toHaveLength(hostile.length);
    await settle('deferred');
    await reopen();
    for (const [index, id] of hostile.entries()) {
      expect(await spool.get(`entry ${index} ${id}`)).toMatchObject({ state: 'deferred', messageId: id });
    }
    expect(await readdir(join(root, '..'))).toEqual(['root']);
  });

  it('keeps any text unchanged', async () => {
    const texts = ['\ud83d\ude42 \u202eabc', '\ud800', '"]]>\u0000\u0001', '\u2028\ufeff', 'x'.repeat(32 * 1024)];
    for (const [index, text] of texts.entries()) {
      const entry = newEntry(`t${index}`);
      await spool.append([{ ...entry, message: { ...entry.message, text, html: text } }]);
    }
    await reopen();
    for (const [index, text] of texts.entries())
      expect((await spool.get(`t${index}`))?.message).toMatchObject({ text, html: text });
  });

  it('forgets a tombstone when it expires, and removes its lines', async () => {
    await spool.append([newEntry('a')]);
    await settle('delivered');
    expect((await spool.append([newEntry('a2', { messageId: 'm-a', contentHash: 'hash of a' })]))[0]?.status).toBe('duplicate');
    await clock.advance(90_000_000);
    await reopen();
    expect(await spool.findMessage('m-a')).toEqual([]);
    expect(await files(join(root, '.offline-im', 'tombstones'))).toEqual([]);
  });

  it('distinguishes a message from an earlier one with the same id, whose tombstone has expired but whose line remains', async () => {
    await spool.append([newEntry('old')]);
    await settle('delivered');
    await clock.advance(80_000_000);
    // Their tombstones keep the segment.
    await spool.append([newEntry('b'), newEntry('c')]);
    await spool.cancel(['b', 'c']);
    await clock.advance(10_000_000);
    await reopen();
    expect(await spool.findMessage('m-old')).toEqual([]);

    const parts = { messageId: 'm-old', contentHash: 'other content' } as const;
    const both = [newEntry('inside', parts), newEntry('outside', { ...parts, audience: 'federated' })];
    expect((await spool.append(both))[0]?.status).toBe('appended');
    await spool.cancel(['inside']);
    for (let openings = 0; openings < 2; openings++) {
      await reopen();
      expect((await spool.findMessage('m-old')).map(({ id }) => id).sort()).toEqual(['inside', 'outside']);
      const [again] = await spool.append(both);
      expect(again).toMatchObject({ status: 'duplicate', entries: [{ id: 'inside' }, { id: 'outside' }] });
    }
    expect(await statesOf(spool)).toEqual({ b: 'cancelled', c: 'cancelled', inside: 'cancelled', outside: 'spooled' });
  });

  it.each([[''], ['a\0b'], [7]])('refuses %j as a root', (bad) => {
    expect(() => new FileSpool({ root: bad as string })).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  });
});
