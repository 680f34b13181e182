/** A storage that can't write one result, or none for a while, keeps nothing else from going on, and nothing goes out twice. */
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

it('results that can never be written hold up no other note of their mailbox, and are written once they can be', async () => {
  const refused = new Set<string>();
  let refuses = true;
  const spool = refusing(({ to, token }) => refuses && to === 'delivered' && refused.has(token.split(':')[0] ?? ''));
  const { sender, transport, clock, eventsOf } = aliceSends({ spool, pickupDelay: 0 });
  transport.answer = (note) => {
    if (note.body.content.includes('poison')) refused.add(note.id);
    return { status: 'delivered', messageClass: note.messageClass };
  };
  transport.answerProbe = () => ({ status: 'found' });
  sender.on('warning', () => {});
  await sender.start();
  // More of them than the mailbox has requests at a time, each in a claim of its own.
  for (let n = 0; n < 6; n++) {
    await sender.send({ to: `sip:p${n}@contoso.com`, text: `poison ${n}`, messageId: `poison ${n}` });
    await sender.send({ to: `sip:g${n}@contoso.com`, text: `good ${n}`, messageId: `good ${n}` });
    await clock.advance(1_000);
  }
  expect(
    eventsOf('message:delivered')
      .map(({ messageId }) => messageId)
      .sort(),
  ).toEqual(Array.from({ length: 6 }, (_, n) => `good ${n}`));
  await clock.advance(60 * minute);
  await sender.send({ to: 'sip:late@contoso.com', text: 'late', messageId: 'late' });
  await clock.advance(10_000);
  expect(eventsOf('message:delivered').map(({ messageId }) => messageId)).toContain('late');
  refuses = false;
  await clock.advance(5 * minute);
  expect((await sender.stats()).states).toMatchObject({ delivered: 13, delivering: 0, unconfirmed: 0 });
  expect(transport.delivered).toHaveLength(13);
  // Who knows that it was delivered lets nobody else ask.
  expect(transport.probed).toEqual([]);
  await sender.stop();
});

it('a shard that takes no results while its notes fill every place at work holds up the others for a lease at most', async () => {
  let down = false;
  let isUp = false;
  const spools = { a: refusing(() => down && !isUp), b: refusing(() => false) };
  const spool = sharded(spools);
  const { sender, transport, clock, eventsOf } = aliceSends({ spool: spool as never, pickupDelay: 0 });
  sender.on('warning', () => {});
  const mailboxes = Array.from({ length: 520 }, (_, n) => `user${n}@contoso.com`);
  const [ofA, ofB] = ['a', 'b'].map((name) => mailboxes.filter((mailbox) => spool.shardOf(mailbox) === name));
  transport.answer = (note) => {
    if (spool.shardOf(note.from.address) === 'a') down = true;
    return { status: 'delivered', messageClass: note.messageClass };
  };
  await sender.start();
  const send = (mailbox: string, n: number) =>
    sender.send({ from: mailbox, to: `sip:bob${n}@contoso.com`, text: 'x', messageId: `${mailbox} ${n}` });
  for (const mailbox of ofA ?? []) for (let n = 0; n < 4; n++) await send(mailbox, n);
  await clock.advance(1_000);
  expect(eventsOf('message:delivered')).toEqual([]);
  const [first = ''] = ofB ?? [];
  await send(first, 0);
  await clock.advance(3 * minute);
  expect(eventsOf('message:delivered').map(({ messageId }) => messageId)).toEqual([`${first} 0`]);
  isUp = true;
  await clock.advance(minute);
  expect((await sender.stats()).states).toMatchObject({ delivered: transport.delivered.length, delivering: 0 });
  expect(new Set(transport.delivered.map(({ id }) => id)).size).toBe(transport.delivered.length);
  await sender.stop();
});
