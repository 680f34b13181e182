/** A storage that can't record some results, or none for a while, keeps no other note waiting for good, and nothing goes out twice. */
import { expect, it } from 'vitest';
import type { Settlement, SpoolStorage } from '../../src/spool/contract.ts';
import { MemorySpool } from '../../src/spool/journaled/memory-spool.ts';
import { sharded } from '../../src/spool/sharded/sharded.ts';
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
