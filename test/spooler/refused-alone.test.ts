/** One result that the storage refuses for good holds up its own note, and what comes after it in its conversation: nothing else of its request. */
import { describe, expect, it } from 'vitest';
import { nextTurn, sleep } from '../../src/core/clock.ts';
import { OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import type { Settlement, SpoolStorage } from '../../src/spool/contract.ts';
import { FileSpool } from '../../src/spool/file/file-spool.ts';
import { MemorySpool } from '../../src/spool/journaled/memory-spool.ts';
import { sharded } from '../../src/spool/sharded/sharded.ts';
import { Room } from '../../src/spooler/claim-round.ts';
import { notesAtWork } from '../../src/spooler/options.ts';
import { SqliteSpool } from '../../src/sqlite.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';
import type { DeliveryOutcome, Note } from '../../src/transport/contract.ts';
import { world } from '../spool/sqlite/support.ts';
import { ForgetfulDisk } from '../support/forgetful-disk.ts';
import { aliceSends } from '../support/sender-fixture.ts';
import { newEntry } from '../support/spool-entries.ts';

const minute = 60_000;
const to = (name: string) => ({ to: `sip:${name}@contoso.com`, text: 'x', messageId: name });
const names = (count: number): readonly string[] => Array.from({ length: count }, (_, n) => `user${n}`);
const noteOf = ({ token }: Settlement): string => token.split('/').at(-1)?.split(':')[0] ?? '';

/** A sender whose storage refuses, for as long as a test wants, every call with a result of a message that begins with `poison`. */
function poisoned(options: Parameters<typeof aliceSends>[0] = {}, spool: SpoolStorage = new MemorySpool()) {
  const poison = new Set<string>();
  const state = { refuses: true, down: false, calls: [] as number[] };
  const settle = spool.settle.bind(spool);
  Object.assign(spool, {
    settle: (settlements: readonly Settlement[]) => {
      state.calls.push(settlements.length);
      const isRefused = state.refuses && settlements.some((one) => one.to !== 'unclaim' && poison.has(noteOf(one)));
      return isRefused || state.down ? Promise.reject(new Error('This row can not be written.')) : settle(settlements);
    },
  });
  const fixture = aliceSends({ spool, pickupDelay: 0, ...options });
  const marks = (note: Note): void => {
    if (note.to[0]?.address.startsWith('poison') === true) poison.add(note.id);
  };
  fixture.transport.answer = (note): DeliveryOutcome => {
    marks(note);
    return { status: 'delivered', messageClass: note.messageClass };
  };
  const deliveredIds = (): string[] => fixture.eventsOf('message:delivered').map(({ messageId }) => messageId);
  return { ...fixture, state, marks, deliveredIds };
}

describe('a result that the storage refuses', () => {
  it('holds up no other of its request, nor what comes after those; once it is taken, nothing was sent or told twice', async () => {
    const { sender, transport, clock, eventsOf, state, deliveredIds } = poisoned();
    await sender.start();
    await sender.sendMany(['alice', 'poison', 'carol', 'dan'].map(to));
    await clock.advance(1_000);
    expect([transport.batches.map((batch) => batch.length), deliveredIds().sort()]).toEqual([[4], ['alice', 'carol', 'dan']]);
    await sender.send({ ...to('carol'), messageId: 'carol again' });
    await sender.send({ ...to('poison'), messageId: 'behind it' });
    await clock.advance(1_000);
    expect(deliveredIds().slice(3)).toEqual(['carol again']);
    await clock.advance(3_600_000);
    expect((await sender.stats()).states).toMatchObject({ delivered: 4, delivering: 1, spooled: 1, unconfirmed: 0 });
    state.refuses = false;
    await clock.advance(minute);
    expect(deliveredIds().slice(3)).toEqual(['carol again', 'poison', 'behind it']);
    expect([transport.delivered.length, transport.probed.length]).toEqual([6, 0]);
    const named = eventsOf('warning').map(({ error }) => (error as OfflineImError).details);
    expect(named.at(-1)).toEqual({ messageIds: ['poison'] });
    await sender.stop();
  });

  it('that is no delivery holds up none either', async () => {
    const { sender, transport, clock, eventsOf, marks } = poisoned();
    const error = new OfflineImError('EWS_ERROR', 'It failed.');
    transport.answer = (note) => {
      marks(note);
      return { status: 'rejected', scope: 'note', splittable: false, draft: 'none', error };
    };
    await sender.start();
    await sender.sendMany(['poison', 'bob', 'carol'].map(to));
    await clock.advance(1_000);
    expect(new Set(eventsOf('message:dead').map(({ messageId }) => messageId))).toEqual(new Set(['bob', 'carol']));
    await clock.advance(3_600_000);
    expect((await sender.stats()).states).toMatchObject({ dead: 2, delivering: 1 });
    expect(transport.delivered).toHaveLength(3);
    await Promise.all([sender.stop({ timeout: 0 }), clock.advance(minute)]);
  });

  it('holds up none of fifty where many others are refused too', async () => {
    const { sender, clock, deliveredIds } = poisoned();
    await sender.start();
    const all = names(50).map((name, n) => (n % 5 < 3 ? `poison${n}` : name));
    await sender.sendMany(all.map(to));
    await clock.advance(3 * minute);
    expect(deliveredIds().sort()).toEqual(all.filter((name) => !name.startsWith('poison')).sort());
    await Promise.all([sender.stop({ timeout: 0 }), clock.advance(minute)]);
  });

  it('takes one place, so that many requests with one each stop nothing', async () => {
    const { sender, clock, deliveredIds } = poisoned({
      lease: { duration: 600_000, renewEvery: 300_000 },
      concurrencyPerMailbox: 27,
    });
    await sender.start();
    for (let request = 0; request < 25; request++) {
      await sender.sendMany([`poison${request}`, ...names(49).map((name) => `${name}of${request}`)].map(to));
      await clock.advance(1_000);
    }
    expect(deliveredIds()).toHaveLength(25 * 49);
    await Promise.all([sender.stop({ timeout: 0 }), clock.advance(minute)]);
  });

  it('costs four calls per try at most while nothing at all can be written', async () => {
    const { sender, clock, state, deliveredIds, transport } = poisoned();
    await sender.start();
    state.down = true;
    await sender.sendMany(names(50).map(to));
    await clock.advance(10 * minute);
    expect(state.calls.length).toBeLessThan(4 * 70);
    state.down = false;
    await clock.advance(minute);
    expect([deliveredIds().length, transport.delivered.length]).toEqual([50, 50]);
    await sender.stop();
  });

  it('is told once where the answer of a try was lost, alone or with others', async () => {
    const spool = new MemorySpool();
    const { sender, clock, deliveredIds, transport } = poisoned({}, spool);
    const settle = spool.settle.bind(spool);
    let calls = 0;
    spool.settle = async (settlements) => {
      calls += 1;
      // The third call is the first one for a single result.
      const result = await settle(settlements);
      if (calls % 3 === 0) throw new Error('Connection terminated');
      return result;
    };
    await sender.start();
    await sender.sendMany(['poison', 'bob', 'carol', 'dan', 'poison2', 'eve'].map(to));
    await clock.advance(5 * minute);
    expect(deliveredIds().sort()).toEqual(['bob', 'carol', 'dan', 'eve']);
    expect(transport.delivered).toHaveLength(6);
    await Promise.all([sender.stop({ timeout: 0 }), clock.advance(minute)]);
  });

  it('is told where the answer of a try was lost and the others take so long that its lease is over by its next turn', async () => {
    const spool = new MemorySpool();
    const { sender, clock, deliveredIds, transport } = poisoned({ concurrencyPerMailbox: 1 }, spool);
    const settle = spool.settle.bind(spool);
    let calls = 0;
    spool.settle = async (settlements) => {
      calls += 1;
      const isLost = calls === 4;
      await sleep(clock, 5_000);
      const result = await settle(settlements);
      if (isLost) throw new Error('Connection terminated');
      return result;
    };
    await sender.start();
    await sender.sendMany(['poison', ...names(49)].map(to));
    for (let n = 0; n < 120; n++) await clock.advance(5_000);
    expect(deliveredIds().sort()).toEqual([...names(49)].sort());
    expect([transport.delivered.length, transport.probed.length]).toEqual([50, 0]);
    await Promise.all([sender.stop({ timeout: 0 }), clock.advance(minute)]);
  });
});

describe('stop()', () => {
  it('that waits for nothing records what can be recorded all the same', async () => {
    const { sender, clock, transport, deliveredIds } = poisoned();
    const { answer } = transport;
    const answers = Promise.withResolvers<void>();
    transport.answer = async (note, options) => {
      await answers.promise;
      return answer(note, options);
    };
    await sender.start();
    await sender.sendMany(['poison', 'poison2', 'poison3', 'poison4', 'bob', 'carol'].map(to));
    await clock.advance(1_000);
    answers.resolve();
    await Promise.all([sender.stop({ timeout: 0 }), clock.advance(minute)]);
    expect(deliveredIds().sort()).toEqual(['bob', 'carol']);
  });

  it('waits until results are recorded, though a storage that fails comes back only then', async () => {
    const { sender, clock, state, deliveredIds, eventsOf } = poisoned();
    await sender.start();
    state.down = true;
    await sender.sendMany(names(20).map(to));
    await clock.advance(minute);
    const stopped = sender.stop({ timeout: 30_000 });
    await clock.advance(15_000);
    state.down = false;
    await clock.advance(15_000);
    await stopped;
    expect(deliveredIds()).toHaveLength(20);
    expect(eventsOf('warning').map(({ error }) => (error as OfflineImError).code)).not.toContain('STOP_INCOMPLETE');
  });
});

it('what one shard has recorded while another refused is told once, also where each is asked for alone', async () => {
  const [a, b] = [new MemorySpool(), new MemorySpool()];
  const lane = 'alice@contoso.com';
  const clock = new ManualClock();
  // As after a change of the set of shards: one mailbox in both.
  for (const [name, inner] of Object.entries({ a, b })) {
    await inner.open({ clock, tombstones: 86_400_000 });
    for (const id of ['1', '2', '3']) {
      const parts = {
        lane,
        messageId: `${name}${id}`,
        conversationId: `${name}${id}`,
        recipientsKey: `${name}${id}`,
        pickupIn: 0,
      };
      await inner.append([newEntry(`${name}${id}`, parts)]);
    }
    Object.assign(inner, { open: async () => {} });
  }
  const settle = b.settle.bind(b);
  let refused: string | undefined;
  b.settle = async (settlements) => {
    refused ??= settlements[0]?.token;
    if (settlements.some(({ token }) => token === refused)) throw new Error('This row can not be written.');
    return settle(settlements);
  };
  const { sender, transport, eventsOf } = aliceSends({ spool: sharded({ a, b }), clock, pickupDelay: 0 });
  await sender.start();
  await clock.advance(5_000);
  expect(transport.batches.map((batch) => batch.length)).toEqual([6]);
  const told = eventsOf('message:delivered').map(({ messageId }) => messageId);
  expect([told.length, new Set(told).size]).toEqual([5, 5]);
  await Promise.all([sender.stop({ timeout: 0 }), clock.advance(minute)]);
});

it('a SqliteSpool whose database refuses one row records the others', async () => {
  await using at = await world();
  await (await at.open()).close();
  const { sender, transport, clock, eventsOf } = aliceSends({ spool: new SqliteSpool({ path: at.path }), pickupDelay: 0 });
  const refused = (await sender.sendMany(names(8).map(to)))
    .slice(0, 5)
    .map((one) => 'receipt' in one && one.receipt.entries[0]?.id);
  const when = `new.id IN (${refused.map((id) => `'${id}'`).join()})`;
  at.raw((database) =>
    database.exec(`CREATE TRIGGER no_end BEFORE UPDATE OF ended_at ON entries WHEN ${when} BEGIN SELECT raise(ABORT, 'no'); END`),
  );
  const delivered = () => eventsOf('message:delivered').map(({ messageId }) => messageId);
  const until = async (isDone: () => boolean) => {
    for (let n = 0; n < 2_000 && !isDone(); n++) {
      await clock.advance(100);
      await nextTurn();
    }
  };
  await sender.start();
  await until(() => delivered().length === 3);
  expect(delivered()).toEqual(names(8).slice(5));
  at.raw((database) => database.exec('DROP TRIGGER no_end'));
  await until(() => delivered().length === 8);
  expect(delivered().sort()).toEqual(names(8));
  expect([transport.batches.map((batch) => batch.length), transport.probed.length]).toEqual([[8], 0]);
  await sender.stop();
});

it('a FileSpool that can not write the file of one note records the others', async () => {
  const layer = new ForgetfulDisk().layer();
  let poison: string | undefined;
  const create: typeof layer.create = async (path) => {
    const file = await layer.create(path);
    const write = async (data: Uint8Array): Promise<void> => {
      if (poison === undefined || !new TextDecoder().decode(data).includes(poison)) return file.write(data);
      throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
    };
    return { ...file, write };
  };
  const spool = new FileSpool({ root: '/spool', files: { ...layer, create } });
  const { sender, transport, clock, eventsOf } = aliceSends({ spool, pickupDelay: 0 });
  const error = new OfflineImError('EWS_ERROR', 'It is busy.');
  transport.answer = (note) => {
    poison ??= note.id;
    return { status: 'deferred', scope: 'note', error, retryAfter: 3_600_000 };
  };
  const deferred = () => eventsOf('message:deferred').map(({ messageId }) => messageId);
  await sender.start();
  await sender.sendMany(names(6).map(to));
  await clock.advance(10_000);
  expect(deferred()).toHaveLength(5);
  poison = 'no note';
  await clock.advance(minute);
  expect(deferred().sort()).toEqual(names(6));
  expect([transport.delivered.length, transport.probed.length]).toEqual([6, 0]);
  await sender.stop();
});

it('places are given back as results are recorded, before and after the others have left theirs', async () => {
  const clock = new ManualClock();
  const room = new Room(clock, minute, new AbortController().signal);
  room.take(50);
  const all = Promise.withResolvers<void>();
  let recorded = (_notes: number): void => {};
  const work = room.recording(
    50,
    (some) => {
      recorded = some;
      return all.promise;
    },
    () => {},
  );
  recorded(10);
  expect(room.left).toBe(notesAtWork - 40);
  await clock.advance(minute);
  expect(room.left).toBe(notesAtWork);
  recorded(39);
  room.take(notesAtWork);
  const aside = room.recording(
    notesAtWork,
    () => new Promise(() => {}),
    () => {},
  );
  await clock.advance(minute);
  // One place aside is taken: there is no room for so many others.
  expect(room.left).toBe(0);
  all.resolve();
  await work;
  expect(room.left).toBe(0);
  void aside;
});
