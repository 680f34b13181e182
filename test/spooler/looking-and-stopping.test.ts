import { describe, expect, it } from 'vitest';
import { OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import type { Settlement } from '../../src/spool/contract.ts';
import { MemorySpool } from '../../src/spool/journaled/memory-spool.ts';
import type { SpoolerOptions } from '../../src/spooler/options.ts';
import type { DeliverOptions, DeliveryOutcome, Note } from '../../src/transport/contract.ts';
import { aliceSends } from '../support/sender-fixture.ts';

const bob = 'sip:bob@contoso.com';
const delivered = (note: Note): DeliveryOutcome => ({ status: 'delivered', messageClass: note.messageClass });

describe('leases', () => {
  it('are renewed during a long request, so that nobody probes a note still being sent', async () => {
    const { sender, transport, clock, eventsOf } = aliceSends();
    transport.answer = async (note) => {
      await new Promise<void>((resolve) => clock.setTimer(resolve, 600_000));
      return delivered(note);
    };
    await sender.start();
    await sender.send({ to: bob, text: 'x' });
    await clock.advance(721_000);
    expect(transport.probed).toHaveLength(0);
    expect(eventsOf('message:delivered')).toHaveLength(1);
    await sender.stop();
  });

  it('are released by a transport that neither answers nor obeys its signal: after 20 deadlines its note is probed, and it may send no more', async () => {
    const { sender, transport, clock, eventsOf } = aliceSends();
    let options: DeliverOptions | undefined;
    transport.answer = (_note, given) => {
      options = given;
      return new Promise(() => undefined);
    };
    transport.answerProbe = () => ({ status: 'found' });
    await sender.start();
    await sender.send({ to: bob, text: 'x' });
    await clock.advance(120_000 + 1_200_000);
    expect(options?.signal.aborted).toBe(true);
    expect(options?.mayWrite()).toBe(false);
    expect(eventsOf('message:unconfirmed')).toHaveLength(0);
    await clock.advance(5_000);
    expect(eventsOf('message:unconfirmed')).toMatchObject([{ code: 'TRANSPORT_FAILED' }]);
    await clock.advance(5_000);
    expect(eventsOf('message:delivered')).toMatchObject([{ foundByProbe: true }]);
    expect(transport.delivered).toHaveLength(1);
    await sender.stop();
  });

  it('are released by a transport that answers later still: delivered counts anyway, and nothing is resent', async () => {
    const { sender, transport, clock, eventsOf } = aliceSends();
    const answer = Promise.withResolvers<DeliveryOutcome>();
    transport.answer = () => answer.promise;
    await sender.start();
    await sender.send({ to: bob, text: 'x', messageId: 'm' });
    await clock.advance(120_000 + 1_205_000);
    expect((await sender.status('m'))?.entries[0]?.state).toBe('unconfirmed');
    answer.resolve({ status: 'delivered', messageClass: 'IPM.Note' });
    await clock.advance(0);
    expect((await sender.status('m'))?.entries[0]?.state).toBe('delivered');
    expect(eventsOf('message:delivered')).toHaveLength(1);
    await clock.advance(3_600_000);
    expect(transport.delivered).toHaveLength(1);
    await sender.stop();
  });

  it('are released by a transport that hangs during a probe: it is probed again later', async () => {
    const { sender, transport, clock, eventsOf } = aliceSends();
    transport.answer = () => ({
      status: 'unconfirmed',
      scope: 'note',
      error: new OfflineImError('REQUEST_TIMEOUT', 'No answer.'),
    });
    let looked = 0;
    transport.answerProbe = () => (++looked === 1 ? new Promise(() => undefined) : { status: 'found' });
    await sender.start();
    await sender.send({ to: bob, text: 'x' });
    await clock.advance(120_000 + 1_300_000);
    expect(looked).toBe(2);
    expect(eventsOf('message:delivered')).toMatchObject([{ foundByProbe: true }]);
    await sender.stop();
  });

  it('are checked before each request: with too little time left, or once stopped, nothing may be sent', async () => {
    const { sender, transport, clock } = aliceSends();
    let options: DeliverOptions | undefined;
    transport.answer = async (note, given) => {
      options = given;
      await new Promise<void>((resolve) => clock.setTimer(resolve, 10_000));
      return delivered(note);
    };
    await sender.start();
    await sender.send({ to: bob, text: 'x' });
    await clock.advance(120_000);
    expect(options?.mayWrite()).toBe(true);
    const stopping = sender.stop();
    await clock.advance(1);
    expect(options?.mayWrite()).toBe(false);
    await clock.advance(10_000);
    await stopping;
  });

  it('that may have run out while the machine slept stop the writing: another machine may have sent the note since', async () => {
    const hook = Promise.withResolvers<'deliver'>();
    const { sender, transport, clock } = aliceSends({ beforeDelivery: () => hook.promise });
    const may: boolean[] = [];
    transport.answer = (note, options) => {
      may.push(options.mayWrite());
      return may.at(-1) === true
        ? delivered(note)
        : { status: 'deferred', scope: 'note', error: new OfflineImError('NOT_ATTEMPTED', 'It may not be written.') };
    };
    await sender.start();
    await sender.send({ to: bob, text: 'x' });
    await clock.advance(120_000);
    // A laptop that was closed, a virtual machine that was put to sleep: only the wall clock went on.
    clock.setWall(clock.now() + 3_600_000);
    hook.resolve('deliver');
    await clock.advance(0);
    expect(may).toEqual([false]);
    await clock.advance(2_000);
    expect(may).toEqual([false, true]);
    await sender.stop();
  });

  it('that can no longer be renewed stop sending before they expire', async () => {
    const { sender, transport, clock, spool, eventsOf } = aliceSends();
    spool.renew = async () => {
      throw new Error('the storage is away');
    };
    let options: DeliverOptions | undefined;
    transport.answer = async (note, given) => {
      options = given;
      await new Promise<void>((resolve) => clock.setTimer(resolve, 100_000));
      return delivered(note);
    };
    await sender.start();
    await sender.send({ to: bob, text: 'x' });
    await clock.advance(120_000 + 61_000);
    expect(options?.mayWrite()).toBe(false);
    expect(eventsOf('warning').length).toBeGreaterThan(0);
    await clock.advance(100_000);
    await sender.stop();
  });

  it('that expired make the note unconfirmed, and a late answer still counts', async () => {
    const { sender, transport, clock, spool, eventsOf } = aliceSends();
    spool.renew = async (claims) => claims;
    const answer = Promise.withResolvers<DeliveryOutcome>();
    transport.answer = () => answer.promise;
    transport.answerProbe = () => ({ status: 'pending' });
    await sender.start();
    await sender.send({ to: bob, text: 'x', messageId: 'm' });
    await clock.advance(120_000 + 180_000);
    expect(eventsOf('message:unconfirmed')).toHaveLength(1);
    answer.resolve({ status: 'delivered', messageClass: 'IPM.Note' });
    await clock.advance(1_000);
    expect((await sender.status('m'))?.entries[0]?.state).toBe('delivered');
    await sender.stop();
  });
});

describe('beforeDelivery', () => {
  it('decides on every note before it is sent, with its text, and never before a probe', async () => {
    const asked: string[] = [];
    const { sender, transport, clock } = aliceSends({
      beforeDelivery: (note) => {
        asked.push(note.body.content);
        return note.body.content === 'hold' ? 'hold' : note.body.content === 'cancel' ? 'cancel' : 'deliver';
      },
    });
    transport.answer = (note) => {
      return note.attempt === 1
        ? { status: 'unconfirmed', scope: 'note', error: new OfflineImError('CONNECTION_LOST', 'Lost.') }
        : delivered(note);
    };
    transport.answerProbe = () => ({ status: 'found' });
    await sender.start();
    for (const text of ['deliver', 'hold', 'cancel']) await sender.send({ to: bob, text, conversationId: text, messageId: text });
    await clock.advance(200_000);
    expect(asked.sort()).toEqual(['cancel', 'deliver', 'hold']);
    const states = await Promise.all(
      ['deliver', 'hold', 'cancel'].map(async (id) => (await sender.status(id))?.entries[0]?.state),
    );
    expect(states).toEqual(['delivered', 'held', 'cancelled']);
    expect(transport.delivered).toHaveLength(1);
    await sender.release('hold');
    await clock.advance(1_000);
    expect(asked.filter((text) => text === 'hold')).toHaveLength(2);
    await sender.stop();
  });

  const failing: readonly (readonly [string, NonNullable<SpoolerOptions['beforeDelivery']>, string])[] = [
    ['throws', () => Promise.reject(new Error('no')), 'HOOK_FAILED'],
    ['answers nonsense', () => 'perhaps' as 'deliver', 'HOOK_FAILED'],
    ['takes too long', () => new Promise<never>(() => undefined), 'HOOK_TIMEOUT'],
  ];
  it.each(failing)('defers a note when it %s', async (_what, beforeDelivery, code) => {
    const { sender, transport, clock, eventsOf } = aliceSends({ beforeDelivery });
    await sender.start();
    await sender.send({ to: bob, text: 'x' });
    await clock.advance(150_001);
    expect(transport.delivered).toHaveLength(0);
    expect(eventsOf('message:deferred')[0]).toMatchObject({ code });
    const stopped = sender.stop({ timeout: 10 });
    await clock.advance(10_000);
    await stopped;
  });
});

describe('a failing storage', () => {
  it('is asked less and less often, and used again as soon as it works', async () => {
    const { sender, transport, clock, spool } = aliceSends();
    const claim = spool.claim.bind(spool);
    let asked = 0;
    let broken = true;
    spool.claim = (request) => {
      asked += 1;
      return broken ? Promise.reject(new Error('disk on fire')) : claim(request);
    };
    await sender.start();
    await sender.send({ to: bob, text: 'x' });
    await clock.advance(720_000);
    expect(asked).toBeLessThan(60);
    broken = false;
    await clock.advance(30_000);
    expect(transport.delivered).toHaveLength(1);
    await sender.stop();
  });

  it('delays an outcome until it can be written, so that nothing is resent', async () => {
    const { sender, transport, clock, spool } = aliceSends();
    const settle = spool.settle.bind(spool);
    let broken = true;
    spool.settle = (settlements) => (broken ? Promise.reject(new Error('disk full')) : settle(settlements));
    await sender.start();
    await sender.send({ to: bob, text: 'x', messageId: 'm' });
    await clock.advance(120_000 + 600_000);
    broken = false;
    await clock.advance(30_000);
    expect((await sender.status('m'))?.entries[0]?.state).toBe('delivered');
    expect(transport.delivered).toHaveLength(1);
    expect(transport.probed).toHaveLength(0);
    await sender.stop();
  });
});

describe('expiry', () => {
  it('ends a message that was tried and not delivered in time', async () => {
    const { sender, transport, clock, eventsOf } = aliceSends({ expiry: 600_000 });
    transport.answer = () => ({ status: 'deferred', scope: 'note', error: new OfflineImError('EWS_ERROR', 'Busy.') });
    await sender.start();
    await sender.send({ to: bob, text: 'x', messageId: 'm' });
    await clock.advance(660_000);
    expect(eventsOf('message:dead')).toMatchObject([{ messageId: 'm', code: 'EXPIRED' }]);
    await sender.stop();
  });

  it('spares untried messages: after a week switched off, each is tried once', async () => {
    const first = aliceSends();
    await first.sender.start();
    await first.sender.send({ to: bob, text: 'x', messageId: 'm' });
    await first.sender.stop();
    first.clock.setWall(first.clock.now() + 7 * 86_400_000);
    const second = aliceSends({ clock: first.clock, spool: first.spool });
    await second.sender.start();
    await second.clock.advance(1_000);
    expect(second.eventsOf('message:delivered')).toMatchObject([{ messageId: 'm' }]);
    await second.sender.stop();
  });

  it('ends waiting messages of a lane that was blocked all the time', async () => {
    const { sender, transport, clock, eventsOf } = aliceSends({ expiry: 600_000 });
    transport.answer = () => ({
      status: 'blocked',
      scope: 'mailbox',
      sent: 'no',
      error: new OfflineImError('AUTHENTICATION_FAILED', '401.'),
    });
    await sender.start();
    for (const name of ['bob', 'carol']) await sender.send({ to: `sip:${name}@contoso.com`, text: 'x', messageId: name });
    await clock.advance(700_000);
    expect(
      eventsOf('message:dead')
        .map(({ messageId }) => messageId)
        .sort(),
    ).toEqual(['bob', 'carol']);
    await sender.stop();
  });
});

describe('stop()', () => {
  it('finishes the notes in progress, then closes spool and transport', async () => {
    const { sender, transport, clock, spool, eventsOf } = aliceSends();
    const answer = Promise.withResolvers<DeliveryOutcome>();
    transport.answer = () => answer.promise;
    await sender.start();
    await sender.send({ to: bob, text: 'x' });
    await clock.advance(120_000);
    const stopped = sender.stop();
    await clock.advance(1_000);
    expect(transport.closed).toBe(0);
    answer.resolve({ status: 'delivered', messageClass: 'IPM.Note' });
    await stopped;
    expect(eventsOf('message:delivered')).toHaveLength(1);
    expect(transport.closed).toBe(1);
    await expect(spool.counts()).rejects.toMatchObject({ code: 'SPOOL_CLOSED' });
  });

  it('aborts hanging requests after its timeout; the next start probes their notes', async () => {
    const { sender, transport, clock, spool } = aliceSends();
    transport.deliver = (_notes, { signal }) =>
      new Promise((_resolve, reject) =>
        signal.addEventListener('abort', () => reject(new OfflineImError('REQUEST_ABORTED', 'Aborted.'))),
      );
    await sender.start();
    await sender.send({ to: bob, text: 'x', messageId: 'm' });
    await clock.advance(120_000);
    const stopped = sender.stop({ timeout: 2_000 });
    await clock.advance(2_100);
    await stopped;

    const next = aliceSends({ clock, spool });
    next.transport.answerProbe = () => ({ status: 'found' });
    await next.sender.start();
    await clock.advance(10_000);
    expect(next.transport.delivered).toHaveLength(0);
    expect((await next.sender.status('m'))?.entries[0]?.state).toBe('delivered');
    await next.sender.stop();
  });

  it('refuses later calls with SENDER_STOPPED', async () => {
    const { sender } = aliceSends();
    await sender.stop();
    await expect(sender.send({ to: bob, text: 'x' })).rejects.toMatchObject({ code: 'SENDER_STOPPED' });
    await expect(sender.start()).rejects.toMatchObject({ code: 'SENDER_STOPPED' });
  });
});

describe('flush()', () => {
  it('works without start(), skips the pickup delay, and keeps the order', async () => {
    const { sender, transport } = aliceSends();
    for (let index = 0; index < 5; index++) await sender.send({ to: bob, text: `t${index}` });
    await sender.send({ to: 'sip:carol@contoso.com', text: 'other' });
    expect(await sender.flush()).toEqual({ delivered: 6 });
    expect(transport.delivered.map(({ entryIds }) => entryIds.length).sort()).toEqual([1, 5]);
    await sender.stop();
  });

  it('skips neither back-off nor circuits', async () => {
    const { sender, transport, clock } = aliceSends();
    transport.answer = () => ({
      status: 'deferred',
      scope: 'note',
      error: new OfflineImError('EWS_ERROR', 'Busy.'),
      retryAfter: 60_000,
    });
    await sender.send({ to: bob, text: 'x' });
    expect(await sender.flush()).toEqual({ deferred: 1 });
    expect(await sender.flush()).toEqual({});
    await clock.advance(60_000);
    expect(await sender.flush()).toEqual({ deferred: 1 });
    await sender.stop();
  });

  it('delivers more than one batch', async () => {
    const { sender, transport } = aliceSends();
    for (let index = 0; index < 230; index++) await sender.send({ to: `sip:b${index}@contoso.com`, text: 'x' });
    expect(await sender.flush()).toEqual({ delivered: 230 });
    expect(Math.max(...transport.batches.map((batch) => batch.length))).toBeLessThanOrEqual(50);
    await sender.stop();
  });
});

it('stop() waits until a delivery that came after its call was given up is recorded, and told', async () => {
  const spool = new MemorySpool();
  const { sender, transport, clock, eventsOf } = aliceSends({ spool, pickupDelay: 0 });
  const answer = Promise.withResolvers<DeliveryOutcome>();
  transport.answer = () => answer.promise;
  await sender.start();
  await sender.send({ to: 'sip:bob@contoso.com', text: 'x' });
  await clock.advance(1_260_000);
  expect(eventsOf('message:unconfirmed')).toHaveLength(1);
  const settle = spool.settle.bind(spool);
  Object.assign(spool, {
    settle: async (settlements: readonly Settlement[]) => {
      await new Promise<void>((resolve) => clock.setTimer(resolve, 3_000));
      return settle(settlements);
    },
  });
  answer.resolve({ status: 'delivered', messageClass: 'IPM.Note' });
  await clock.advance(1);
  let stopped = false;
  const stopping = sender.stop().then(() => {
    stopped = true;
  });
  await clock.advance(1_000);
  expect(stopped).toBe(false);
  await clock.advance(10_000);
  await stopping;
  expect(eventsOf('message:delivered')).toHaveLength(1);
});

it('stop() also waits for a late delivery that comes while it waits for other work', async () => {
  const spool = new MemorySpool();
  const { sender, transport, clock, eventsOf } = aliceSends({ spool, pickupDelay: 0 });
  const late = Promise.withResolvers<DeliveryOutcome>();
  transport.answer = () => late.promise;
  await sender.start();
  await sender.send({ to: 'sip:bob@contoso.com', text: 'x' });
  await clock.advance(1_260_000);
  expect(eventsOf('message:unconfirmed')).toHaveLength(1);
  const inFlight = Promise.withResolvers<DeliveryOutcome>();
  transport.answer = () => inFlight.promise;
  await sender.send({ to: 'sip:carol@contoso.com', text: 'y' });
  await clock.advance(1);
  const stopping = sender.stop();
  await clock.advance(1);
  let settlements = 0;
  const settle = spool.settle.bind(spool);
  Object.assign(spool, {
    settle: async (given: readonly Settlement[]) => {
      settlements += 1;
      if (settlements === 1) await new Promise<void>((resolve) => clock.setTimer(resolve, 3_000));
      return settle(given);
    },
  });
  late.resolve({ status: 'delivered', messageClass: 'IPM.Note' });
  await clock.advance(1);
  inFlight.resolve({ status: 'delivered', messageClass: 'IPM.Note' });
  await clock.advance(1);
  expect(settlements).toBe(2);
  expect(eventsOf('stopped')).toHaveLength(0);
  await clock.advance(10_000);
  await stopping;
  expect(eventsOf('message:delivered')).toHaveLength(2);
});
