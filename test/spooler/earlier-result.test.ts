/** A result that was written although its answer was lost is reported once, and only as what it was. */
import { expect, it } from 'vitest';
import { OfflineImError } from '../../src/index.ts';
import { MemorySpool } from '../../src/spool/journaled/memory-spool.ts';
import type { DeliveryOutcome } from '../../src/transport/contract.ts';
import { aliceSends } from '../support/sender-fixture.ts';

/** The first settlement of a delivery is written, and its answer lost; so many tries after it fail. */
function losesTheFirstAnswer(failures: number, options: Parameters<typeof aliceSends>[0] = {}) {
  const spool = new MemorySpool();
  const settle = spool.settle.bind(spool);
  let tries = 0;
  spool.settle = async (settlements) => {
    if (!settlements.some(({ token }) => token.includes(':deliver:'))) return settle(settlements);
    tries += 1;
    if (tries > 1 && tries <= 1 + failures) throw new Error('The database is away.');
    const result = await settle(settlements);
    if (tries === 1) throw new Error('Connection terminated');
    return result;
  };
  return aliceSends({ spool, ...options });
}

it('message:delivered comes once where a probe has settled the note before the repetition', async () => {
  const { sender, clock, transport, eventsOf } = losesTheFirstAnswer(6);
  const error = new OfflineImError('CONNECTION_LOST', 'It broke.');
  transport.answer = () => ({ status: 'unconfirmed', scope: 'note', error });
  transport.answerProbe = () => ({ status: 'found' });
  await sender.start();
  await sender.send({ to: 'sip:bob@contoso.com', text: 'a' });
  await clock.advance(160_000);
  expect(eventsOf('message:delivered')).toHaveLength(1);
  await Promise.all([sender.stop({ timeout: 0 }), clock.advance(0)]);
});

it('message:cancelled comes once where the host has cancelled before the repetition', async () => {
  const { sender, clock, transport, eventsOf } = losesTheFirstAnswer(0);
  const error = new OfflineImError('EWS_ERROR', 'It is busy.');
  transport.answer = () => ({ status: 'deferred', scope: 'note', error });
  await sender.start();
  const { messageId } = await sender.send({ to: 'sip:bob@contoso.com', text: 'a' });
  await clock.advance(120_000);
  await sender.cancel(messageId);
  await clock.advance(1_000);
  expect(eventsOf('message:cancelled')).toHaveLength(1);
  await Promise.all([sender.stop({ timeout: 0 }), clock.advance(0)]);
});

it('message:dead comes though a renewal has called the claim lost before the repetition', async () => {
  const { sender, clock, transport, eventsOf } = losesTheFirstAnswer(9);
  const error = new OfflineImError('EWS_ERROR', 'It is odd.');
  transport.answer = () => ({ status: 'rejected', scope: 'note', splittable: false, draft: 'none', error });
  await sender.start();
  const { messageId } = await sender.send({ to: 'sip:bob@contoso.com', text: 'a' });
  await clock.advance(200_000);
  expect(eventsOf('message:dead')).toMatchObject([{ messageId }]);
  await Promise.all([sender.stop({ timeout: 0 }), clock.advance(0)]);
});

it('message:held comes of what the hook holds', async () => {
  const { sender, clock, eventsOf } = losesTheFirstAnswer(0, { beforeDelivery: async () => 'hold' as const });
  await sender.start();
  await sender.send({ to: 'sip:bob@contoso.com', text: 'a' });
  await clock.advance(130_000);
  expect(eventsOf('message:held')).toHaveLength(1);
  await Promise.all([sender.stop({ timeout: 0 }), clock.advance(0)]);
});

it.each<readonly [string, DeliveryOutcome]>([
  ['waits for another try', { status: 'deferred', scope: 'note', error: new OfflineImError('EWS_ERROR', 'It is busy.') }],
  [
    'was rejected',
    { status: 'rejected', scope: 'note', splittable: false, draft: 'none', error: new OfflineImError('EWS_ERROR', 'It is odd.') },
  ],
  ['was not written', { status: 'deferred', scope: 'note', error: new OfflineImError('NOT_ATTEMPTED', 'There is no time.') }],
])('message:cancelled comes once of what the host cancelled while it was at work, and that %s', async (_what, outcome) => {
  const { sender, clock, transport, eventsOf } = losesTheFirstAnswer(3);
  const atWork = Promise.withResolvers<void>();
  transport.answer = async () => {
    await atWork.promise;
    return outcome;
  };
  await sender.start();
  const { messageId } = await sender.send({ to: 'sip:bob@contoso.com', text: 'a' });
  await clock.advance(120_000);
  await sender.cancel(messageId);
  atWork.resolve();
  await clock.advance(20_000);
  expect((await sender.status(messageId))?.entries).toMatchObject([{ state: 'cancelled' }]);
  expect(eventsOf('message:cancelled')).toMatchObject([{ messageId }]);
  await Promise.all([sender.stop({ timeout: 0 }), clock.advance(0)]);
});

it('message:cancelled comes of what the host cancelled before it was given back', async () => {
  const spool = new MemorySpool();
  const { sender, clock, eventsOf } = aliceSends({ spool });
  const claim = spool.claim.bind(spool);
  let messageId = '';
  spool.claim = async (request) => {
    const notes = await claim(request);
    if (notes.length === 0) return notes;
    await sender.pause();
    await sender.cancel(messageId);
    return notes;
  };
  await sender.start();
  ({ messageId } = await sender.send({ to: 'sip:bob@contoso.com', text: 'a' }));
  await clock.advance(121_000);
  expect((await sender.status(messageId))?.entries).toMatchObject([{ state: 'cancelled' }]);
  expect(eventsOf('message:cancelled')).toMatchObject([{ messageId }]);
  await Promise.all([sender.stop({ timeout: 0 }), clock.advance(0)]);
});

it('message:delivered comes once where a delivery whose lease is over, and the probe after it, wait to be recorded', async () => {
  const spool = new MemorySpool();
  const [settle, renew] = [spool.settle.bind(spool), spool.renew.bind(spool)];
  let isRefused = true;
  spool.settle = async (settlements) => {
    if (isRefused && settlements.some(({ to }) => to === 'delivered')) throw new Error('This row can not be written.');
    return settle(settlements);
  };
  spool.renew = async (claims, lease) => {
    if (transport.probed.length === 0) throw new Error('The database is away.');
    return renew(claims, lease);
  };
  const { sender, clock, transport, eventsOf } = aliceSends({ spool, pickupDelay: 0 });
  transport.answerProbe = () => ({ status: 'found' });
  await sender.start();
  await sender.send({ to: 'sip:bob@contoso.com', text: 'a' });
  await clock.advance(240_000);
  expect([transport.delivered.length, transport.probed.length > 0, eventsOf('message:delivered').length]).toEqual([1, true, 0]);
  isRefused = false;
  await clock.advance(60_000);
  expect(eventsOf('message:delivered')).toHaveLength(1);
  await sender.stop();
});
