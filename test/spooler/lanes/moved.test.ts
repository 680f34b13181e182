import { describe, expect, it } from 'vitest';
import { OfflineImError } from '../../../src/core/errors/offline-im-error.ts';
import { aliceSends } from '../../support/sender-fixture.ts';

const unreachable = new OfflineImError('ENDPOINT_UNREACHABLE', 'No connection.');
const refused = new OfflineImError('AUTHENTICATION_FAILED', 'HTTP 401.');

/** Two mailboxes on an unreachable server, one of which moves to another server. */
async function moved(answer: 'unreachable' | 'blocked') {
  const scene = aliceSends({ pickupDelay: 0, retry: { initialDelay: 600_000 }, pollInterval: 10_000 });
  const { sender, transport, clock } = scene;
  const home = new Map<string, string>();
  transport.place = ({ address }) => ({
    endpoint: home.get(address) ?? 'https://old.test',
    mailbox: address,
    folder: 'history',
  });
  transport.answer = (note) => {
    if (note.place.endpoint === 'https://new.test') return { status: 'delivered', messageClass: note.messageClass };
    return answer === 'blocked'
      ? { status: 'blocked', scope: 'mailbox', sent: 'no', error: refused }
      : { status: 'deferred', scope: 'endpoint', error: unreachable };
  };
  await sender.start();
  for (const name of ['alice', 'carol']) {
    await sender.send({ from: { sip: `sip:${name}@contoso.com` }, to: 'sip:bob@contoso.com', text: name });
  }
  await clock.advance(20_000);
  home.set('alice@contoso.com', 'https://new.test');
  return scene;
}

describe('a mailbox moved to another server', () => {
  it.each(['unreachable', 'blocked'] as const)('does not wait for the old one (%s)', async (answer) => {
    const { sender, clock, eventsOf } = await moved(answer);
    await clock.advance(60_000);
    expect(eventsOf('message:delivered').map(({ lane }) => lane)).toEqual(['alice@contoso.com']);
    expect((await sender.stats()).states).toMatchObject({ delivered: 1 });
    await sender.stop();
  });

  it('leaves nothing behind of an unused server', async () => {
    const { sender, clock, transport } = await moved('unreachable');
    transport.place = ({ address }) => ({ endpoint: 'https://new.test', mailbox: address, folder: 'history' });
    await clock.advance(60_000);
    const stats = await sender.stats();
    expect(stats.states.delivered).toBe(2);
    expect(stats.unavailable).toEqual([]);
    await sender.stop();
  });

  it('is not affected by late answers of the old server', async () => {
    const { sender, clock, transport, eventsOf } = await moved('unreachable');
    await clock.advance(60_000);
    await sender.send({ from: { sip: 'sip:alice@contoso.com' }, to: 'sip:dan@contoso.com', text: 'later' });
    await clock.advance(20_000);
    expect(transport.delivered.at(-1)?.place.endpoint).toBe('https://new.test');
    expect(eventsOf('transport:unavailable').map(({ endpoint }) => endpoint)).not.toContain('https://new.test');
    await sender.stop();
  });
});
