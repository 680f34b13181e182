import { expect, it, onTestFinished, vi } from 'vitest';
import { OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import { OfflineImSender } from '../../src/sender/sender.ts';
import { MemorySpool } from '../../src/spool/journaled/memory-spool.ts';
import { FakeTransport } from '../support/fake-transport.ts';
import { aliceSends } from '../support/sender-fixture.ts';

const minute = 60_000;

it('stats() returns states, mailboxes, the oldest entry, and the last minute', async () => {
  const { sender, clock, transport } = aliceSends();
  expect(await sender.stats()).toMatchObject({
    lanes: [],
    oldest: undefined,
    complete: true,
    lastMinute: { spooled: 0, delivered: 0 },
  });

  await sender.send({ to: 'bob@contoso.com', text: '1' });
  await clock.advance(minute);
  for (const to of ['bob@contoso.com', 'carol@contoso.com']) await sender.send({ from: 'sip:dan@contoso.com', to, text: '2' });
  expect(await sender.stats({ limit: 1_000 })).toEqual({
    states: (await sender.stats()).states,
    blocked: [],
    unavailable: [],
    paused: [],
    lanes: [
      { lane: 'dan@contoso.com', waiting: 2, states: { spooled: 2 }, oldest: 0 },
      { lane: 'alice@contoso.com', waiting: 1, states: { spooled: 1 }, oldest: minute },
    ],
    oldest: minute,
    complete: true,
    lastMinute: { spooled: 2, delivered: 0, deferred: 0, unconfirmed: 0, dead: 0, cancelled: 0 },
  });

  transport.answer = ({ messageClass, from }) =>
    from.address.startsWith('alice')
      ? { status: 'delivered', messageClass }
      : { status: 'rejected', scope: 'note', splittable: false, draft: 'none', error: new OfflineImError('EWS_ERROR', 'no') };
  await sender.flush();
  expect(await sender.stats()).toMatchObject({
    states: { delivered: 1, dead: 2 },
    lanes: [],
    complete: true,
    lastMinute: { spooled: 2, delivered: 1, dead: 2 },
  });
  await clock.advance(minute);
  expect((await sender.stats()).lastMinute).toEqual({
    spooled: 0,
    delivered: 0,
    deferred: 0,
    unconfirmed: 0,
    dead: 0,
    cancelled: 0,
  });
  await sender.stop();
});

it('reads no more entries than its limit, and says so', async () => {
  const { sender } = aliceSends();
  for (let index = 0; index < 20; index++) await sender.send({ to: 'bob@contoso.com', text: `${index}` });
  const stats = await sender.stats({ limit: 5 });
  expect([stats.states.spooled, stats.lanes[0]?.waiting, stats.complete]).toEqual([20, 5, false]);
  expect(await sender.stats({ limit: 0 })).toMatchObject({ lanes: [], complete: false });
  await sender.stop();
});

it('does not count as a listener: important warnings still reach the console', async () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  onTestFinished(() => warn.mockRestore());
  const transport = new FakeTransport();
  const error = new OfflineImError('EWS_ERROR', 'no');
  transport.answer = () => ({ status: 'rejected', scope: 'note', splittable: false, draft: 'none', error });
  const sender = new OfflineImSender({
    identity: { sip: 'sip:alice@contoso.com' },
    client: { version: '16.0.6920.1000', mailboxLocation: 'on-premises' },
    spool: new MemorySpool(),
    transport,
  });
  await sender.send({ to: 'bob@contoso.com', text: 'x' });
  await sender.flush();
  expect((await sender.stats()).lastMinute.dead).toBe(1);
  expect(warn).toHaveBeenCalledWith('offline-im message:dead', expect.objectContaining({ code: 'EWS_ERROR' }));
  await sender.stop();
});
