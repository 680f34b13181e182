import { describe, expect, it } from 'vitest';
import type { ClaimedNote } from '../../src/spool/contract.ts';
import { ProbeHistories } from '../../src/spooler/leases.ts';
import { spoolerSettings } from '../../src/spooler/options.ts';
import { backOff, obey, probeDelay } from '../../src/spooler/outcome.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';

describe('the back-off', () => {
  const wait = (failures: number, random = 1 - Number.EPSILON) => backOff({ first: 100, cap: 5_000 }, failures, () => random);

  it('doubles with each failure, up to its cap', () => {
    expect([1, 2, 3, 6, 7, 1_000].map((failures) => wait(failures))).toEqual([100, 200, 400, 3_200, 5_000, 5_000]);
  });

  it('grows for as many failures as can be distinguished', () => {
    expect(backOff({ first: 1, cap: Number.MAX_SAFE_INTEGER }, 41, () => 1)).toBe(2 ** 40);
    expect(backOff({ first: 1, cap: Number.MAX_SAFE_INTEGER }, 500, () => 1)).toBe(2 ** 40);
  });

  it('has full jitter, even at the cap, in whole ms', () => {
    expect([0, 0.25, 0.5, 0.999].map((random) => wait(2, random))).toEqual([0, 50, 100, 200]);
    expect(wait(50, 0.1)).toBe(500);
    expect(wait(1, 0.123)).toBe(12);
  });

  it.each([Number.NaN, -0.1, 1.1, 'x' as never])('uses the middle for a random value of %s from the host', (random) => {
    expect(wait(1, random)).toBe(50);
  });

  it('accepts 0 and 1', () => {
    expect([wait(1, 0), wait(1, 1)]).toEqual([0, 100]);
  });
});

describe('the back-off of a server', () => {
  it.each([
    [undefined, 70, 70],
    [Number.NaN, 70, 70],
    [10, 70, 70],
    [80, 70, 80],
    [101, 70, 100],
    [Number.POSITIVE_INFINITY, 70, 100],
    [-5, 0, 0],
    // The cap limits the server's back-off, not our own.
    [10, 500, 500],
  ] as const)('%s, with our own of %s: %s', (asked, own, expected) => {
    expect(obey(asked, own, 100)).toBe(expected);
  });
});

describe('the delay before the next probe', () => {
  it('doubles, up to probe.maxDelay', () => {
    const options = spoolerSettings({ probe: { initialDelay: 3, maxDelay: 20 } });
    expect([0, 1, 2, 3, 99].map((probes) => probeDelay(options, probes))).toEqual([3, 6, 12, 20, 20]);
    const { probe } = options;
    expect(probeDelay({ probe: { ...probe, maxDelay: Number.MAX_SAFE_INTEGER } }, 41)).toBe(3 * 2 ** 40);
  });
});

describe('the probe history of a note', () => {
  const note = (probes = 0, noteId = 'n') => ({ noteId, probes }) as ClaimedNote;
  function histories() {
    const clock = new ManualClock();
    return { clock, known: new ProbeHistories(clock, spoolerSettings({ pollInterval: 1_000 })) };
  }

  it('counts probes, and the time between them', async () => {
    const { clock, known } = histories();
    expect(known.next(note(), false)).toEqual({ probes: 1, counted: 0, refusals: 0 });
    await clock.advance(5_000);
    expect(known.next(note(1), false)).toEqual({ probes: 2, counted: 5_000, refusals: 0 });
    expect(known.next(note(0, 'other'), false)).toEqual({ probes: 1, counted: 0, refusals: 0 });
    await clock.advance(4_000);
    expect(known.next(note(2), false)).toEqual({ probes: 3, counted: 4_000, refusals: 0 });
  });

  it('counts at most the intended delay and one poll: lane or endpoint was closed, or nothing polled', async () => {
    const { clock, known } = histories();
    known.next(note(1), false);
    await clock.advance(11_000);
    expect(known.next(note(1), false).counted).toBe(11_000);
    await clock.advance(11_001);
    expect(known.next(note(1), false).counted).toBe(11_000);
    known.planned('n', 50_000);
    await clock.advance(70_000);
    expect(known.next(note(1), false).counted).toBe(51_000);
    known.planned('unheard of', 50_000);
    expect(known.next(note(1, 'unheard of'), false).probes).toBe(1);
  });

  it('counts consecutive refused probes', () => {
    const { known } = histories();
    expect([true, true, false, true].map((refused) => known.next(note(), refused).refusals)).toEqual([1, 2, 0, 1]);
  });

  it('is forgotten for a note not seen for two days: another process has settled it', async () => {
    const { clock, known } = histories();
    known.isNews('n');
    known.next(note(), false);
    await clock.advance(86_400_000);
    expect([known.isNews('n'), known.isNews('other')]).toEqual([false, true]);
    await clock.advance(172_799_999);
    expect(known.isNews('other')).toBe(false);
    await clock.advance(1);
    expect([known.isNews('third'), known.isNews('n'), known.next(note(), false).probes]).toEqual([true, true, 1]);
    expect(known.isNews('other')).toBe(false);
  });

  it('reports once that a note is unconfirmed, and again after it was forgotten', () => {
    const { known } = histories();
    expect([known.isNews('n'), known.isNews('n'), known.isNews('m')]).toEqual([true, false, true]);
    known.next(note(), true);
    known.forget('n');
    expect([known.isNews('n'), known.isNews('m'), known.next(note(), true)]).toEqual([
      true,
      false,
      { probes: 1, counted: 0, refusals: 1 },
    ]);
  });
});
