import { describe, expect, it } from 'vitest';
import { OfflineImError } from '../../../src/core/errors/offline-im-error.ts';
import { ManualClock } from '../../../src/testing/manual-clock.ts';
import type { DeliveryOutcome, Note, ProbeResult } from '../../../src/transport/contract.ts';
import { sendToSimulator } from '../../support/send-to-simulator.ts';
import { aliceSends } from '../../support/sender-fixture.ts';

const refused = new OfflineImError('AUTHENTICATION_FAILED', 'HTTP 401.');
const full = new OfflineImError('EWS_ERROR', 'Full.', { details: { responseCode: 'ErrorQuotaExceeded' } });
const silent = new OfflineImError('REQUEST_TIMEOUT', 'No answer.');
const delivered = (note: Note): DeliveryOutcome => ({ status: 'delivered', messageClass: note.messageClass });
const to = (name: string) => ({ to: `sip:${name}@contoso.com`, text: 'x', messageId: name });

/** A mailbox with `doubts` notes that may have been sent, then blocked by the error of the next delivery. */
async function blockedWith(doubts: number, outcome: DeliveryOutcome) {
  const fixture = aliceSends({ pickupDelay: 0 });
  const { sender, transport, clock } = fixture;
  transport.answer = () => ({ status: 'unconfirmed', scope: 'note', error: silent });
  transport.answerProbe = () => ({ status: 'pending' });
  await sender.start();
  for (let index = 0; index < doubts; index++) await sender.send(to(`doubt${index}`));
  await clock.advance(1);
  transport.answer = () => outcome;
  await sender.send(to('blocked'));
  await clock.advance(1);
  transport.delivered.length = 0;
  transport.probed.length = 0;
  transport.batches.length = 0;
  return fixture;
}

describe('a mailbox closed by a refused login', () => {
  it('reopens as soon as a probe passes the login, and new notes are sent at once', async () => {
    const { sender, transport, clock, eventsOf } = await blockedWith(120, {
      status: 'blocked',
      scope: 'mailbox',
      sent: 'no',
      error: refused,
    });
    expect(eventsOf('lane:blocked')).toHaveLength(1);
    transport.answer = delivered;
    await clock.advance(899_000);
    await sender.send(to('fresh'));
    expect([transport.probed.length, transport.delivered.length]).toEqual([0, 0]);
    await clock.advance(1_100);
    expect(eventsOf('lane:resumed')).toHaveLength(1);
    // The trial took a batch; by the time it was answered nothing held the rest back.
    expect(
      eventsOf('message:delivered')
        .map(({ messageId }) => messageId)
        .sort(),
    ).toEqual(['blocked', 'fresh']);
    expect(transport.probed.length).toBeLessThanOrEqual(240);
    await sender.stop();
  });

  it('is also blocked by a probe with a refused login', async () => {
    const { sender, transport, clock, eventsOf } = aliceSends({ pickupDelay: 0 });
    transport.answer = () => ({ status: 'unconfirmed', scope: 'note', error: silent });
    transport.answerProbe = (): ProbeResult => ({ status: 'unknown', scope: 'mailbox', error: refused, blocked: true });
    await sender.start();
    await sender.send(to('doubt'));
    await clock.advance(5_100);
    expect(eventsOf('lane:blocked')).toMatchObject([{ code: 'AUTHENTICATION_FAILED', retryIn: 900_000 }]);
    transport.answer = delivered;
    await sender.send(to('fresh'));
    await clock.advance(899_000);
    expect([transport.probed.length, transport.delivered.length]).toEqual([1, 1]);
    transport.answerProbe = () => ({ status: 'found' });
    await clock.advance(1_000);
    expect(
      eventsOf('message:delivered')
        .map(({ messageId }) => messageId)
        .sort(),
    ).toEqual(['doubt', 'fresh']);
    await sender.stop();
  });
});

describe('a mailbox closed by an error while sending', () => {
  it.each([
    ['quota', { status: 'blocked', scope: 'mailbox', sent: 'no', error: full }],
    ['send-as', { status: 'rejected', scope: 'mailbox', splittable: false, draft: 'none', error: full }],
  ] satisfies (readonly [string, DeliveryOutcome])[])(
    '%s: is not reopened by a probe, only by a delivery',
    async (_what, outcome) => {
      const { sender, transport, clock, eventsOf } = await blockedWith(3, outcome);
      await sender.send(to('waits'));
      transport.answerProbe = () => ({ status: 'found' });
      await clock.advance(900_100);
      // The probe and the delivery of one trial: the probe was answered, the delivery was refused again.
      expect(eventsOf('message:delivered').map(({ foundByProbe }) => foundByProbe)).toEqual([true, true, true]);
      expect(transport.delivered).toHaveLength(1);
      expect(eventsOf('lane:resumed')).toEqual([]);
      transport.answer = delivered;
      await sender.send(to('later'));
      await clock.advance(899_000);
      expect(transport.delivered).toHaveLength(1);
      await clock.advance(1_100);
      expect(eventsOf('lane:resumed')).toHaveLength(1);
      await sender.stop();
    },
  );

  it('is reopened by a delivery that retryNow() requested', async () => {
    const { sender, transport, clock, eventsOf } = await blockedWith(1, {
      status: 'blocked',
      scope: 'mailbox',
      sent: 'no',
      error: full,
    });
    transport.answer = delivered;
    sender.retryNow();
    await clock.advance(10);
    expect(eventsOf('lane:resumed')).toHaveLength(1);
    expect(transport.delivered).toHaveLength(1);
    await sender.stop();
  });

  it('may be classified by the transport: a login failure is over after any request', async () => {
    const { sender, transport, clock, eventsOf } = await blockedWith(1, {
      status: 'blocked',
      scope: 'mailbox',
      sent: 'no',
      error: full,
      by: 'login',
    });
    transport.answer = () => ({ status: 'unconfirmed', scope: 'note', error: silent });
    await clock.advance(900_100);
    expect(eventsOf('lane:resumed')).toHaveLength(1);
    await sender.stop();
  });
});

describe('a refused probe', () => {
  async function doubtful(result: ProbeResult) {
    const fixture = aliceSends({ pickupDelay: 0 });
    fixture.transport.answer = (note) =>
      note.entryIds.length > 0 && fixture.transport.delivered.length <= 1
        ? { status: 'unconfirmed', scope: 'note', error: silent }
        : delivered(note);
    fixture.transport.answerProbe = () => result;
    await fixture.sender.start();
    await fixture.sender.send(to('doubt'));
    return fixture;
  }

  it.each(['note', 'mailbox', 'endpoint'] as const)(
    'respects the back-off of its server for the %s as a delivery does',
    async (scope) => {
      const { sender, transport, clock } = await doubtful({ status: 'unknown', scope, error: full, retryAfter: 3_600_000 });
      await clock.advance(5_100);
      expect(transport.probed).toHaveLength(1);
      await sender.send(to('other'));
      await clock.advance(3_599_000);
      expect(transport.probed).toHaveLength(1);
      // A single note holds up no other of its mailbox.
      expect(transport.delivered).toHaveLength(scope === 'note' ? 2 : 1);
      await clock.advance(120_000);
      expect(transport.probed.length).toBeGreaterThan(1);
      await sender.stop();
    },
  );

  it('backs off to a quarter of an hour', async () => {
    const { sender, transport, clock } = await doubtful({ status: 'unknown', error: full });
    await clock.advance(12 * 3_600_000);
    const inTwelveHours = transport.probed.length;
    // With a jitter of one half: every seven and a half minutes.
    expect(inTwelveHours).toBeGreaterThan(90);
    expect(inTwelveHours).toBeLessThan(110);
    await sender.stop();
  });

  it('that is later answered is repeated as often as before', async () => {
    const { sender, transport, clock } = await doubtful({ status: 'unknown', error: full });
    await clock.advance(3_600_000);
    transport.answerProbe = () => ({ status: 'pending' });
    await clock.advance(900_000);
    const before = transport.probed.length;
    await clock.advance(600_000);
    expect(transport.probed.length - before).toBe(10);
    await sender.stop();
  });
});

it('one 401 while many notes are unconfirmed stops no delivery of the mailbox, and costs few probes', async () => {
  const doubts = 120;
  const clock = new ManualClock();
  await using scene = await sendToSimulator({
    transport: { requestTimeout: 60_000 },
    sender: {
      clock,
      retry: { blockedInterval: 900_000 },
      lease: { duration: 3_600_000 },
      probe: { initialDelay: 5_000, maxDelay: 60_000, grace: 86_400_000 },
    },
  });
  const { exchange, sender } = scene;
  const faults = exchange.faults.on('CreateItem').soapFault('ErrorInternalServerTransientError', { processed: false });
  for (let index = 0; index < doubts; index++) await scene.send(`doubt ${index}`);
  expect(await sender.flush()).toEqual({ unconfirmed: doubts });
  faults.remove();
  exchange.faults.on('*').once().unauthorized();
  await scene.send('one');
  await sender.flush();
  expect((await sender.stats()).states.spooled).toBe(1);
  await scene.send('fresh');
  await clock.advance(900_000);
  const before = exchange.journal.length;
  await sender.flush();
  expect(scene.inbox().sort()).toEqual(['fresh', 'one']);
  const since = exchange.journal.slice(before).map(({ operation }) => operation);
  const looks = since.filter((operation) => operation === 'FindItem').length;
  const perBatch = looks / Math.ceil(doubts / 50);
  // One batch was the trial; its response opened the lane for all others.
  expect(since.indexOf('CreateItem')).toBeLessThanOrEqual(2 * perBatch);
  expect(looks).toBeLessThan(doubts / 2);
});
