import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OfflineImError } from '../../../src/core/errors/offline-im-error.ts';
import type { ConcurrencyLimit } from '../../../src/spooler/lanes/circuit.ts';
import { grow, shrink, successesToGrow } from '../../../src/spooler/lanes/lane.ts';
import { Lanes } from '../../../src/spooler/lanes/lanes.ts';
import { spoolerSettings } from '../../../src/spooler/options.ts';
import { ManualClock } from '../../../src/testing/manual-clock.ts';
import type { DeliveryOutcome, Note } from '../../../src/transport/contract.ts';
import { aliceSends } from '../../support/sender-fixture.ts';

const times = (count: number, window: ConcurrencyLimit, most: number): ConcurrencyLimit =>
  Array.from({ length: count }).reduce<ConcurrencyLimit>((now) => grow(now, most), window);

describe('the concurrency limit of a lane', () => {
  it('is halved, but never zero', () => {
    expect([27, 4, 3, 2, 1].map((size) => shrink({ size, successes: 7 }))).toEqual(
      [13, 2, 1, 1, 1].map((size) => ({ size, successes: 0 })),
    );
  });

  it('grows by one after a number of successes, up to its maximum', () => {
    expect(times(successesToGrow - 1, { size: 1, successes: 0 }, 4).size).toBe(1);
    expect(times(successesToGrow, { size: 1, successes: 0 }, 4)).toEqual({ size: 2, successes: 0 });
    expect(times(successesToGrow * 10, { size: 1, successes: 0 }, 4)).toEqual({ size: 4, successes: 0 });
  });

  it('restarts its count after each reduction', () => {
    const almost = times(successesToGrow - 1, { size: 4, successes: 0 }, 8);
    expect(grow(shrink(almost), 8).size).toBe(2);
  });

  it('is always between 1 and its maximum', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 27 }), fc.array(fc.boolean(), { maxLength: 500 }), (most, steps) => {
        let window: ConcurrencyLimit = { size: most, successes: 0 };
        for (const success of steps) {
          window = success ? grow(window, most) : shrink(window);
          expect(window.size).toBeGreaterThanOrEqual(1);
          expect(window.size).toBeLessThanOrEqual(most);
        }
      }),
    );
  });
});

describe('a mailbox that says "too many"', () => {
  const busy = new OfflineImError('EWS_ERROR', 'Busy.', { details: { responseCode: 'ErrorExceededConnectionCount' } });
  const delivered = (note: Note): DeliveryOutcome => ({ status: 'delivered', messageClass: note.messageClass });

  /** A server that accepts `allowed` concurrent requests, 1 s each, and reports when it gets more. */
  function server(allowed: number, scope: 'mailbox' | 'note' = 'mailbox', status: 'deferred' | 'unconfirmed' = 'deferred') {
    const alice = aliceSends({ notesPerClaim: 1, concurrencyPerMailbox: 8, pickupDelay: 0 });
    const seen = { running: 0, most: 0, refused: 0 };
    alice.transport.answer = async (note) => {
      seen.running += 1;
      seen.most = Math.max(seen.most, seen.running);
      const over = seen.running > allowed;
      await new Promise<void>((resolve) => alice.clock.setTimer(resolve, over ? 10 : 1_000));
      seen.running -= 1;
      if (!over) return delivered(note);
      seen.refused += 1;
      return { status, scope, error: busy, retryAfter: 100 };
    };
    return { ...alice, seen };
  }

  it('halves its limit, which grows again with success', async () => {
    const { sender, clock, seen, eventsOf } = server(4);
    await sender.start();
    for (let n = 0; n < 150; n++) await sender.send({ to: `sip:b${n}@contoso.com`, text: 'x' });
    await clock.advance(100);
    expect(seen.most).toBe(8);
    expect(seen.refused).toBe(4);
    seen.most = 0;
    await clock.advance(3_000);
    expect(seen.most).toBe(4);
    await clock.advance(600_000);
    expect(eventsOf('message:delivered')).toHaveLength(150);
    // It tried five at once now and then, and no more.
    expect(seen.most).toBe(5);
    expect(seen.refused).toBeLessThan(15);
    await sender.stop();
  });

  it('reduces it once, however many notes report it at that time', async () => {
    const clock = new ManualClock();
    const options = spoolerSettings({ concurrencyPerMailbox: 8 });
    const observer = { blocked: () => {}, resumed: () => {}, unavailable: () => {}, available: () => {} };
    const lanes = new Lanes({ clock, options, observer, random: () => 0, endpointOf: () => 'https://exchange.test' });
    const ends = Array.from({ length: 8 }, () => lanes.begin('alice', 'deliver'));
    expect(lanes.admission('alice')).toBe('closed');
    await clock.advance(10);
    for (let n = 0; n < 50; n++) lanes.record('alice', { status: 'deferred', scope: 'mailbox', error: busy, retryAfter: 1 }, 0);
    for (const end of ends) end();
    await clock.advance(10);
    const admitted = Array.from({ length: 8 }, () => {
      const admission = lanes.admission('alice');
      lanes.begin('alice', 'deliver');
      return admission;
    });
    expect(admitted.filter((admission) => admission === 'open')).toHaveLength(4);
  });

  it.each(['note', 'unconfirmed'] as const)('but not for errors unrelated to the request rate: %s', async (kind) => {
    const { sender, transport, clock, seen } = server(
      4,
      kind === 'note' ? 'note' : 'mailbox',
      kind === 'note' ? 'deferred' : 'unconfirmed',
    );
    transport.answerProbe = () => ({ status: 'found' });
    await sender.start();
    for (let n = 0; n < 60; n++) await sender.send({ to: `sip:b${n}@contoso.com`, text: 'x' });
    await clock.advance(100);
    seen.most = 0;
    await clock.advance(4_000);
    expect(seen.most).toBe(8);
    await sender.stop({ timeout: 10 }).catch(() => undefined);
  });
});
