import { describe, expect, it, vi } from 'vitest';
import { OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import type { Logger } from '../../src/observability/trace.ts';
import { OfflineImSender } from '../../src/sender/sender.ts';
import { MemorySpool } from '../../src/spool/journaled/memory-spool.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';
import type { DeliveryOutcome } from '../../src/transport/contract.ts';
import { FakeTransport } from '../support/fake-transport.ts';
import { aliceSends } from '../support/sender-fixture.ts';

const bob = 'sip:bob@contoso.com';
const rejected: DeliveryOutcome = {
  status: 'rejected',
  scope: 'note',
  splittable: false,
  draft: 'none',
  error: new OfflineImError('EWS_ERROR', 'Exchange answered ErrorInvalidRecipients.'),
};

describe('a host', () => {
  it('cancels a message before it is picked up', async () => {
    const { sender, transport, clock, eventsOf } = aliceSends();
    await sender.start();
    await sender.send({ to: bob, text: 'x', messageId: 'm' });
    expect(await sender.cancel('m')).toMatchObject([{ from: 'spooled', to: 'cancelled' }]);
    await clock.advance(240_000);
    expect(transport.delivered).toHaveLength(0);
    expect(eventsOf('message:cancelled')).toHaveLength(1);
    await sender.stop();
  });

  it('requests to cancel a message that is being sent, and learns the result', async () => {
    const { sender, transport, clock, eventsOf } = aliceSends();
    const answer = Promise.withResolvers<DeliveryOutcome>();
    transport.answer = () => answer.promise;
    await sender.start();
    await sender.send({ to: bob, text: 'x', messageId: 'm' });
    await clock.advance(120_000);
    expect(await sender.cancel('m')).toMatchObject([{ from: 'delivering', to: 'delivering' }]);
    answer.resolve({ status: 'deferred', scope: 'note', error: new OfflineImError('EWS_ERROR', 'Busy.') });
    await clock.advance(60_000);
    expect(transport.delivered).toHaveLength(1);
    expect(eventsOf('message:cancelled')).toHaveLength(1);
    await sender.stop();
  });

  it('holds and releases a message', async () => {
    const { sender, transport, clock } = aliceSends();
    await sender.start();
    const { entries } = await sender.send({ to: bob, text: 'x' });
    const id = entries[0]?.id ?? '';
    await sender.hold(id);
    await clock.advance(240_000);
    expect(transport.delivered).toHaveLength(0);
    await sender.release(id);
    await clock.advance(100);
    expect(transport.delivered).toHaveLength(1);
    await sender.stop();
  });

  it('requeues and purges a dead message', async () => {
    const { sender, transport, clock } = aliceSends();
    transport.answer = () => rejected;
    await sender.start();
    await sender.send({ to: bob, text: 'x', messageId: 'm' });
    await clock.advance(120_000);
    expect((await sender.status('m'))?.entries[0]).toMatchObject({ state: 'dead', reason: { code: 'EWS_ERROR' } });
    await sender.requeue('m');
    await clock.advance(1_000);
    expect(transport.delivered).toHaveLength(2);
    await sender.purge('m');
    expect(await sender.status('m')).toBeUndefined();
    expect((await sender.stats()).states.dead).toBe(0);
    await sender.stop();
  });

  it('gets ENTRY_UNKNOWN for an unknown id', async () => {
    const { sender } = aliceSends();
    for (const action of ['cancel', 'hold', 'release', 'requeue', 'purge'] as const) {
      await expect(sender[action]('nothing')).rejects.toMatchObject({ code: 'ENTRY_UNKNOWN' });
    }
    await sender.stop();
  });

  it('lists entries by state, as a stream', async () => {
    const { sender } = aliceSends();
    await sender.sendMany(Array.from({ length: 30 }, (_, index) => ({ to: bob, text: `${index}`, messageId: `m${index}` })));
    await sender.cancel('m3');
    const listed: string[] = [];
    for await (const entry of sender.list({ state: 'spooled' })) listed.push(entry.messageId);
    expect(listed).toHaveLength(29);
    await sender.stop();
  });
});

describe('events and trace', () => {
  it('a listener that throws or rejects has no effect, and is reported', async () => {
    const { sender, clock, eventsOf, transport } = aliceSends();
    sender.on('message:spooled', () => {
      throw new Error('oops');
    });
    sender.on('message:delivered', (() => Promise.reject(new Error('later'))) as () => void);
    await sender.start();
    await sender.send({ to: bob, text: 'x' });
    await clock.advance(120_000);
    expect(transport.delivered).toHaveLength(1);
    expect(
      eventsOf('warning')
        .map(({ error }) => error.message)
        .sort(),
    ).toEqual(['later', 'oops']);
    await sender.stop();
  });

  it('once() and off() do what they say', async () => {
    const { sender } = aliceSends();
    const once = vi.fn();
    const off = vi.fn();
    sender.once('message:spooled', once).on('message:spooled', off).off('message:spooled', off);
    await sender.send({ to: bob, text: '1' });
    await sender.send({ to: bob, text: '2' });
    expect(once).toHaveBeenCalledTimes(1);
    expect(off).not.toHaveBeenCalled();
    await sender.stop();
  });

  it('every step of a message is traced with its ids, but never its text', async () => {
    const lines: Record<string, unknown>[] = [];
    const write = (fields: Readonly<Record<string, unknown>>): void => {
      lines.push(fields);
    };
    const logger: Logger = { debug: write, info: write, warn: write, error: write };
    const { sender, transport, clock } = aliceSends({ logger });
    transport.answer = () => rejected;
    await sender.start();
    await sender.send({ to: bob, text: 'the secret text', html: '<b>the secret html</b>', messageId: 'm' });
    await clock.advance(120_000);
    await sender.stop();
    const steps = lines.filter(({ messageId }) => messageId === 'm').map(({ step }) => step);
    expect(steps).toEqual(expect.arrayContaining(['message:spooled', 'message:picked-up', 'message:dead']));
    expect(JSON.stringify(lines)).not.toContain('secret');
  });

  it('without logger or listener, important warnings reach console.warn, without text', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const clock = new ManualClock();
    const transport = new FakeTransport();
    transport.answer = () => rejected;
    const sender = new OfflineImSender({
      identity: { sip: 'sip:alice@contoso.com' },
      client: { version: '16.0.6920.1000', mailboxLocation: 'on-premises' },
      spool: new MemorySpool(),
      transport,
      clock,
    });
    await sender.start();
    await sender.send({ to: bob, text: 'the secret text', messageId: 'm' });
    expect(warn).not.toHaveBeenCalled();
    await clock.advance(120_000);
    expect(warn.mock.calls).toEqual([
      ['offline-im message:dead', expect.objectContaining({ messageId: 'm', code: 'EWS_ERROR' })],
    ]);
    expect(JSON.stringify(warn.mock.calls)).not.toContain('secret');
    await sender.stop();
    warn.mockRestore();
  });
});
