/** A later version ran, was rolled back, and this one opens its folder: that is refused, and the later one finds everything as it left it. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileSpool } from '../../../src/spool/file/file-spool.ts';
import { JournaledSpool } from '../../../src/spool/journaled/journaled-spool.ts';
import { ManualClock } from '../../../src/testing/manual-clock.ts';
import { claimRequest, newEntry, statesOf } from '../../support/spool-entries.ts';
import { FakeJournal } from '../journaled/fake-journal.ts';

let root: string;
let spool: FileSpool;
let reports: { readonly where: string; readonly error: Error }[];

async function open(): Promise<void> {
  spool = new FileSpool({ root });
  await spool.open({ clock: new ManualClock(), tombstones: 86_400_000, onCorrupt: (report) => reports.push(report) });
}

/** Every file with its content, except those of the process that has the spool open. */
async function snapshot(): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const item of await readdir(root, { recursive: true, withFileTypes: true })) {
    const path = join(item.parentPath, item.name);
    if (item.isFile() && !/\/(?:lock|owner)[^/]*$/.test(path)) files[path] = (await readFile(path)).toString('base64');
  }
  return files;
}

async function pathOf(pattern: RegExp): Promise<string> {
  const path = Object.keys(await snapshot()).find((one) => pattern.test(one));
  if (path === undefined) throw new Error(`There is no ${pattern}.`);
  return path;
}

const states = { waiting: 'spooled', dead: 'dead', ended: 'delivered', cancelled: 'cancelled', noted: 'unconfirmed' };

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'offline-im-'));
  reports = [];
  await open();
  const settle = async (id: string, to: 'delivered' | 'dead' | undefined) => {
    await spool.append([newEntry(id, { pickupIn: 0, conversationId: id })]);
    const [note] = await spool.claim(claimRequest());
    if (note === undefined) throw new Error('There is a note to claim.');
    if (to === 'delivered') await spool.settle([{ token: note.token, to }]);
    if (to === 'dead') await spool.settle([{ token: note.token, to, sent: 'no', reason: { code: 'EWS_ERROR', text: 'ErrorX' } }]);
  };
  await settle('dead', 'dead');
  await settle('ended', 'delivered');
  await spool.append([newEntry('cancelled', { conversationId: 'cancelled' })]);
  await spool.cancel(['cancelled']);
  await settle('noted', undefined);
  await spool.append([newEntry('waiting', { pickupIn: 0, conversationId: 'waiting' })]);
  await spool.admin?.pause({ lane: 'nobody@contoso.com', by: 'test' });
  await spool.close();
});

afterEach(async () => {
  await spool.close();
  await rm(root, { recursive: true });
});

const next = (content: string): string => content.replace(/"format":( ?)1/, '"format":$12');
/** In an entirely different form, as a later version may have it. */
const other = (): string => JSON.stringify({ format: 3, kind: 'bundle', data: ['AAAA'] });

describe('a file spool of a later version', () => {
  it.each<readonly [string, RegExp, (content: string) => string]>([
    ['a message that waits', /waiting\/m-waiting\.json$/, next],
    ['a message that waits, of another form', /waiting\/m-waiting\.json$/, other],
    ['a dead letter', /History Spooler\/m-dead\.json$/, next],
    ['a note', /notes\/.*\.json$/, next],
    ['a note of another form', /notes\/.*\.json$/, other],
    ['a tombstone before others', /tombstones\/.*\.ndjson$/, next],
    ['the last tombstone', /tombstones\/.*\.ndjson$/, (content) => `${content}${next(content.split('\n')[0] ?? '')}\n`],
  ])('is refused with SPOOL_VERSION for %s, and nothing is moved, written or removed', async (_what, pattern, change) => {
    const path = await pathOf(pattern);
    const content = await readFile(path, 'utf8');
    await writeFile(path, change(content));
    // Files that an older version would remove, set aside or rewrite.
    await writeFile(join(root, 'alice@contoso.com', 'History Spooler', 'waiting', '.offline-im-7.tmp'), 'begun');
    await writeFile(join(root, 'alice@contoso.com', 'History Spooler', 'waiting', 'm-broken.json'), 'no JSON');
    const before = await snapshot();
    for (let time = 0; time < 2; time++) {
      await expect(open()).rejects.toMatchObject({ code: 'SPOOL_VERSION', details: { root, path, known: 1 } });
      expect(await snapshot()).toEqual(before);
    }
    expect(reports).toEqual([]);
    await writeFile(path, content);
    await open();
    expect(await statesOf(spool)).toEqual(states);
  });

  it.each([
    ['what operators have said', 'admin.json', { version: 2, pause: [] }],
    ['the mark of a copy', 'copy.json', { format: 2, copies: {} }],
  ])('is refused for %s', async (_what, name, document) => {
    const path = join(root, '.offline-im', name);
    await writeFile(path, JSON.stringify(document));
    const before = await snapshot();
    await expect(open()).rejects.toMatchObject({ code: 'SPOOL_VERSION', details: { path, version: 2 } });
    expect(await snapshot()).toEqual(before);
  });

  it.each([
    ['a format that is no number', '"2"'],
    ['a format that is no whole number', '1.5'],
    ['no format', 'null'],
    ['an earlier format than any', '0'],
  ])('is not assumed for %s: that is a damaged file', async (_what, format) => {
    const path = await pathOf(/m-waiting\.json$/);
    await writeFile(path, (await readFile(path, 'utf8')).replace('"format": 1', `"format": ${format}`));
    await open();
    expect(reports.map(({ where }) => where)).toEqual([expect.stringContaining('corrupt')]);
  });

  it('has no file set aside while it is open, either', async () => {
    await open();
    const path = await pathOf(/m-waiting\.json$/);
    await writeFile(path, next(await readFile(path, 'utf8')));
    const written = await readFile(path, 'utf8');
    expect(await spool.claim(claimRequest())).toEqual([]);
    expect(reports.map(({ where }) => where)).toEqual([path]);
    await spool.close();
    expect(await readFile(path, 'utf8')).toBe(written);
    await expect(open()).rejects.toMatchObject({ code: 'SPOOL_VERSION' });
  });
});

describe('the admin document of a later version', () => {
  it('is neither read nor overwritten', async () => {
    const written: string[] = [];
    const admin = {
      read: async () => JSON.stringify({ version: 2, pause: {} }),
      write: async (document: string) => {
        written.push(document);
      },
    };
    const journal = Object.assign(new FakeJournal(), { admin, contents: { entries: [], notes: [] } });
    const later = new JournaledSpool({ name: 'fake', durable: true, journal });
    await later.open({ clock: new ManualClock(), tombstones: 1 });
    await expect(later.admin?.pause({ by: 'alice' })).rejects.toMatchObject({ code: 'SPOOL_VERSION' });
    expect(written).toEqual([]);
  });
});
