import { describe, expect, it } from 'vitest';
import { OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import type { DeliveryOutcome } from '../../src/transport/contract.ts';
import { aliceSends } from '../support/sender-fixture.ts';

const failed = new OfflineImError('EWS_ERROR', 'Exchange answered with a code.', { details: { responseCode: 'ErrorSomething' } });
const bob = 'sip:bob@contoso.com';

/** Sends one message, lets its pickup delay pass with that outcome for the first attempt, and delivers every later one. */
async function firstAttempt(outcome: DeliveryOutcome, texts: readonly string[] = ['one'], poison?: string) {
  const fixture = aliceSends();
  const { sender, transport, clock } = fixture;
  transport.answer = (note) =>
    transport.delivered.length <= 1 || note.body.content === poison
      ? outcome
      : { status: 'delivered', messageClass: note.messageClass };
  await sender.start();
  for (const [index, text] of texts.entries()) await sender.send({ to: bob, text, messageId: `m${index}` });
  await clock.advance(120_000);
  return { ...fixture, state: async (id = 'm0') => (await sender.status(id))?.entries[0]?.state };
}

/** A sender that resends what could not be settled within an hour, which applies to every first attempt. */
async function resending() {
  const fixture = aliceSends({ probe: { onUnconfirmed: 'resend', giveUpAfter: 3_600_000 } });
  const { sender, transport } = fixture;
  transport.answer = (note) =>
    note.attempt === 1
      ? { status: 'unconfirmed', scope: 'note', error: failed }
      : { status: 'delivered', messageClass: note.messageClass };
  transport.answerProbe = () => ({ status: 'unknown', error: failed });
  await sender.start();
  return fixture;
}

describe('the outcome of a note handed to the transport', () => {
  it('delivered: only a tombstone without text is left', async () => {
    const { sender, eventsOf } = await firstAttempt({ status: 'delivered', messageClass: 'IPM.Note.Microsoft.Missed' });
    const entry = (await sender.status('m0'))?.entries[0];
    expect(entry).toMatchObject({ state: 'delivered', messageClass: 'IPM.Note.Microsoft.Missed' });
    expect(entry?.message).toBeUndefined();
    expect(eventsOf('message:delivered')).toMatchObject([{ messageId: 'm0', attempt: 1, foundByProbe: false, took: 120_000 }]);
    await sender.stop();
  });

  it('deferred: the same note is retried after its back-off', async () => {
    const { sender, transport, clock, state, eventsOf } = await firstAttempt({
      status: 'deferred',
      scope: 'note',
      error: failed,
    });
    expect(await state()).toBe('deferred');
    expect(eventsOf('message:deferred')).toMatchObject([{ retryIn: 2_500, serverCode: 'ErrorSomething', attempt: 1 }]);
    await sender.send({ to: bob, text: 'later', messageId: 'later' });
    await clock.advance(2_500);
    const [first, second] = transport.delivered;
    expect(second).toMatchObject({ id: first?.id, attempt: 2, entryIds: first?.entryIds, subject: first?.subject });
    expect(second?.tag).not.toBe(first?.tag);
    expect(await state()).toBe('delivered');
    await sender.stop();
  });

  it('deferred: a back-off of the server is never shortened, and capped at an hour', async () => {
    const { sender, transport, clock } = await firstAttempt({
      status: 'deferred',
      scope: 'note',
      error: failed,
      retryAfter: 9_999_999,
    });
    await clock.advance(3_599_000);
    expect(transport.delivered).toHaveLength(1);
    await clock.advance(1_000);
    expect(transport.delivered).toHaveLength(2);
    await sender.stop();
  });

  it('not attempted: unchanged, no attempt consumed', async () => {
    const error = new OfflineImError('NOT_ATTEMPTED', 'No lease left.');
    const { sender, transport, clock, state } = await firstAttempt({ status: 'deferred', scope: 'note', error, retryAfter: 0 });
    expect(await state()).toBe('spooled');
    await clock.advance(1_000);
    expect(transport.delivered.map(({ attempt }) => attempt)).toEqual([1, 1]);
    await sender.stop();
  });

  it('unconfirmed: probed before it is resent, and resent only when absent twice after the grace period', async () => {
    const { sender, transport, clock, state } = await firstAttempt({ status: 'unconfirmed', scope: 'note', error: failed });
    expect(await state()).toBe('unconfirmed');
    await clock.advance(299_000);
    expect(transport.probed.length).toBeGreaterThan(2);
    expect(transport.delivered).toHaveLength(1);
    await clock.advance(1_000);
    expect(transport.delivered).toHaveLength(2);
    expect(transport.probed[0]?.unknownAttempts).toEqual([
      { tag: transport.delivered[0]?.tag, place: transport.delivered[0]?.place },
    ]);
    expect(await state()).toBe('delivered');
    await sender.stop();
  });

  it('unconfirmed and found: delivered, and never resent', async () => {
    const { sender, transport, clock, eventsOf } = await firstAttempt({ status: 'unconfirmed', scope: 'note', error: failed });
    transport.answerProbe = () => ({ status: 'found' });
    await clock.advance(3_600_000);
    expect(transport.delivered).toHaveLength(1);
    expect(eventsOf('message:delivered')).toMatchObject([{ messageId: 'm0', foundByProbe: true }]);
    await sender.stop();
  });

  it('unconfirmed and a draft: dead, never resent', async () => {
    const { sender, transport, clock, eventsOf } = await firstAttempt({ status: 'unconfirmed', scope: 'note', error: failed });
    transport.answerProbe = () => ({ status: 'draft', removed: true });
    await clock.advance(3_600_000);
    expect(transport.delivered).toHaveLength(1);
    expect(eventsOf('message:dead')).toMatchObject([{ messageId: 'm0', code: 'STRANDED_DRAFT' }]);
    await sender.stop();
  });

  it('unconfirmed without an answer: dead after a day, with OUTCOME_UNKNOWN', async () => {
    const { sender, transport, clock, eventsOf, state } = await firstAttempt({
      status: 'unconfirmed',
      scope: 'note',
      error: failed,
    });
    transport.answerProbe = () => ({ status: 'unknown', error: failed });
    await clock.advance(23.9 * 3_600_000);
    expect(await state()).toBe('unconfirmed');
    await clock.advance(0.3 * 3_600_000);
    expect(eventsOf('message:dead')).toMatchObject([{ messageId: 'm0', code: 'OUTCOME_UNKNOWN' }]);
    expect(transport.delivered).toHaveLength(1);
    await sender.stop();
  });

  it("unconfirmed without an answer, with onUnconfirmed 'resend': resent, but dead if the host cancelled it meanwhile", async () => {
    const { sender, clock, eventsOf } = await resending();
    await sender.send({ to: bob, text: 'one', messageId: 'kept' });
    await sender.send({ to: bob, text: 'two', messageId: 'cancelled' });
    await clock.advance(121_000);
    await sender.cancel('cancelled');
    await clock.advance(2 * 3_600_000);
    expect(eventsOf('message:delivered')).toMatchObject([{ messageId: 'kept', attempt: 2 }]);
    expect(eventsOf('message:dead')).toMatchObject([{ messageId: 'cancelled', code: 'OUTCOME_UNKNOWN' }]);
    await sender.stop();
  });

  it("expired messages are not resent with onUnconfirmed 'resend' either: too late, and after later messages", async () => {
    const { sender, transport, clock, eventsOf } = await resending();
    await sender.send({ to: bob, text: 'one', messageId: 'm0', expiresAt: new Date(clock.now() + 600_000) });
    await clock.advance(121_000);
    await clock.advance(2 * 3_600_000);
    expect(transport.delivered).toHaveLength(1);
    expect(eventsOf('message:dead')).toMatchObject([{ messageId: 'm0', code: 'OUTCOME_UNKNOWN' }]);
    await sender.stop();
  });

  it('unconfirmed, with its endpoint no longer configured: dead, since it cannot be probed', async () => {
    const { sender, transport, clock, eventsOf } = await firstAttempt({ status: 'unconfirmed', scope: 'note', error: failed });
    transport.place = (from) => ({ endpoint: 'https://elsewhere.test', mailbox: from.address, folder: 'history' });
    await clock.advance(10_000);
    expect(transport.probed).toHaveLength(0);
    expect(eventsOf('message:dead')).toMatchObject([{ code: 'OUTCOME_UNKNOWN' }]);
    await sender.stop();
  });

  it('unconfirmed, from a mailbox with decomposed accents in its name: the same mailbox, and probed', async () => {
    const { sender, transport, clock, eventsOf } = aliceSends({ identity: { sip: 'sip:jose\u0301@contoso.com' } });
    transport.answer = () => ({ status: 'unconfirmed', scope: 'note', error: failed });
    transport.answerProbe = () => ({ status: 'found' });
    await sender.start();
    await sender.send({ to: bob, text: 'one', messageId: 'm0' });
    await clock.advance(130_000);
    expect(eventsOf('message:dead')).toEqual([]);
    expect(eventsOf('message:delivered')).toMatchObject([{ messageId: 'm0', foundByProbe: true }]);
    await sender.stop();
  });

  it('rejected: dead and readable, with its reason', async () => {
    const { sender, eventsOf } = await firstAttempt({
      status: 'rejected',
      scope: 'note',
      splittable: true,
      draft: 'none',
      error: failed,
    });
    expect(eventsOf('message:dead')).toMatchObject([{ messageId: 'm0', code: 'EWS_ERROR', serverCode: 'ErrorSomething' }]);
    const entry = (await sender.status('m0'))?.entries[0];
    expect(entry?.message?.text).toBe('one');
    await sender.stop();
  });

  it('rejected with a draft left: dead, and reported', async () => {
    const { sender, eventsOf } = await firstAttempt({
      status: 'rejected',
      scope: 'note',
      splittable: false,
      draft: 'left',
      error: failed,
    });
    expect(eventsOf('message:dead')).toMatchObject([{ messageId: 'm0', code: 'DRAFT_LEFT' }]);
    await sender.stop();
  });

  it('rejected and splittable with a draft left: each entry goes alone, and the draft is reported', async () => {
    const outcome: DeliveryOutcome = { status: 'rejected', scope: 'note', splittable: true, draft: 'left', error: failed };
    const { sender, transport, clock, state, eventsOf } = await firstAttempt(outcome, ['one', 'two']);
    await clock.advance(1_000);
    expect(transport.delivered).toHaveLength(3);
    expect(await state()).toBe('delivered');
    expect(eventsOf('warning')).toMatchObject([{ error: { code: 'DRAFT_LEFT', details: { lane: 'alice@contoso.com' } } }]);
    await sender.stop();
  });

  it('rejected and splittable with several members: each goes alone, in order, so that a bad one fails alone', async () => {
    const { sender, transport, eventsOf } = await firstAttempt(
      { status: 'rejected', scope: 'note', splittable: true, draft: 'none', error: failed },
      ['one', 'poison', 'three'],
      'poison',
    );
    expect(transport.delivered.slice(1).map((note) => note.body.content)).toEqual(['one', 'poison', 'three']);
    expect(eventsOf('message:dead').map(({ messageId }) => messageId)).toEqual(['m1']);
    await sender.stop();
  });

  it('blocked, not sent: waits for someone to act, consumes no attempt, and is tried every quarter of an hour and on retryNow()', async () => {
    const { sender, transport, clock, state, eventsOf } = await firstAttempt({
      status: 'blocked',
      scope: 'mailbox',
      sent: 'no',
      error: failed,
    });
    expect(await state()).toBe('spooled');
    expect(eventsOf('lane:blocked')).toMatchObject([{ lane: 'alice@contoso.com', retryIn: 900_000 }]);
    await clock.advance(899_000);
    expect(transport.delivered).toHaveLength(1);
    sender.retryNow('Alice@contoso.com');
    await clock.advance(10);
    expect(transport.delivered.map(({ attempt }) => attempt)).toEqual([1, 1]);
    expect(eventsOf('lane:resumed')).toEqual([{ lane: 'alice@contoso.com' }]);
    await sender.stop();
  });

  it('a transport that throws: unconfirmed, unless it says that nothing was attempted', async () => {
    const { sender, transport, clock, state } = aliceThrows(new Error('broken pipe'));
    await sender.start();
    await sender.send({ to: bob, text: 'one', messageId: 'm0' });
    await clock.advance(120_000);
    expect(await state()).toBe('unconfirmed');
    expect(transport.delivered).toHaveLength(1);
    await sender.stop();

    const other = aliceThrows(new OfflineImError('NOT_ATTEMPTED', 'Not connected.'));
    await other.sender.start();
    await other.sender.send({ to: bob, text: 'one', messageId: 'm0' });
    await other.clock.advance(120_000);
    expect(await other.state()).toBe('spooled');
    await other.sender.stop();
  });

  it('a transport with too few outcomes: the rest is unconfirmed', async () => {
    const fixture = aliceSends();
    fixture.transport.deliver = async () => [];
    await fixture.sender.start();
    await fixture.sender.send({ to: bob, text: 'one', messageId: 'm0' });
    await fixture.clock.advance(120_000);
    expect((await fixture.sender.status('m0'))?.entries[0]?.state).toBe('unconfirmed');
    await fixture.sender.stop();
  });
});

function aliceThrows(error: Error) {
  const fixture = aliceSends();
  fixture.transport.answer = () => {
    throw error;
  };
  return { ...fixture, state: async () => (await fixture.sender.status('m0'))?.entries[0]?.state };
}
