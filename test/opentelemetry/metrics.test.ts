import { expect, it } from 'vitest';
import { OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import { aliceSends } from '../support/sender-fixture.ts';
import { telemetryScene } from './scene.ts';

const bob = 'sip:bob@contoso.com';

it('counts message events, and measures delivery, attempts and lateness', async () => {
  const { telemetry, points, end } = telemetryScene();
  const { sender, transport, clock } = aliceSends();
  telemetry.observe(sender);
  await sender.start();
  const failed = new OfflineImError('EWS_ERROR', 'busy', {});
  transport.answer = async () => ({ status: 'deferred', scope: 'note', error: failed });
  await sender.send({ to: bob, text: 'a', messageId: 'm' });
  await sender.send({ to: bob, text: 'a', messageId: 'm' });
  await clock.advance(120_000);
  transport.answer = async ({ messageClass }) => ({ status: 'delivered', messageClass });
  await clock.advance(600_000);
  const all = await points();
  const messages = all.get('offline_im.messages')?.map(({ attributes, value }) => [attributes, value]);
  expect(messages).toEqual([
    [{ 'offline_im.event': 'spooled' }, 1],
    [{ 'offline_im.event': 'duplicate' }, 1],
    [{ 'offline_im.event': 'picked-up' }, 2],
    [{ 'offline_im.event': 'deferred', 'error.type': 'EWS_ERROR' }, 1],
    [{ 'offline_im.event': 'delivered' }, 1],
  ]);
  expect(all.get('messaging.client.sent.messages')?.map(({ attributes, value }) => [attributes, value])).toEqual([
    [{ 'messaging.system': 'exchange', 'messaging.operation.name': 'send', 'error.type': 'EWS_ERROR' }, 1],
    [{ 'messaging.system': 'exchange', 'messaging.operation.name': 'send' }, 1],
  ]);
  expect(all.get('offline_im.delivery.attempts')?.[0]?.value).toMatchObject({ count: 1, sum: 2 });
  expect(all.get('offline_im.pickup.lateness')?.[0]?.value).toMatchObject({ count: 1, sum: 0 });
  const time = all.get('offline_im.delivery.time')?.[0]?.value;
  expect((time as { readonly sum: number }).sum).toBeGreaterThan(120);
  await sender.stop();
  await end();
});

it('exposes as gauges how much waits by state, since when, and what is paused or blocked', async () => {
  const { telemetry, points, end } = telemetryScene();
  const { sender, transport, clock } = aliceSends();
  const forget = telemetry.observe(sender);
  await sender.start();
  const failed = new OfflineImError('AUTHENTICATION_FAILED', 'no', {});
  transport.answer = async () => ({ status: 'blocked', scope: 'mailbox', sent: 'no', error: failed });
  await sender.send({ to: bob, text: 'a' });
  await clock.advance(130_000);
  await sender.pause('carol@contoso.com', { by: 'dan' });
  const all = await points();
  const value = (name: string): unknown => all.get(name)?.[0]?.value;
  expect(all.get('offline_im.entries')).toHaveLength(8);
  expect(all.get('offline_im.entries')?.[0]).toMatchObject({ attributes: { state: 'spooled' }, value: 1 });
  expect(value('offline_im.oldest_waiting')).toBe(130);
  expect(value('offline_im.blocked_mailboxes')).toBe(1);
  expect(value('offline_im.paused_mailboxes')).toBe(1);
  expect(value('offline_im.paused')).toBe(0);
  expect(value('offline_im.unavailable_endpoints')).toBe(0);
  expect(JSON.stringify([...all])).not.toContain('contoso');
  forget();
  await sender.pause();
  // The SDK continues with the last value it received.
  expect((await points()).get('offline_im.paused')?.[0]?.value).toBe(0);
  await sender.stop();
  await end();
});

it('includes the mailbox only if enabled, and adds the attributes of the host to every point', async () => {
  const { telemetry, points, end } = telemetryScene({ mailboxes: true, attributes: { sender: 'one' } });
  const { sender } = aliceSends();
  telemetry.observe(sender);
  await sender.send({ to: bob, text: 'a' });
  await sender.flush();
  const all = await points();
  const attributes = all.get('offline_im.messages')?.map((point) => point.attributes);
  expect(attributes).toContainEqual({
    sender: 'one',
    'offline_im.event': 'delivered',
    'offline_im.mailbox': 'alice@contoso.com',
  });
  for (const [, points] of all) for (const point of points) expect(point.attributes).toMatchObject({ sender: 'one' });
  await sender.stop();
  await end();
});

it('skips a collection once the sender has stopped', async () => {
  const { telemetry, points, end } = telemetryScene();
  const { sender } = aliceSends();
  telemetry.observe(sender);
  await sender.stop();
  expect((await points()).get('offline_im.entries') ?? []).toEqual([]);
  await end();
});

it('refuses an invalid provider, sender or logger', () => {
  const { telemetry } = telemetryScene();
  expect(() => telemetryScene({ meterProvider: {} as never })).toThrow(/meterProvider.*expected a MeterProvider/);
  expect(() => telemetryScene({ attributes: { a: {} } as never })).toThrow(/attributes/);
  expect(() => telemetry.observe({} as never)).toThrow(/OfflineImSender/);
  expect(() => telemetry.logger(7 as never)).toThrow(/logger/);
});
