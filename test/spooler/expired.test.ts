import { expect, it } from 'vitest';
import { OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import type { DeliveryOutcome, Note } from '../../src/transport/contract.ts';
import { aliceSends } from '../support/sender-fixture.ts';

const hour = 3_600_000;
const refused = new OfflineImError('AUTHENTICATION_FAILED', 'HTTP 401.');
const silent = new OfflineImError('REQUEST_TIMEOUT', 'No answer.');
const delivered = (note: Note): DeliveryOutcome => ({ status: 'delivered', messageClass: note.messageClass });

it('an expired message in a closed mailbox is dead as soon as a trial has failed, and never sent late', async () => {
  const { sender, transport, clock, eventsOf } = aliceSends({ pickupDelay: 1_000 });
  transport.answer = () => ({ status: 'blocked', scope: 'mailbox', sent: 'no', error: refused });
  await sender.start();
  const send = (name: string) =>
    sender.send({ to: `sip:${name}@contoso.com`, text: 'x', messageId: name, expiresAt: new Date(clock.now() + hour) });
  // Due before the mailbox was found to be closed, and after.
  for (const name of ['a', 'b', 'c']) await send(name);
  await clock.advance(600_000);
  for (const name of ['d', 'e']) await send(name);
  await clock.advance(0.9 * hour);
  expect((await sender.stats()).states.dead).toBe(3);
  await clock.advance(hour);
  expect(
    eventsOf('message:dead')
      .map(({ messageId, code }) => `${messageId} ${code}`)
      .sort(),
  ).toEqual(['a', 'b', 'c', 'd', 'e'].map((name) => `${name} EXPIRED`));
  transport.answer = delivered;
  await clock.advance(44 * hour);
  expect(eventsOf('message:delivered')).toEqual([]);
  await sender.stop();
});

it('messages that expired while nothing ran get one attempt each, even if the first one meets a brief outage of the endpoint', async () => {
  const unreachable = new OfflineImError('ENDPOINT_UNREACHABLE', 'No connection.');
  const { sender, transport, clock } = aliceSends({ pickupDelay: 0 });
  for (const name of ['a', 'b', 'c']) {
    await sender.send({ to: `sip:${name}@contoso.com`, text: 'x', expiresAt: new Date(clock.now() + hour) });
  }
  await clock.advance(170 * hour);
  let first = true;
  transport.answer = (note) => {
    if (!first) return delivered(note);
    first = false;
    return { status: 'deferred', scope: 'endpoint', error: unreachable };
  };
  await sender.start();
  await clock.advance(60_000);
  expect((await sender.stats()).states.delivered).toBeGreaterThanOrEqual(2);
  await sender.stop();
});

it('an expired message that may have been sent holds back no other of its conversation', async () => {
  const { sender, transport, clock, eventsOf } = aliceSends({ pickupDelay: 1_000 });
  transport.answer = (note) =>
    transport.delivered.length === 1 ? { status: 'unconfirmed', scope: 'note', error: silent } : delivered(note);
  transport.answerProbe = () => ({ status: 'unknown', error: silent });
  await sender.start();
  const bob = 'sip:bob@contoso.com';
  await sender.send({ to: bob, text: '1', messageId: 'first', expiresAt: new Date(clock.now() + hour / 2) });
  await clock.advance(120_000);
  await sender.send({ to: bob, text: '2', messageId: 'second' });
  await clock.advance(hour / 2 - 180_000);
  expect(eventsOf('message:delivered')).toEqual([]);
  await clock.advance(180_000);
  expect(eventsOf('message:delivered').map(({ messageId }) => messageId)).toEqual(['second']);
  await clock.advance(26 * hour);
  expect(eventsOf('message:dead')).toMatchObject([{ messageId: 'first', code: 'OUTCOME_UNKNOWN' }]);
  expect(transport.delivered).toHaveLength(2);
  await sender.stop();
});

it('a message that may have been sent is given up a day after its expiry, even if its mailbox is closed all the time', async () => {
  const { sender, transport, clock, eventsOf } = aliceSends({ pickupDelay: 0 });
  transport.answer = () => ({ status: 'unconfirmed', scope: 'note', error: silent });
  transport.answerProbe = () => ({ status: 'unknown', scope: 'mailbox', error: refused, blocked: true });
  await sender.start();
  await sender.send({ to: 'sip:bob@contoso.com', text: '1', messageId: 'm', expiresAt: new Date(clock.now() + hour) });
  await clock.advance(24.9 * hour);
  expect(eventsOf('message:dead')).toEqual([]);
  await clock.advance(0.2 * hour);
  expect(eventsOf('message:dead')).toMatchObject([{ messageId: 'm', code: 'OUTCOME_UNKNOWN' }]);
  expect(transport.delivered).toHaveLength(1);
  await sender.stop();
});
