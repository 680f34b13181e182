import { describe, expect, it } from 'vitest';
import { OfflineImError } from '../../../src/core/errors/offline-im-error.ts';
import type { DeliveryOutcome, Note } from '../../../src/transport/contract.ts';
import { aliceSends } from '../../support/sender-fixture.ts';

const unreachable = new OfflineImError('ENDPOINT_UNREACHABLE', 'No connection.');
const busy = new OfflineImError('EWS_ERROR', 'Busy.', { details: { responseCode: 'ErrorServerBusy' } });
const delivered = (note: Note): DeliveryOutcome => ({ status: 'delivered', messageClass: note.messageClass });
const from = (name: string) => ({ sip: `sip:${name}@contoso.com` });

describe('lanes', () => {
  it('one failing mailbox never holds up others', async () => {
    const { sender, transport, clock } = aliceSends();
    transport.answer = (note) =>
      note.from.address.startsWith('mallory')
        ? { status: 'blocked', scope: 'mailbox', sent: 'no', error: busy }
        : delivered(note);
    await sender.start();
    for (let index = 0; index < 20; index++) {
      await sender.send({ from: from('mallory'), to: `sip:m${index}@contoso.com`, text: 'x' });
      await sender.send({ from: from('alice'), to: `sip:a${index}@contoso.com`, text: 'x' });
    }
    await clock.advance(121_000);
    expect((await sender.stats()).states.delivered).toBe(20);
    expect((await sender.stats()).states.spooled).toBe(20);
    await sender.stop();
  });

  it('a busy mailbox waits as long as the server says, and its notes count no failures', async () => {
    const { sender, transport, clock } = aliceSends();
    transport.answer = (note) =>
      note === transport.delivered[0]
        ? { status: 'deferred', scope: 'mailbox', error: busy, retryAfter: 25_000 }
        : delivered(note);
    await sender.start();
    await sender.send({ to: 'sip:bob@contoso.com', text: 'one' });
    await sender.send({ to: 'sip:carol@contoso.com', text: 'two' });
    await clock.advance(120_000 + 24_900);
    const before = transport.delivered.length;
    await clock.advance(200);
    expect(transport.delivered.length).toBeGreaterThan(before);
    expect((await sender.stats()).states.delivered).toBe(2);
    await sender.stop();
  });

  it('reports once that a mailbox is blocked, however many notes of a batch met the block', async () => {
    const { sender, transport, clock, eventsOf } = aliceSends();
    transport.answer = () => ({ status: 'blocked', scope: 'mailbox', sent: 'no', error: busy });
    await sender.start();
    for (let index = 0; index < 120; index++) await sender.send({ to: `sip:b${index}@contoso.com`, text: 'x' });
    await clock.advance(121_000);
    expect(eventsOf('lane:blocked')).toHaveLength(1);
    await clock.advance(900_000);
    expect(eventsOf('lane:blocked')).toHaveLength(2);
    await sender.stop();
  });

  it('a batch of failures counts as one back-off of the mailbox, not one per note', async () => {
    const { sender, transport, clock } = aliceSends();
    transport.answer = (note) => (note.attempt === 1 ? { status: 'deferred', scope: 'mailbox', error: busy } : delivered(note));
    await sender.start();
    for (let index = 0; index < 40; index++) await sender.send({ to: `sip:b${index}@contoso.com`, text: 'x' });
    await clock.advance(120_000 + 2_500);
    expect((await sender.stats()).states.delivered).toBe(40);
    await sender.stop();
  });

  it('processes at most four batches of a mailbox at a time', async () => {
    const { sender, transport, clock } = aliceSends({ notesPerClaim: 1 });
    let running = 0;
    let most = 0;
    transport.answer = async (note) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise<void>((resolve) => clock.setTimer(resolve, 1_000));
      running -= 1;
      return delivered(note);
    };
    await sender.start();
    for (let index = 0; index < 12; index++) await sender.send({ to: `sip:b${index}@contoso.com`, text: 'x' });
    await clock.advance(125_000);
    expect(most).toBe(4);
    expect((await sender.stats()).states.delivered).toBe(12);
    await sender.stop();
  });
});

describe('the circuit of an endpoint', () => {
  it('opens on a connection failure, admits a single trial, and closes when that succeeds', async () => {
    const { sender, transport, clock, eventsOf } = aliceSends();
    let up = false;
    transport.answer = (note) => (up ? delivered(note) : { status: 'deferred', scope: 'endpoint', error: unreachable });
    await sender.start();
    for (const name of ['alice', 'bea', 'cem', 'dan'])
      await sender.send({ from: from(name), to: 'sip:bob@contoso.com', text: 'x' });
    await clock.advance(120_000);
    const first = transport.delivered.length;
    expect(eventsOf('transport:unavailable')).toHaveLength(1);

    await clock.advance(2_500);
    expect(transport.delivered.length - first).toBe(1);

    up = true;
    await clock.advance(10_000);
    expect(eventsOf('transport:available')).toEqual([{ endpoint: 'https://exchange.test' }]);
    expect((await sender.stats()).states.delivered).toBe(4);
    await sender.stop();
  });

  it('closes when a probe is answered, and opens when a probe reaches nobody', async () => {
    const { sender, transport, clock, eventsOf } = aliceSends();
    transport.answer = (note) =>
      note.attempt === 1 ? { status: 'unconfirmed', scope: 'endpoint', error: unreachable } : delivered(note);
    transport.answerProbe = () => ({ status: 'unknown', error: unreachable });
    await sender.start();
    await sender.send({ to: 'sip:bob@contoso.com', text: 'x' });
    await clock.advance(125_000);
    expect(eventsOf('transport:unavailable')).toHaveLength(1);
    expect(eventsOf('transport:available')).toHaveLength(0);
    transport.answerProbe = () => ({ status: 'pending' });
    await clock.advance(120_000);
    expect(eventsOf('transport:available')).toHaveLength(1);
    await sender.stop();
  });

  it('a request started earlier does not shorten the back-off requested by the server', async () => {
    const { sender, transport, clock } = aliceSends({ pickupDelay: 0, notesPerClaim: 1 });
    const at: number[] = [];
    transport.answer = async (note) => {
      at.push(clock.monotonic());
      const first = at.length === 1;
      await new Promise<void>((resolve) => clock.setTimer(resolve, first ? 1_000 : 2_000));
      return first ? { status: 'deferred', scope: 'endpoint', error: unreachable, retryAfter: 600_000 } : delivered(note);
    };
    await sender.start();
    for (let index = 0; index < 8; index++) await sender.send({ to: `sip:b${index}@contoso.com`, text: 'x' });
    await clock.advance(1_000);
    const begun = at.length;
    await clock.advance(599_900);
    expect(at).toHaveLength(begun);
    await clock.advance(60_000);
    expect((await sender.stats()).states.delivered).toBe(8);
    await sender.stop();
  });

  it('a new lane is not tried either while the circuit is open', async () => {
    const { sender, transport, clock } = aliceSends({ pickupDelay: 0 });
    transport.answer = () => ({ status: 'deferred', scope: 'endpoint', error: unreachable, retryAfter: 600_000 });
    await sender.start();
    await sender.send({ from: from('alice'), to: 'sip:bob@contoso.com', text: 'x' });
    await clock.advance(100);
    await sender.send({ from: from('bea'), to: 'sip:bob@contoso.com', text: 'x' });
    await clock.advance(100_000);
    expect(transport.delivered).toHaveLength(1);
    expect((await sender.stats()).states).toMatchObject({ spooled: 1, deferred: 1 });
    await sender.stop();
  });

  it('causes no retry storm: with the server down for an hour, each trial is a single note', async () => {
    const { sender, transport, clock } = aliceSends();
    transport.answer = () => ({ status: 'deferred', scope: 'endpoint', error: unreachable });
    await sender.start();
    for (let index = 0; index < 300; index++) await sender.send({ to: `sip:b${index}@contoso.com`, text: 'x' });
    await clock.advance(120_000);
    const first = transport.delivered.length;
    await clock.advance(3_600_000);
    expect(transport.delivered.length - first).toBeLessThan(30);
    expect(Math.max(...transport.batches.slice(6).map((batch) => batch.length))).toBe(1);
    await sender.stop();
  });
});
