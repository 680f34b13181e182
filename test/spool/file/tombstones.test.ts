/** A finished entry is only on disk once a few hundred others have ended since; no operation may reveal that. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FileSpool, nodeFiles } from '../../../src/file.ts';
import type { NewSpoolEntry, SpoolStorage } from '../../../src/spool/contract.ts';
import { ManualClock } from '../../../src/testing.ts';
import { ForgetfulDisk } from '../../support/forgetful-disk.ts';
import { claimRequest, newEntry, statesOf } from '../../support/spool-entries.ts';

const day = 86_400_000;
/** More than stay in memory. */
const many = 450;

const own = (id: string, parts: Partial<NewSpoolEntry> = {}) => newEntry(id, { pickupIn: 0, conversationId: id, ...parts });

/** A spool on a disk that counts what is read of it. */
async function scene({ parts = true } = {}) {
  const root = await mkdtemp(join(tmpdir(), 'offline-im-ended-'));
  const clock = new ManualClock();
  const reads: string[] = [];
  const { readPart, ...others } = nodeFiles;
  const files = {
    ...others,
    ...(parts && readPart !== undefined
      ? {
          readPart: (path: string, from: number, length: number) => {
            reads.push(path);
            return readPart(path, from, length);
          },
        }
      : {}),
  };
  const opened: FileSpool[] = [];
  return {
    clock,
    reads,
    async open() {
      const spool = new FileSpool({ root, files });
      opened.push(spool);
      await spool.open({ clock, tombstones: day });
      return spool;
    },
    async [Symbol.asyncDispose]() {
      for (const spool of opened) await spool.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}

async function deliver(spool: SpoolStorage, entries: readonly NewSpoolEntry[]): Promise<void> {
  for (let from = 0; from < entries.length; from += 250) {
    await spool.append(entries.slice(from, from + 250));
    const notes = await spool.claim(claimRequest({ limit: 250, perLane: 250 }));
    await spool.settle(notes.map(({ token }) => ({ token, to: 'delivered', messageClass: 'IPM.Note' })));
  }
}

const range = (count: number, name: string) => Array.from({ length: count }, (_, index) => own(`${name}${index}`));
const sweep = (spool: SpoolStorage) =>
  spool.expire({
    owner: 'run-1',
    closedLanes: [],
    allClosedFor: 0,
    giveUpAfter: 30 * day,
    reason: { code: 'EXPIRED', text: 'It expired.' },
  });

describe('a finished entry that is only on disk', () => {
  it.each([
    ['in parts of files', true],
    ['in whole files, where the disk can do no more', false],
  ])('is recognised, shown, counted and purged as before, also after a restart: read %s', async (_what, parts) => {
    await using at = await scene({ parts });
    let spool = await at.open();
    const people = Array.from({ length: 400 }, (_, index) => ({ address: `somebody.with.a.long.name.${index}@contoso.com` }));
    const wide = own('wide', { messageId: 'to "many" 人', message: { ...own('wide').message, to: people } });
    await deliver(spool, [wide, ...range(many, 'e')]);
    for (let time = 0; time < 2; time++) {
      const [again, other, both] = await Promise.all([
        spool.append([own('new', { messageId: 'm-e1', contentHash: 'hash of e1' })]),
        spool.append([own('new', { messageId: 'm-e2', contentHash: 'another' })]),
        spool.append([{ ...wide, id: 'new' }]),
      ]);
      expect(again).toMatchObject([
        { status: 'duplicate', entries: [{ id: 'e1', state: 'delivered', messageClass: 'IPM.Note' }] },
      ]);
      expect(other).toMatchObject([{ status: 'conflict' }]);
      expect(both).toMatchObject([{ status: 'duplicate', entries: [{ id: 'wide', to: people }] }]);
      const found = await Promise.all(Array.from({ length: many }, (_, index) => spool.findMessage(`m-e${index}`)));
      expect(found.flat().map(({ id }) => id)).toEqual(Array.from({ length: many }, (_, index) => `e${index}`));
      await expect(spool.get('e3')).resolves.toMatchObject({ id: 'e3', state: 'delivered' });
      await expect(spool.cancel(['e3'])).resolves.toEqual([]);
      const listed = new Set<string>();
      let count = 0;
      for await (const { id } of spool.list({ state: 'delivered' })) {
        listed.add(id);
        count += 1;
      }
      expect([listed.size, count, (await spool.counts()).delivered]).toEqual(Array(3).fill(many + 1 - time));
      if (time > 0) break;
      await expect(spool.purge(['e5'])).resolves.toMatchObject([{ entryId: 'e5', messageId: 'm-e5', to: 'purged' }]);
      await expect(spool.purge(['e5'])).resolves.toEqual([]);
      await spool.close();
      spool = await at.open();
      await expect(spool.get('e5')).resolves.toBeUndefined();
      await expect(spool.append([own('new', { messageId: 'm-e5', contentHash: 'hash of e5' })])).resolves.toMatchObject([
        { status: 'duplicate' },
      ]);
    }
  });

  it('is read only for a repetition of its own id', async () => {
    await using at = await scene();
    const spool = await at.open();
    await deliver(spool, range(many, 'e'));
    at.reads.length = 0;
    await deliver(spool, range(150, 'f'));
    // By chance, one in several thousand leads to a line of another.
    expect(at.reads.length).toBeLessThan(5);
    await spool.append([own('new', { messageId: 'm-e1', contentHash: 'hash of e1' })]);
    expect(at.reads.length).toBeGreaterThan(0);
  });

  it('is forgotten when its tombstone expires, not before, and its id is free again', async () => {
    await using at = await scene();
    let spool = await at.open();
    await deliver(spool, range(many, 'e'));
    await at.clock.advance(day / 2);
    await deliver(spool, range(many, 'f'));
    await at.clock.advance(day / 2 - 1);
    await sweep(spool);
    expect((await spool.counts()).delivered).toBe(2 * many);
    await at.clock.advance(1);
    await sweep(spool);
    expect((await spool.counts()).delivered).toBe(many);
    await expect(spool.append([own('again', { messageId: 'm-e1' })])).resolves.toMatchObject([{ status: 'appended' }]);
    await spool.close();
    spool = await at.open();
    expect(await spool.counts()).toMatchObject({ delivered: many, spooled: 1 });
    await at.clock.advance(day);
    await sweep(spool);
    expect(await spool.counts()).toMatchObject({ delivered: 0, spooled: 1 });
    await expect(spool.findMessage('m-e1')).resolves.toMatchObject([{ id: 'again', state: 'spooled' }]);
    await expect(spool.append([own('other', { messageId: 'm-f1' })])).resolves.toMatchObject([{ status: 'appended' }]);
  });

  it('is kept as long as another entry of its message waits', async () => {
    await using at = await scene();
    const spool = await at.open();
    const message = { messageId: 'two', contentHash: 'two' };
    await spool.append([own('first', message), own('second', { ...message, audience: 'federated', pickupIn: 3 * day })]);
    await deliver(spool, range(many, 'e'));
    await at.clock.advance(2 * day);
    await sweep(spool);
    await expect(spool.append([own('new', message)])).resolves.toMatchObject([{ status: 'duplicate' }]);
    await expect(spool.findMessage('two')).resolves.toMatchObject([{ state: 'delivered' }, { state: 'spooled' }]);
    await spool.cancel(['second']);
    await deliver(spool, range(many, 'f'));
    await at.clock.advance(day - 1);
    await sweep(spool);
    await expect(spool.append([own('new', message)])).resolves.toMatchObject([{ status: 'duplicate' }]);
    await at.clock.advance(1);
    await sweep(spool);
    await expect(spool.append([own('new', message)])).resolves.toMatchObject([{ status: 'appended' }]);
  });

  it('becomes delivered if a late answer says so', async () => {
    await using at = await scene();
    const spool = await at.open();
    const reason = { code: 'CONNECTION_LOST', text: 'The answer was lost.' } as const;
    await spool.append([own('late')]);
    const [note] = await spool.claim(claimRequest());
    const token = note?.token ?? '';
    await spool.settle([{ token, to: 'unconfirmed', after: 0, absent: false, counted: 0, reason }]);
    const [probe] = await spool.claim(claimRequest({ kind: 'probe' }));
    await spool.cancel(['late']);
    await spool.settle([{ token: probe?.token ?? '', to: 'cancelled' }]);
    await expect(spool.get('late')).resolves.toMatchObject({ state: 'cancelled' });
    await deliver(spool, range(many, 'e'));
    const { lost, changes } = await spool.settle([{ token, to: 'delivered', messageClass: 'IPM.Note' }]);
    expect([lost, changes]).toMatchObject([[token], [{ entryId: 'late', from: 'cancelled', to: 'delivered' }]]);
    expect(await spool.counts()).toMatchObject({ delivered: many + 1, cancelled: 0 });
  });

  it('is included in a backup, once', async () => {
    await using at = await scene();
    const spool = await at.open();
    await deliver(spool, range(many, 'e'));
    await using copy = await scene();
    const target = await mkdtemp(join(tmpdir(), 'offline-im-copy-'));
    await rm(target, { recursive: true });
    await spool.backup(target);
    const restored = new FileSpool({ root: target });
    await restored.open({ clock: copy.clock, tombstones: day });
    try {
      expect((await restored.counts()).delivered).toBe(many);
      await expect(restored.append([own('new', { messageId: 'm-e1', contentHash: 'hash of e1' })])).resolves.toMatchObject([
        { status: 'duplicate' },
      ]);
    } finally {
      await restored.close();
      await rm(target, { recursive: true, force: true });
    }
  });

  it('is read through a file layer that calls itself to read', async () => {
    const disk = new ForgetfulDisk();
    const parts = { ...disk.layer(), reads: 0 };
    const files = {
      ...parts,
      async readPart(path: string, from: number, length: number) {
        this.reads += 1;
        return ((await this.read(path, Number.MAX_SAFE_INTEGER)) ?? new Uint8Array()).slice(from, from + length);
      },
    };
    const spool = new FileSpool({ root: '/spool', files });
    await spool.open({ clock: new ManualClock(), tombstones: day });
    await deliver(spool, range(many, 'e'));
    const found = await Promise.all(Array.from({ length: many }, (_, index) => spool.findMessage(`m-e${index}`)));
    expect(found.flat()).toHaveLength(many);
    expect(files.reads).toBeGreaterThan(0);
  });

  it('is not sent again from a leftover file after its message id was reused and that message has ended too', async () => {
    const disk = new ForgetfulDisk();
    const clock = new ManualClock();
    const layer = disk.layer();
    let stuck = true;
    const files = {
      ...layer,
      async remove(path: string) {
        if (stuck && path.includes('first')) throw Object.assign(new Error('It is in use.'), { code: 'EBUSY' });
        await layer.remove(path);
      },
    };
    const message = { messageId: 'two', contentHash: 'two' };
    let spool = new FileSpool({ root: '/spool', files });
    await spool.open({ clock, tombstones: day });
    await spool.append([own('first', message), own('second', { ...message, audience: 'federated', pickupIn: day })]);
    // An entry that is dead and retried has a file of its own.
    const reason = { code: 'EXPIRED', text: 'It failed.' } as const;
    for (const { token } of await spool.claim(claimRequest())) await spool.settle([{ token, to: 'dead', sent: 'no', reason }]);
    await spool.requeue(['first']);
    await clock.advance(day);
    await deliver(spool, [own('x')]);
    expect(await statesOf(spool)).toMatchObject({ first: 'delivered', second: 'delivered' });
    await clock.advance(2 * day);
    await sweep(spool);
    await deliver(spool, [own('third', message), own('fourth', { ...message, audience: 'federated' })]);
    const ended = { third: 'delivered', fourth: 'delivered' };
    expect(await statesOf(spool)).toEqual(ended);
    for (const isStuck of [true, false, false]) {
      stuck = isStuck;
      await spool.close();
      spool = new FileSpool({ root: '/spool', files });
      await spool.open({ clock, tombstones: day });
      expect(await statesOf(spool)).toEqual(ended);
      expect(disk.files().some((path) => path.includes('first'))).toBe(isStuck);
    }
  });

  it('does not end a message accepted with the same id after it expired, as by an import', async () => {
    await using at = await scene();
    let spool = await at.open();
    await deliver(spool, range(4, 'e'));
    await at.clock.advance(day / 2);
    await deliver(spool, range(4, 'f'));
    await at.clock.advance(day / 2);
    await sweep(spool);
    await spool.append([own('e1'), own('e2')]);
    const restarted = async (): Promise<unknown> => {
      await spool.close();
      spool = await at.open();
      return Promise.all(['e1', 'e2'].map(async (id) => (await spool.get(id))?.state));
    };
    for (let time = 0; time < 2; time++) expect(await restarted()).toEqual(['spooled', 'spooled']);
    const reason = { code: 'CONNECTION_LOST', text: 'The answer was lost.' } as const;
    for (const { token, entries } of await spool.claim(claimRequest())) {
      const isFirst = entries[0]?.id === 'e1';
      await spool.settle([isFirst ? { token, to: 'delivered' } : { token, to: 'deferred', after: 0, failure: true, reason }]);
    }
    expect(await restarted()).toEqual(['delivered', 'deferred']);
    for (let time = 0; time < 2; time++) {
      // By then finished entries are only on disk.
      await deliver(spool, range(many, `g${time}`));
      const repeated = [own('new', { messageId: 'm-e1', contentHash: 'hash of e1' })];
      expect(await spool.append(repeated)).toMatchObject([{ status: 'duplicate', entries: [{ state: 'delivered' }] }]);
      expect(await restarted()).toEqual(['delivered', 'delivered']);
    }
  });
});
