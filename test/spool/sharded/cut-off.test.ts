import { expect, it } from 'vitest';
import { OfflineImError, sharded } from '../../../src/index.ts';
import type { SpoolStorage } from '../../../src/spool/contract.ts';
import { MemorySpool } from '../../../src/spool/journaled/memory-spool.ts';
import { ManualClock } from '../../../src/testing.ts';
import type { DeliveryOutcome } from '../../../src/transport/contract.ts';
import { FakeTransport } from '../../support/fake-transport.ts';
import { aliceSends } from '../../support/sender-fixture.ts';

const notAttempted: DeliveryOutcome = {
  status: 'deferred',
  scope: 'note',
  error: new OfflineImError('NOT_ATTEMPTED', 'It may not be written.'),
};

/** A storage as a process sees it whose network to it may break. */
function cutOffWhile(isBroken: () => boolean, storage: SpoolStorage): SpoolStorage {
  return new Proxy(storage, {
    get(target, name) {
      const value = Reflect.get(target, name);
      if (typeof value !== 'function' || name === 'watch') return typeof value === 'function' ? value.bind(target) : value;
      return async (...args: unknown[]) => {
        if (isBroken()) throw new Error('connect ECONNREFUSED');
        return Reflect.apply(value, target, args);
      };
    },
  });
}

it('a process that is cut off from one shard sends none of its notes once others may have sent them, though the other shard renews its claims', async () => {
  const [one, two] = [new MemorySpool(), new MemorySpool()];
  const clock = new ManualClock();
  let isBroken = false;
  const here = sharded({ one, two: cutOffWhile(() => isBroken, two) });
  const there = sharded({ one, two });
  const senders = Array.from({ length: 30 }, (_, index) => `s${index}@contoso.com`);
  const of = (name: string) => senders.find((mailbox) => here.shardOf(mailbox) === name) ?? '';
  const sent: string[] = [];
  const slow = new FakeTransport();
  slow.answer = async (note, options) => {
    // A login, folders, other notes of the delivery: whatever comes before the first byte of this one.
    await new Promise<void>((resolve) => clock.setTimer(resolve, 900_000));
    if (!options.mayWrite()) return notAttempted;
    sent.push(note.from.address);
    return { status: 'delivered', messageClass: note.messageClass };
  };
  const quick = new FakeTransport();
  quick.answer = (note) => {
    sent.push(note.from.address);
    return { status: 'delivered', messageClass: note.messageClass };
  };
  const first = aliceSends({ spool: here, transport: slow, clock });
  const second = aliceSends({ spool: there, transport: quick, clock });
  await first.sender.start();
  for (const name of ['one', 'two']) {
    await first.sender.send({ from: `sip:${of(name)}`, to: 'sip:bob@contoso.com', text: 'x' });
  }
  await clock.advance(120_000);
  expect(slow.delivered).toHaveLength(2);
  isBroken = true;
  await second.sender.start();
  await clock.advance(1_200_000);
  expect(sent.sort()).toEqual([of('one'), of('two')].sort());
  await Promise.all([first.sender.stop({ timeout: 0 }), second.sender.stop({ timeout: 0 }), clock.advance(20_000)]);
});
