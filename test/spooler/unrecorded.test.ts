/** A storage that can't record some results, or none for a while, keeps no other note waiting for good, and nothing goes out twice. */
import { describe, expect, it } from 'vitest';
import { OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import type { Settlement, SpoolStorage } from '../../src/spool/contract.ts';
import { MemorySpool } from '../../src/spool/journaled/memory-spool.ts';
import { sharded } from '../../src/spool/sharded/sharded.ts';
import { Room } from '../../src/spooler/claim-round.ts';
import { notesAtWork } from '../../src/spooler/options.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';
import type { DeliveryOutcome, Note } from '../../src/transport/contract.ts';
import { aliceSends } from '../support/sender-fixture.ts';

const minute = 60_000;

/** A spool that rejects the settlements that a test refuses. */
function refusing(refuses: (settlement: Settlement) => boolean): SpoolStorage {
  const spool = new MemorySpool();
  const settle = spool.settle.bind(spool);
  return Object.assign(spool, {
    settle: (settlements: readonly Settlement[]) =>
      settlements.some(refuses) ? Promise.reject(new Error('This row can not be written.')) : settle(settlements),
  });
}

it('results that can never be recorded keep no place in their mailbox, and are recorded once they can be', async () => {
  const refused = new Set<string>();
  let refuses = true;
  const spool = refusing(({ to, token }) => refuses && to === 'delivered' && refused.has(token.split(':')[0] ?? ''));
  const { sender, transport, clock, eventsOf } = aliceSends({ spool, pickupDelay: 0 });
  transport.answer = (note) => {
    if (note.body.content.includes('poison')) refused.add(note.id);
    return { status: 'delivered', messageClass: note.messageClass };
  };
  await sender.start();
  // As many as the mailbox may have requests at a time.
  for (let n = 0; n < 4; n++) {
    await sender.send({ to: `sip:p${n}@contoso.com`, text: `poison ${n}` });
    await clock.advance(1_000);
  }
  await sender.send({ to: 'sip:late@contoso.com', text: 'late', messageId: 'late' });
  await clock.advance(10_000);
  expect(transport.delivered).toHaveLength(4);
  await clock.advance(3 * minute);
  expect(eventsOf('message:delivered')).toMatchObject([{ messageId: 'late' }]);
  await clock.advance(60 * minute);
  refuses = false;
  await clock.advance(minute);
  expect((await sender.stats()).states).toMatchObject({ delivered: 5, delivering: 0, unconfirmed: 0 });
  expect(eventsOf('message:delivered')).toHaveLength(5);
  expect([transport.delivered.length, transport.probed.length]).toEqual([5, 0]);
  await sender.stop();
});

it('a shard that records nothing while its notes fill every place keeps the others waiting for a lease at most', async () => {
  let down = false;
  const spool = sharded({ a: refusing(() => down), b: new MemorySpool() });
  const { sender, transport, clock, eventsOf } = aliceSends({
    ...{ spool, pickupDelay: 0, lease: { duration: 20_000, renewEvery: 5_000 } },
  });
  const mailboxes = Array.from({ length: 80 }, (_, n) => `user${n}@contoso.com`);
  const [ofA = [], ofB = []] = ['a', 'b'].map((name) => mailboxes.filter((mailbox) => spool.shardOf(mailbox) === name));
  const handedOver = Promise.withResolvers<void>();
  transport.answer = async (note) => {
    if (spool.shardOf(note.from.address) === 'a') await handedOver.promise;
    return { status: 'delivered', messageClass: note.messageClass };
  };
  const send = (mailbox: string, n: number) =>
    sender.send({ from: `sip:${mailbox}`, to: `sip:bob${n}@contoso.com`, text: 'x', messageId: `${mailbox} ${n}` });
  for (const mailbox of ofA) for (let n = 0; n < 40; n++) await send(mailbox, n);
  await sender.start();
  await clock.advance(1_000);
  expect(transport.delivered).toHaveLength(1_000);
  down = true;
  handedOver.resolve();
  const [first = ''] = ofB;
  await send(first, 0);
  await clock.advance(5_000);
  expect(eventsOf('message:delivered')).toEqual([]);
  await clock.advance(25_000);
  expect(eventsOf('message:delivered')).toMatchObject([{ messageId: `${first} 0` }]);
  down = false;
  await clock.advance(minute);
  expect((await sender.stats()).states).toMatchObject({ delivered: 40 * ofA.length + 1, delivering: 0, unconfirmed: 0 });
  expect(new Set(transport.delivered.map(({ id }) => id)).size).toBe(transport.delivered.length);
  await sender.stop();
});

describe('a result that can never be recorded', () => {
  const delivered = (note: Note): DeliveryOutcome => ({ status: 'delivered', messageClass: note.messageClass });

  /** A spool that never records the first note that goes out by `deliver`. */
  function poisoned(options: Parameters<typeof aliceSends>[0] = {}) {
    let poison = '';
    const spool = refusing(({ to, token }) => to === 'delivered' && token.split(':')[0] === poison);
    const fixture = aliceSends({ spool, pickupDelay: 0, ...options });
    const deliver = (note: Note): DeliveryOutcome => {
      poison ||= note.id;
      return delivered(note);
    };
    return { ...fixture, deliver };
  }

  const to = (name: string) => ({ to: `sip:${name}@contoso.com`, text: 'x', messageId: name });

  it('keeps the rest of its batch waiting for a lease at most, where a server gets one note per request', async () => {
    const { sender, transport, clock, eventsOf, deliver } = poisoned();
    const error = new OfflineImError('EWS_ERROR', 'It failed.');
    transport.answer = () => ({ status: 'unconfirmed', scope: 'note', error, ended: 'fault' });
    transport.answerProbe = (note) => ({ status: 'found', tags: note.unknownAttempts.map(({ tag }) => tag) });
    await sender.start();
    await sender.send(to('first'));
    await clock.advance(10_000);
    transport.answer = deliver;
    await sender.sendMany(['alice', 'bob', 'carol', 'dan'].map(to));
    await clock.advance(5 * minute);
    expect(eventsOf('message:delivered')).toHaveLength(3);
    expect(transport.batches.map((batch) => batch.length)).toEqual([1, 1, 1, 1, 1]);
    await Promise.all([sender.stop({ timeout: 0 }), clock.advance(minute)]);
  });

  it('keeps no note of its batch waiting whose hook answers later', async () => {
    const answer = Promise.withResolvers<'deliver'>();
    const { sender, transport, clock, eventsOf, deliver } = poisoned({
      beforeDelivery: (note) => (note.to[0]?.address.startsWith('late') === true ? answer.promise : 'deliver'),
    });
    transport.answer = deliver;
    await sender.start();
    await sender.sendMany(['early', 'late'].map(to));
    await clock.advance(10_000);
    answer.resolve('deliver');
    await clock.advance(5 * minute);
    expect(eventsOf('message:delivered').map(({ messageId }) => messageId)).toEqual(['late']);
    expect(transport.delivered).toHaveLength(2);
    await Promise.all([sender.stop({ timeout: 0 }), clock.advance(minute)]);
  });
});

it('a storage that never answers a settlement leaves no timer behind that would keep the process from ending after stop()', async () => {
  const spool = new MemorySpool();
  Object.assign(spool, { settle: () => new Promise(() => {}) });
  const { sender, clock, transport } = aliceSends({ spool, pickupDelay: 0 });
  await sender.start();
  await sender.send({ to: 'sip:bob@contoso.com', text: 'x' });
  await clock.advance(1_000);
  expect(transport.delivered).toHaveLength(1);
  await Promise.all([sender.stop({ timeout: 0 }), clock.advance(20_000)]);
  expect(clock.pending).toBe(0);
});

it('a batch whose results are not recorded leaves its mailbox, though there is no place beside so many others', async () => {
  const clock = new ManualClock();
  const room = new Room(clock, minute, new AbortController().signal);
  const [full, one] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  room.take(notesAtWork);
  const recorded = [
    room.recording(
      notesAtWork,
      () => full.promise,
      () => {},
    ),
  ];
  await clock.advance(minute);
  room.take(1);
  let left = 0;
  recorded.push(
    room.recording(
      1,
      () => one.promise,
      () => (left += 1),
    ),
  );
  await clock.advance(minute);
  expect([left, room.left]).toEqual([1, notesAtWork - 1]);
  full.resolve();
  one.resolve();
  await Promise.all(recorded);
  expect([room.left, clock.pending]).toEqual([notesAtWork, 0]);
});
