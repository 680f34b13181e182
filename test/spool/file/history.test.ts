import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileSpool } from '../../../src/spool/file/file-spool.ts';
import { packAttempts, packedStatus } from '../../../src/spool/rows/attempts.ts';
import type { EntryStatus } from '../../../src/spool/state/records.ts';
import { ManualClock } from '../../../src/testing/manual-clock.ts';
import { ForgetfulDisk } from '../../support/forgetful-disk.ts';
import { claimRequest, newEntry } from '../../support/spool-entries.ts';

const clock = new ManualClock();
const context = { clock, tombstones: 86_400_000 };
const reason = { code: 'OUTCOME_UNKNOWN', text: 'The server did not answer before the deadline.' } as const;

interface StoredMember {
  readonly status: { unknownAttempts: { readonly tag: string }[]; attempt: number };
}

describe('a note whose outcome stays unknown', () => {
  let root: string;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'offline-im-'));
  });

  afterEach(() => rm(root, { recursive: true }));

  async function manifestPath(): Promise<string> {
    const folder = join(root, 'alice@contoso.com', 'History Spooler', 'notes');
    const [name = ''] = (await readdir(folder)).filter((one) => one.endsWith('.json'));
    return join(folder, name);
  }

  async function unconfirmedNote(members: number): Promise<FileSpool> {
    const spool = new FileSpool({ root });
    await spool.open(context);
    await spool.append(Array.from({ length: members }, (_, index) => newEntry(`e${index}`)));
    const [note] = await spool.claim(claimRequest({ ignorePickup: true }));
    await spool.settle([{ token: note?.token ?? '', to: 'unconfirmed', after: 0, absent: false, counted: 0, reason }]);
    return spool;
  }

  it('is still probed with every attempt if its manifest, as written by 0.1.0, is larger than any message', async () => {
    await (await unconfirmedNote(100)).close();
    const path = await manifestPath();
    const manifest = JSON.parse(await readFile(path, 'utf8')) as { note: { attempt: number }; members: StoredMember[] };
    const attempts = 700;
    for (const { status } of manifest.members) {
      const [one] = status.unknownAttempts;
      const tag = (one?.tag ?? '').replace(/\d+$/, '');
      status.unknownAttempts = Array.from({ length: attempts }, (_, index) => ({ ...one, tag: `${tag}${index + 1}` }));
      status.attempt = attempts;
    }
    manifest.note.attempt = attempts;
    await writeFile(path, JSON.stringify(manifest, undefined, 2));
    expect((await stat(path)).size).toBeGreaterThan(16 * 1024 * 1024);

    const spool = new FileSpool({ root });
    await spool.open(context);
    expect(await spool.counts()).toMatchObject({ unconfirmed: 100, spooled: 0, dead: 0 });
    expect(await spool.claim(claimRequest({ ignorePickup: true }))).toEqual([]);
    const [probe] = await spool.claim(claimRequest({ kind: 'probe' }));
    expect(probe?.unknownAttempts).toHaveLength(attempts);
    await spool.settle([{ token: probe?.token ?? '', to: 'deferred', after: 0, failure: false, reason }]);
    expect((await stat(await manifestPath())).size).toBeLessThan(500_000);
    await spool.close();
  });

  it('costs as much at its hundredth attempt as at its tenth, and remembers all of them', async () => {
    const spool = await unconfirmedNote(10);
    const sizes: number[] = [];
    for (let attempt = 2; attempt <= 100; attempt++) {
      const [probe] = await spool.claim(claimRequest({ kind: 'probe' }));
      await spool.settle([{ token: probe?.token ?? '', to: 'deferred', after: 0, failure: false, reason }]);
      const [note] = await spool.claim(claimRequest());
      await spool.settle([{ token: note?.token ?? '', to: 'unconfirmed', after: 0, absent: false, counted: 0, reason }]);
      sizes.push((await stat(await manifestPath())).size);
    }
    expect((sizes.at(-1) ?? 0) - (sizes[8] ?? 0)).toBeLessThan(2_000);
    await spool.close();
    const next = new FileSpool({ root });
    await next.open(context);
    const entry = await next.get('e3');
    expect(entry?.unknownAttempts.map(({ tag }) => tag.replace(/.*:/, ''))).toEqual(
      Array.from({ length: 100 }, (_, index) => String(index + 1)),
    );
    await next.close();
  });
});

describe('attempts stored in a file', () => {
  const attempt = fc.record({
    tag: fc.oneof(
      fc.tuple(fc.constantFrom('n', 'other', 'a:b'), fc.integer({ min: 1, max: 9 })).map(([note, number]) => `${note}:${number}`),
      fc.constantFrom('n', ':1', 'n:01', 'n:x'),
    ),
    place: fc.record({ endpoint: fc.constantFrom('a', 'b'), mailbox: fc.constant('m'), folder: fc.constantFrom('f', '') }),
  });
  const ended = fc.constantFrom(undefined, 'fault', 'silence');
  const inARow = fc
    .array(fc.tuple(fc.constantFrom('f', 'g', 'h'), ended, fc.integer({ min: 1, max: 12 })), { maxLength: 20 })
    .map((parts) => parts.flatMap(([folder, end, times]) => Array.from({ length: times }, () => ({ folder, end }))))
    .map((parts) =>
      parts.map(({ folder, end }, index) => ({
        tag: `n:${index + 1}`,
        place: { ...here, folder },
        ...(end === undefined ? {} : { ended: end }),
      })),
    );
  const list = fc.oneof(
    inARow,
    fc.array(
      fc.tuple(attempt, ended).map(([one, end]) => (end === undefined ? one : { ...one, ended: end })),
      { maxLength: 30 },
    ),
  );

  it('come back as they were, in their order', () => {
    fc.assert(
      fc.property(list, (unknownAttempts) => {
        const status = { ...bare, unknownAttempts } as EntryStatus;
        expect(packedStatus(JSON.parse(JSON.stringify(packAttempts(status))), 'it')).toEqual(status);
      }),
    );
  });

  it.each([
    ['ends by turns', (number: number) => ({ place: here, ...(number % 2 === 0 ? {} : { ended: 'fault' as const }) })],
    ['place by turns', (number: number) => ({ place: { ...here, folder: number % 2 === 0 ? 'f' : 'g' } })],
    [
      'ends without order',
      (number: number) => ({ place: here, ...((number * number) % 7 < 3 ? {} : { ended: 'fault' as const }) }),
    ],
    ['many places', (number: number) => ({ place: { ...here, folder: `f${number % 36}` } })],
    [
      'long and short runs',
      (number: number) => ({ place: { ...here, folder: number % 40 < 20 || number % 2 === 0 ? 'f' : 'g' } }),
    ],
  ])('take one character each, and keep their order: %s', (_how, attemptOf) => {
    const size = (count: number) => {
      const unknownAttempts = Array.from({ length: count }, (_, index) => ({ tag: `n:${index + 1}`, ...attemptOf(index + 1) }));
      const status: EntryStatus = { ...bare, unknownAttempts } as never;
      const content = JSON.stringify(packAttempts(status), undefined, 2);
      expect(packedStatus(JSON.parse(content), 'it')).toEqual(status);
      return content.length;
    };
    expect(size(3_000) - size(1_000)).toBeLessThan(2_000 * 3);
  });

  it.each([
    [{ origins: [], runs: [[0, 1, 1]] }],
    [{ origins: [{ note: 'n', place: { endpoint: '', mailbox: '', folder: '' } }], runs: [[0, 1, 2 ** 50]] }],
    [{ origins: [{ note: 'n', place: { endpoint: '', mailbox: '', folder: '' } }], runs: [[0, 5, 4]] }],
    [{ origins: 1, runs: [] }],
    [7],
    [{ origins: [{ note: 'n', place: { endpoint: '', mailbox: '', folder: '' } }], runs: [['01', 1]] }],
    [{ origins: [{ note: 'n', place: { endpoint: '', mailbox: '', folder: '' } }], runs: [['0', 1, 1]] }],
    [{ origins: [{ note: 'n', place: { endpoint: '', mailbox: '', folder: '' } }], runs: [['0-', 1]] }],
    [{ origins: [{ note: 'n', place: { endpoint: '', mailbox: '', folder: '' } }], runs: [['', 1]] }],
  ])('are refused if they are %j', (earlierAttempts) => {
    expect(() => packedStatus({ ...bare, earlierAttempts }, 'it')).toThrow(/it\.earlierAttempts/);
  });
});

const here = { endpoint: 'e', mailbox: 'm', folder: 'f' };

const bare = {
  state: 'unconfirmed',
  rev: 1,
  order: 1,
  due: { at: 1, within: 1 },
  expiresAt: 1,
  single: false,
  unknownAttempts: [],
  cancelRequested: false,
  attempt: 1,
};

describe('a tombstone whose sync failed, found again on a full disk', () => {
  it('keeps its files until it is certainly on disk: a power cut brings the message back, to be probed', async () => {
    const disk = new ForgetfulDisk();
    const open = async () => {
      const spool = new FileSpool({ root: '/r', files: disk.layer() });
      await spool.open(context);
      return spool;
    };
    const entry = newEntry('a', { messageId: 'ticket-4711' });
    const first = await open();
    await first.append([entry]);
    const [note] = await first.claim(claimRequest({ ignorePickup: true }));
    disk.fault = (operation, path) => (operation === 'sync' && path.endsWith('.ndjson') ? 'EIO' : undefined);
    await expect(first.settle([{ token: note?.token ?? '', to: 'delivered' }])).rejects.toMatchObject({ code: 'SPOOL_FAILED' });
    disk.restart();
    disk.heal();
    disk.fault = (operation) => (operation === 'create' || operation === 'write' ? 'ENOSPC' : undefined);
    for (let times = 0; times < 2; times++) {
      const spool = await open();
      expect((await spool.findMessage('ticket-4711')).map(({ state }) => state)).toEqual(['delivered']);
      await spool.close();
      disk.restart();
    }
    disk.heal();
    disk.powerCut();
    const spool = await open();
    expect((await spool.findMessage('ticket-4711')).map(({ state }) => state)).toEqual(['unconfirmed']);
    expect(await spool.append([{ ...entry, id: 'b' }])).toMatchObject([{ status: 'duplicate' }]);
    await spool.close();
  });

  it('removes its files once there is room', async () => {
    const disk = new ForgetfulDisk();
    const files = disk.layer();
    const first = new FileSpool({ root: '/r', files });
    await first.open(context);
    await first.append([newEntry('a'), newEntry('b', { conversationId: 'other' })]);
    await first.cancel(['a']);
    disk.restart();
    disk.fault = (operation) => (operation === 'create' ? 'ENOSPC' : undefined);
    const spool = new FileSpool({ root: '/r', files: disk.layer() });
    await spool.open(context);
    disk.heal();
    await spool.hold(['b']);
    await spool.release(['b']);
    await spool.close();
    expect(disk.files().filter((path) => path.includes('waiting'))).toHaveLength(1);
    disk.restart();
    disk.powerCut();
    const again = new FileSpool({ root: '/r', files: disk.layer() });
    await again.open(context);
    expect((await again.findMessage('m-a')).map(({ state }) => state)).toEqual(['cancelled']);
    await again.close();
  });
});
