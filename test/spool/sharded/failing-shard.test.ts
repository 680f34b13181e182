import { describe, expect, it } from 'vitest';
import { OfflineImError, sharded } from '../../../src/index.ts';
import type { SpoolEntry, SpoolStorage } from '../../../src/spool/contract.ts';
import { FileSpool } from '../../../src/spool/file/file-spool.ts';
import { type Journal, JournalError } from '../../../src/spool/journaled/journal.ts';
import { JournaledSpool } from '../../../src/spool/journaled/journaled-spool.ts';
import { MemorySpool } from '../../../src/spool/journaled/memory-spool.ts';
import { Shard } from '../../../src/spool/sharded/shard.ts';
import { ManualClock } from '../../../src/testing.ts';
import { ForgetfulDisk } from '../../support/forgetful-disk.ts';
import { aliceSends } from '../../support/sender-fixture.ts';
import { claimRequest, newEntry } from '../../support/spool-entries.ts';
import { troubled } from './troubled.ts';

const claim = claimRequest({ limit: 30, perLane: 1, lease: 120_000 });

/** Three spools, each of which can be made to reject or to hang, and thirty mailboxes over them. */
async function scene() {
  const clock = new ManualClock();
  const trouble = new Map<string, 'reject' | Promise<void>>();
  const warnings: string[] = [];
  const inner = new Map(['a', 'b', 'c'].map((name) => [name, new MemorySpool()]));
  const spools = Object.fromEntries([...inner].map(([name, spool]) => [name, troubled(spool, () => trouble.get(name))]));
  const spool = sharded(spools);
  const mailboxes = Array.from({ length: 30 }, (_, index) => `user${index}@contoso.test`);
  const open = (): Promise<void> =>
    spool.open({ clock, tombstones: 86_400_000, onWarning: ({ message }) => warnings.push(message) });
  const shardOf = (mailbox: string): string => spool.shardOf(mailbox);
  const append = (mailbox: string, messageId = `to ${mailbox}`) =>
    spool.append([newEntry(spool.entryIdFor?.(mailbox, messageId) ?? messageId, { lane: mailbox, messageId, pickupIn: 0 })]);
  return { clock, trouble, warnings, spool, inner, mailboxes, open, shardOf, append };
}

async function listed(entries: AsyncIterable<SpoolEntry>): Promise<SpoolEntry[]> {
  const all: SpoolEntry[] = [];
  for await (const entry of entries) all.push(entry);
  return all;
}

/** A journal in memory whose writes can be made to fail. */
class FailingJournal implements Journal {
  openings = 0;
  fails: Error | undefined;

  async open() {
    this.openings += 1;
    return { entries: [], notes: [] };
  }

  async write(): Promise<void> {
    if (this.fails !== undefined) throw this.fails;
  }

  async read() {
    return new Map();
  }

  async close(): Promise<void> {}
}

describe('a failing shard', () => {
  it('does not affect the mailboxes of others, and is reported once', async () => {
    const { spool, trouble, warnings, mailboxes, open, append, shardOf } = await scene();
    await open();
    for (const mailbox of mailboxes) await append(mailbox);
    trouble.set('b', 'reject');
    const claimed = [...(await spool.claim(claim)), ...(await spool.claim(claim)), ...(await spool.claim(claim))];
    expect(claimed.map(({ lane }) => lane).sort()).toEqual(mailboxes.filter((one) => shardOf(one) !== 'b').sort());
    expect(warnings).toEqual(['The shard b is failing; its messages wait, and the other shards go on.']);
    await spool.close();
  });

  it('is asked again after a while, and then hands out its waiting entries', async () => {
    const { spool, trouble, mailboxes, open, append, shardOf, clock } = await scene();
    await open();
    for (const mailbox of mailboxes) await append(mailbox);
    trouble.set('b', 'reject');
    await spool.claim(claim);
    expect(await spool.nextDue({ only: mailboxes.filter((one) => shardOf(one) === 'b') })).toBeLessThanOrEqual(1_000);
    trouble.delete('b');
    await clock.advance(1_000);
    const notes = await spool.claim({ ...claim, lanes: { only: mailboxes.filter((one) => shardOf(one) === 'b') } });
    expect(notes.length).toBe(mailboxes.filter((one) => shardOf(one) === 'b').length);
    await spool.close();
  });

  it('fails only appends of its own messages, with an unknown outcome', async () => {
    const { spool, trouble, mailboxes, open, append, shardOf } = await scene();
    await open();
    trouble.set('b', 'reject');
    for (const mailbox of mailboxes) {
      const [result] = await append(mailbox);
      expect(result).toMatchObject(shardOf(mailbox) === 'b' ? { status: 'failed', kept: 'unknown' } : { status: 'appended' });
    }
    await spool.close();
  });

  it('makes it impossible to know that an id does not exist, unless another shard has it', async () => {
    const { spool, trouble, mailboxes, open, append, shardOf } = await scene();
    await open();
    const other = mailboxes.find((one) => shardOf(one) !== 'b') ?? '';
    await append(other, 'm1');
    trouble.set('b', 'reject');
    expect((await spool.findMessage('m1')).map(({ lane }) => lane)).toEqual([other]);
    await expect(spool.findMessage('m2')).rejects.toThrow('ECONNREFUSED');
    await expect(spool.get('an id of elsewhere')).rejects.toThrow('ECONNREFUSED');
    await expect(listed(spool.list())).rejects.toThrow('ECONNREFUSED');
    await spool.close();
  });

  it('is counted as when it last answered', async () => {
    const { spool, trouble, mailboxes, open, append } = await scene();
    await open();
    for (const mailbox of mailboxes) await append(mailbox);
    expect((await spool.counts()).spooled).toBe(30);
    trouble.set('b', 'reject');
    expect((await spool.counts()).spooled).toBe(30);
    await spool.close();
  });

  it('that is down at the start is opened later; the others work at once', async () => {
    const { spool, trouble, mailboxes, open, append, shardOf, clock } = await scene();
    trouble.set('c', 'reject');
    await open();
    const own = mailboxes.find((one) => shardOf(one) === 'c') ?? '';
    expect(await append(own)).toMatchObject([{ status: 'failed', kept: 'no' }]);
    trouble.delete('c');
    await clock.advance(30_000);
    expect(await append(own)).toMatchObject([{ status: 'appended' }]);
    await spool.close();
  });

  it('fails the opening only if all of them are down', async () => {
    const { trouble, open } = await scene();
    for (const name of ['a', 'b', 'c']) trouble.set(name, 'reject');
    await expect(open()).rejects.toThrow('ECONNREFUSED');
  });

  it('leaves its own claims as they are when claims are renewed: others may take them over by and by', async () => {
    const { spool, trouble, mailboxes, open, append, shardOf } = await scene();
    await open();
    for (const mailbox of mailboxes) await append(mailbox);
    const notes = [...(await spool.claim(claim)), ...(await spool.claim(claim)), ...(await spool.claim(claim))];
    const tokens = notes.map(({ token }) => token);
    trouble.set('b', 'reject');
    const error: unknown = await spool.renew([...tokens, 'a/gone:1'], 120_000).catch((thrown: unknown) => thrown);
    const renewed = notes.filter(({ lane }) => shardOf(lane) !== 'b').map(({ token }) => token);
    expect(error).toMatchObject({ code: 'SPOOL_FAILED', cause: { message: 'connect ECONNREFUSED' } });
    expect((error as OfflineImError).details.renewed).toEqual(expect.arrayContaining(renewed));
    expect((error as OfflineImError).details.renewed).toHaveLength(renewed.length);
    expect((error as OfflineImError).details.lost).toEqual(['a/gone:1']);
    trouble.delete('b');
    expect(await spool.renew([...tokens, 'a/gone:1', 'nowhere/gone:1'], 120_000)).toEqual(['nowhere/gone:1', 'a/gone:1']);
    await spool.close();
  });

  it('does not delay settlements of others, which are reported when the call is repeated', async () => {
    const { spool, trouble, mailboxes, open, append, shardOf } = await scene();
    await open();
    for (const mailbox of mailboxes) await append(mailbox);
    const notes = [...(await spool.claim(claim)), ...(await spool.claim(claim)), ...(await spool.claim(claim))];
    expect(notes).toHaveLength(30);
    const settlements = notes.map(({ token }) => ({ token, to: 'delivered' as const }));
    trouble.set('b', 'reject');
    await expect(spool.settle(settlements)).rejects.toThrow('ECONNREFUSED');
    expect((await listed(spool.list({ lane: mailboxes.find((one) => shardOf(one) === 'a') ?? '' })))[0]?.state).toBe('delivered');
    trouble.delete('b');
    const { lost, changes } = await spool.settle(settlements);
    expect(lost).toEqual([]);
    expect(changes.map(({ messageId, to }) => [messageId, to]).sort()).toEqual(
      mailboxes.map((one) => [`to ${one}`, 'delivered']).sort(),
    );
    await spool.close();
  });
});

describe('a shard that closed itself', () => {
  /** Two shards, one over a failing journal and one over a working one. */
  async function withJournal() {
    const [journal, clock] = [new FailingJournal(), new ManualClock()];
    const one = new JournaledSpool({ name: 'one', durable: true, journal });
    const spool = sharded({ one, two: new MemorySpool() });
    await spool.open({ clock, tombstones: 86_400_000 });
    const lane = Array.from({ length: 30 }, (_, index) => `user${index}@contoso.test`).find(
      (mailbox) => spool.shardOf(mailbox) === 'one',
    );
    if (lane === undefined) throw new Error('no mailbox is in that shard');
    const append = (id: string) =>
      spool.append([newEntry(spool.entryIdFor?.(lane, id) ?? id, { lane, messageId: id, pickupIn: 0 })]);
    return { spool, journal, append };
  }

  it('after an error of its storage is reopened at the next call', async () => {
    const { spool, journal, append } = await withJournal();
    await append('a');
    journal.fails = new JournalError('unknown', new Error('EIO: fsync'));
    expect(await append('b')).toMatchObject([{ status: 'failed', kept: 'unknown' }]);
    journal.fails = undefined;
    expect(await append('c')).toMatchObject([{ status: 'failed', kept: 'no', error: { code: 'SPOOL_CLOSED' } }]);
    expect(await append('d')).toMatchObject([{ status: 'appended' }]);
    expect(journal.openings).toBe(2);
    expect((await spool.counts()).spooled).toBeGreaterThan(0);
    await spool.close();
  });

  it('because another process has taken its storage stays closed', async () => {
    const { spool, journal, append } = await withJournal();
    journal.fails = new JournalError('unknown', new OfflineImError('SPOOL_CLOSED', 'Taken.'));
    for (const id of ['a', 'b', 'c', 'd']) expect(await append(id)).toMatchObject([{ status: 'failed' }]);
    journal.fails = undefined;
    expect(await append('e')).toMatchObject([{ status: 'failed', error: { code: 'SPOOL_CLOSED' } }]);
    expect(journal.openings).toBe(1);
    await spool.close();
  });
});

it('a delivery that a shard could not record since it closed itself is recorded once it is open again, and neither probed nor sent again', async () => {
  const disk = new ForgetfulDisk();
  const spool = sharded({ one: new FileSpool({ root: '/spool', files: disk.layer() }), two: new MemorySpool() });
  const { sender, transport, clock, eventsOf } = aliceSends({ spool, pickupDelay: 0 });
  await sender.start();
  const from = Array.from({ length: 30 }, (_, n) => `user${n}@contoso.com`).find((mailbox) => spool.shardOf(mailbox) === 'one');
  await sender.send({ from: `sip:${from}`, to: 'sip:bob@contoso.com', text: 'x', messageId: 'x' });
  transport.answer = async (note) => {
    // The loop sleeps by then, so that the settlement is the first call that finds the shard closed.
    await new Promise<void>((resolve) => clock.setTimer(resolve, 5_000));
    disk.fault = (operation) => (operation === 'sync' ? 'EIO' : undefined);
    return { status: 'delivered', messageClass: note.messageClass };
  };
  await clock.advance(5_050);
  expect([transport.delivered.length, eventsOf('message:delivered').length]).toEqual([1, 0]);
  disk.fault = undefined;
  await clock.advance(60_000);
  expect(eventsOf('message:delivered')).toMatchObject([{ messageId: 'x', foundByProbe: false }]);
  await clock.advance(3_600_000);
  expect([transport.delivered.length, transport.probed.length]).toEqual([1, 0]);
  await sender.stop();
});

it('a shard whose lock is lost lets requests for notes of the others be written, and none for its own', async () => {
  const [one, two] = [new MemorySpool(), new MemorySpool()];
  let isOurs = true;
  const spool = sharded({ one, two: Object.assign(two, { isOwner: () => isOurs }), three: new MemorySpool() });
  await spool.open({ clock: new ManualClock(), tombstones: 86_400_000 });
  expect([spool.isOwner?.(), spool.isOwner?.(['two/n:1'])]).toEqual([true, true]);
  isOurs = false;
  const asked = [undefined, ['two/n:1'], ['one/n:1', 'two/n:1'], ['one/n:1'], ['one/n:1', 'three/m:1']];
  expect(asked.map((claims) => spool.isOwner?.(claims))).toEqual([false, false, false, true, true]);
  await spool.close();
});

describe('watching', () => {
  it('includes a shard that was down at the start, and one that was reopened', async () => {
    const { spool, trouble, inner, open, append, mailboxes, shardOf, clock } = await scene();
    const watched: string[] = [];
    for (const [name, storage] of inner) {
      Object.assign(storage, {
        watch: () => {
          if (trouble.has(name)) throw new OfflineImError('SPOOL_CLOSED', 'It is not open.');
          watched.push(name);
          return () => watched.splice(watched.indexOf(name), 1);
        },
      });
    }
    trouble.set('c', 'reject');
    await open();
    const end = spool.watch?.(() => undefined);
    expect(watched).toEqual(['a', 'b']);
    trouble.delete('c');
    await clock.advance(30_000);
    await append(mailboxes.find((one) => shardOf(one) === 'c') ?? '');
    expect(watched).toEqual(['a', 'b', 'c']);
    end?.();
    expect(watched).toEqual([]);
    await spool.close();
  });
});

describe('a hanging shard', () => {
  /** The claim is over, and the shard answers it now. */
  async function answersTooLate() {
    const parts = await scene();
    const { spool, trouble, mailboxes, open, append, clock } = parts;
    await open();
    for (const mailbox of mailboxes) await append(mailbox);
    const hanging = Promise.withResolvers<void>();
    trouble.set('b', hanging.promise);
    const first = spool.claim(claim);
    await clock.advance(1_000);
    await first;
    hanging.resolve();
    trouble.delete('b');
    return parts;
  }

  it('delays no claim of the others; the next claim hands out what it claimed in the end', async () => {
    const { spool, trouble, mailboxes, open, append, shardOf, clock } = await scene();
    await open();
    for (const mailbox of mailboxes) await append(mailbox);
    const hanging = Promise.withResolvers<void>();
    trouble.set('b', hanging.promise);
    const first = spool.claim(claim);
    await clock.advance(1_000);
    expect((await first).every(({ lane }) => shardOf(lane) !== 'b')).toBe(true);
    trouble.delete('b');
    hanging.resolve();
    await clock.advance(0);
    const second = await spool.claim(claim);
    expect(second.length).toBeGreaterThan(0);
    expect(second.every(({ lane }) => shardOf(lane) === 'b')).toBe(true);
    expect((await spool.settle(second.map(({ token }) => ({ token, to: 'delivered' as const })))).lost).toEqual([]);
    await spool.close();
  });

  it('gets late notes back, as if they had never been claimed', async () => {
    const { spool, mailboxes, shardOf, clock } = await answersTooLate();
    await clock.advance(60_000);
    await spool.claim({ ...claim, limit: 1 });
    const states = await Promise.all(mailboxes.filter((one) => shardOf(one) === 'b').map((lane) => listed(spool.list({ lane }))));
    expect(
      states
        .flat()
        .map(({ state, attempt, unknownAttempts }) => [
          attempt <= 1,
          unknownAttempts.length,
          ['spooled', 'delivering'].includes(state),
        ]),
    ).toEqual(states.flat().map(() => [true, 0, true]));
    await spool.close();
  });

  it('gets back what it claimed before the machine slept: its leases may be over, though the monotonic clock stood still', async () => {
    const { spool, mailboxes, shardOf, clock, inner } = await answersTooLate();
    await clock.advance(0);
    clock.setWall(clock.now() + 3_600_000);
    const b = inner.get('b') as MemorySpool;
    const givenBack: string[] = [];
    const settle = b.settle.bind(b);
    Object.assign(b, {
      settle: (settlements: Parameters<typeof settle>[0]) => {
        givenBack.push(...settlements.map(({ to }) => to));
        return settle(settlements);
      },
    });
    await spool.claim(claim);
    expect(givenBack).toEqual(mailboxes.filter((one) => shardOf(one) === 'b').map(() => 'unclaim'));
    await spool.close();
  });
});

it('a reopened shard is closed in the end, whatever an earlier call results in', async () => {
  const disk = new OfflineImError('SPOOL_FAILED', 'The disk failed.');
  const closed = new OfflineImError('SPOOL_CLOSED', 'It closed itself.', { cause: disk });
  const calls = { open: 0, close: 0 };
  const storage = { open: async () => void calls.open++, close: async () => void calls.close++ };
  const shard = new Shard('a', storage as unknown as SpoolStorage<unknown>);
  await shard.open({ clock: new ManualClock(), tombstones: 60_000, onWarning: () => {} });
  const late = Promise.withResolvers<never>();
  const before = shard.ask(() => late.promise);
  await expect(shard.ask(() => Promise.reject(closed))).rejects.toBe(closed);
  expect(await shard.ask(async () => 'an answer')).toBe('an answer');
  late.reject(closed);
  await expect(before).rejects.toBe(closed);
  expect(await shard.ask(async () => 'another')).toBe('another');
  await shard.close();
  expect(calls).toEqual({ open: 2, close: 1 });
});
