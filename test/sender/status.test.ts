import { describe, expect, it } from 'vitest';
import { OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import { waitOf } from '../../src/sender/status.ts';
import { aliceSends } from '../support/sender-fixture.ts';

const bob = { to: 'sip:bob@contoso.com', text: 'x' };
const now = Date.UTC(2016, 5, 14, 12);

describe('status()', () => {
  it('is undefined for an unknown message', async () => {
    const { sender } = aliceSends();
    expect(await sender.status('nobody')).toBeUndefined();
    await sender.stop();
  });

  it('says what a message waits for, and when it is tried: its pickup delay, older messages of its conversation, or nothing', async () => {
    const { sender, clock, transport } = aliceSends();
    await sender.start();
    await sender.send({ ...bob, messageId: 'm1' });
    const waiting = await sender.status('m1');
    expect(waiting).toMatchObject({
      messageId: 'm1',
      entries: [
        {
          state: 'spooled',
          waitingFor: 'pickup',
          acceptedAt: new Date(now),
          pickupAt: new Date(now + 120_000),
          lane: 'alice@contoso.com',
        },
      ],
    });
    expect(waiting?.entries[0]?.nextAttemptAt).toEqual(new Date(now + 120_000));
    expect(waiting?.entries[0]?.message?.sentAt).toEqual(new Date(now));
    expect(waiting?.entries[0]).not.toHaveProperty('contentHash');

    const busy = Promise.withResolvers<void>();
    transport.answer = async ({ messageClass }) => {
      await busy.promise;
      return { status: 'delivered', messageClass };
    };
    await clock.advance(120_001);
    await sender.send({ ...bob, messageId: 'm2' });
    const atWork = (await sender.status('m1'))?.entries[0];
    expect(atWork).toMatchObject({ state: 'delivering' });
    expect(atWork).not.toHaveProperty('waitingFor');
    expect((await sender.status('m2'))?.entries).toMatchObject([{ state: 'spooled', waitingFor: 'order' }]);
    busy.resolve();
    await clock.advance(1_000);
    expect((await sender.status('m1'))?.entries).toMatchObject([{ state: 'delivered' }]);
    expect((await sender.status('m1'))?.entries[0]?.endedAt).toBeInstanceOf(Date);
    expect((await sender.status('m2'))?.entries[0]?.waitingFor).toBe('pickup');
    await sender.stop();
  });

  it('says that a mailbox is blocked, why, and when it is tried, as stats() does', async () => {
    const { sender, clock, transport } = aliceSends();
    const error = new OfflineImError('AUTHENTICATION_FAILED', 'The server refused the login.');
    transport.answer = () => ({ status: 'blocked', scope: 'mailbox', sent: 'no', error });
    await sender.start();
    await sender.send({ ...bob, messageId: 'm' });
    await clock.advance(120_001);
    const reason = { code: 'AUTHENTICATION_FAILED', text: 'The server refused the login.' };
    const [entry] = (await sender.status('m'))?.entries ?? [];
    expect(entry).toMatchObject({ state: 'spooled', waitingFor: 'mailbox-blocked', reason });
    const { blocked, unavailable, lanes } = await sender.stats();
    expect(blocked).toMatchObject([{ lane: 'alice@contoso.com', reason }]);
    expect(blocked[0]?.nextTrialAt).toEqual(entry?.nextAttemptAt);
    expect([unavailable, lanes]).toEqual([[], []]);
    await sender.stop();
  });

  it('distinguishes an unreachable server, a back-off, a probe, and held', async () => {
    const { sender, clock, transport } = aliceSends();
    const error = new OfflineImError('ENDPOINT_UNREACHABLE', 'No connection.');
    transport.answer = () => ({ status: 'deferred', scope: 'endpoint', error });
    await sender.start();
    await sender.send({ ...bob, messageId: 'm' });
    await clock.advance(120_001);
    expect((await sender.status('m'))?.entries).toMatchObject([
      { waitingFor: 'endpoint-unavailable', reason: { code: 'ENDPOINT_UNREACHABLE' } },
    ]);
    expect((await sender.stats()).unavailable).toMatchObject([{ reason: { code: 'ENDPOINT_UNREACHABLE' } }]);
    transport.answer = () => ({ status: 'deferred', scope: 'note', error: new OfflineImError('EWS_ERROR', 'busy') });
    await clock.advance(60_000);
    await sender.send({ ...bob, to: 'sip:carol@contoso.com', messageId: 'n' });
    await clock.advance(120_001);
    await sender.hold('m');
    expect((await sender.status('m'))?.entries).toMatchObject([{ waitingFor: 'held' }]);
    expect((await sender.status('n'))?.entries).toMatchObject([{ state: 'deferred', waitingFor: 'back-off' }]);
    transport.answer = () => ({ status: 'unconfirmed', scope: 'note', error: new OfflineImError('CONNECTION_LOST', 'cut') });
    await clock.advance(60_000);
    const [unconfirmed] = (await sender.status('n'))?.entries ?? [];
    expect(unconfirmed).toMatchObject({ state: 'unconfirmed', waitingFor: 'probe' });
    expect(Number(unconfirmed?.nextAttemptAt)).toBeGreaterThan(clock.now());
    await sender.stop();
  });

  it('says that nobody has claimed a due entry', async () => {
    const { sender, clock } = aliceSends();
    await sender.send({ ...bob, messageId: 'm' });
    await clock.advance(120_001);
    expect((await sender.status('m'))?.entries).toMatchObject([{ state: 'spooled', waitingFor: 'worker' }]);
    await sender.stop();
  });
});

describe('what an entry waits for', () => {
  const spooled = { state: 'spooled', pickupAt: 5_000 } as const;

  it('is the longer-lasting of two obstacles', () => {
    const blocked = { waitingFor: 'mailbox-blocked', nextIn: 900, reason: undefined } as const;
    expect(waitOf(spooled, { behind: false, dueIn: 800 }, blocked, 0)).toMatchObject({
      waitingFor: 'mailbox-blocked',
      nextIn: 900,
    });
    expect(waitOf(spooled, { behind: false, dueIn: 1_000 }, blocked, 0)).toEqual({ waitingFor: 'pickup', nextIn: 1_000 });
  });

  it('is derived from the entry alone if the spool cannot tell more', () => {
    expect(waitOf(spooled, undefined, undefined, 1_000)).toEqual({ waitingFor: 'pickup', nextIn: 4_000 });
    expect(waitOf({ ...spooled, state: 'deferred' }, undefined, undefined, 1_000)).toEqual({ waitingFor: 'back-off' });
  });
});
