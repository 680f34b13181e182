import { describe, expect, it } from 'vitest';
import { MemorySpool } from '../../src/spool/journaled/memory-spool.ts';
import { aliceSends } from '../support/sender-fixture.ts';

const message = { to: 'sip:bob@contoso.com', text: 'x' };

const closes: readonly (readonly [string, () => Promise<void>, number])[] = [
  [
    'throws',
    () => {
      throw new Error('no');
    },
    1,
  ],
  ['rejects', () => Promise.reject(new Error('no')), 1],
  ['returns no promise', () => undefined as unknown as Promise<void>, 0],
];

describe('a close() that', () => {
  it.each(closes)(
    '%s, of a spool, causes a warning at most: the transport is closed, and stop() ends',
    async (_what, close, warned) => {
      const { sender, transport, eventsOf } = aliceSends({ spool: Object.assign(new MemorySpool(), { close }) });
      await sender.start();
      await sender.send(message);
      await sender.stop();
      expect(transport.closed).toBe(1);
      expect(eventsOf('warning')).toHaveLength(warned);
      expect(eventsOf('stopped')).toHaveLength(1);
    },
  );

  it.each(closes)(
    '%s, of a transport, causes a warning at most: the spool is closed, and stop() ends',
    async (_what, close, warned) => {
      const { sender, transport, spool, eventsOf } = aliceSends();
      transport.close = close;
      await sender.start();
      await sender.stop();
      await expect(spool.counts()).rejects.toMatchObject({ code: 'SPOOL_CLOSED' });
      expect(eventsOf('warning')).toHaveLength(warned);
      expect(eventsOf('stopped')).toHaveLength(1);
    },
  );

  it.each(closes)('%s while an opening spool is abandoned causes no uncaught exception', async (_what, close, warned) => {
    const { sender, clock, eventsOf } = aliceSends({
      spool: Object.assign(new MemorySpool(), { close, open: () => new Promise<void>(() => undefined) }),
    });
    const refused = expect(sender.start()).rejects.toMatchObject({ code: 'SENDER_STOPPED' });
    const stopping = sender.stop({ timeout: 100 });
    await clock.advance(5_100);
    await Promise.all([stopping, refused]);
    expect(eventsOf('warning')).toHaveLength(warned + 1);
    expect(eventsOf('stopped')).toHaveLength(1);
  });

  it.each(['spool', 'transport'] as const)(
    'never ends, of a %s, is abandoned after time-out and grace, with a warning',
    async (what) => {
      const { sender, transport, spool, clock, eventsOf } = aliceSends();
      (what === 'spool' ? spool : transport).close = () => new Promise(() => undefined);
      await sender.start();
      const stopping = sender.stop({ timeout: 100 });
      await clock.advance(5_100);
      await stopping;
      expect(clock.pending).toBe(0);
      expect(eventsOf('warning')).toMatchObject([
        { error: { code: 'STOP_INCOMPLETE', details: { left: [`the closing of the ${what}`] } } },
      ]);
    },
  );

  it('has a grace of its own if others used up the first one', async () => {
    const { sender, transport, spool, clock, eventsOf } = aliceSends();
    const close = spool.close.bind(spool);
    spool.close = async () => {
      await new Promise<void>((resolve) => clock.setTimer(resolve, 1_000));
      await close();
    };
    transport.answer = () => new Promise(() => undefined);
    await sender.send(message);
    void sender.flush();
    await clock.advance(1);
    const stopping = sender.stop({ timeout: 100 });
    await clock.advance(5_100 + 1_000);
    await stopping;
    await expect(spool.counts()).rejects.toMatchObject({ code: 'SPOOL_CLOSED' });
    expect(eventsOf('warning')).toMatchObject([{ error: { details: { left: ['1 batch of notes at work'] } } }]);
  });
});

it('a watch() that cannot be ended causes a warning', async () => {
  const spool = Object.assign(new MemorySpool(), {
    watch: () => () => {
      throw new Error('no');
    },
  });
  const { sender, eventsOf } = aliceSends({ spool });
  await sender.start();
  await sender.stop();
  expect(eventsOf('warning')).toHaveLength(1);
  expect(eventsOf('stopped')).toHaveLength(1);
});
