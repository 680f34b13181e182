/** When the loop looks for work, counted in rounds and turns of the event loop. */
import { describe, expect, it } from 'vitest';
import { WakeLoop, type WakeLoopParts } from '../../src/spooler/wake-loop.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';

function loop(parts: Partial<WakeLoopParts> = {}) {
  const clock = new ManualClock();
  const rounds: number[] = [];
  const slept: boolean[] = [];
  const one = new WakeLoop({
    clock,
    pollInterval: 30_000,
    round: async (didSleep) => {
      rounds.push(clock.monotonic());
      slept.push(didSleep);
      return 0;
    },
    nextDue: async () => undefined,
    nextChange: () => undefined,
    asleep: () => undefined,
    onError: () => undefined,
    ...parts,
  });
  return { clock, rounds, slept, one };
}

describe('the loop', () => {
  it('is not woken by what is due later: it sleeps until then', async () => {
    const { one, clock, rounds, slept } = loop();
    one.start();
    await clock.advance(1_000);
    for (let sends = 0; sends < 1_000; sends++) one.wakeIn(20_000 + sends);
    await clock.advance(19_999);
    expect(rounds).toEqual([0]);
    await clock.advance(1);
    expect([rounds, slept]).toEqual([
      [0, 21_000],
      [false, true],
    ]);
  });

  it('takes what falls due once a timer can be set again', async () => {
    const clock = new ManualClock();
    let fails = true;
    const rounds: number[] = [];
    const { one } = loop({
      clock: {
        now: () => clock.now(),
        monotonic: () => clock.monotonic(),
        setTimer: (callback, delay) => {
          if (fails) throw new Error('no timer');
          return clock.setTimer(callback, delay);
        },
      },
      round: async () => {
        rounds.push(clock.monotonic());
        return 0;
      },
    });
    one.start();
    await clock.advance(40_000);
    fails = false;
    one.wakeIn(500);
    await clock.advance(500);
    expect(rounds).toEqual([0, 40_500]);
  });

  it('wakes at the earlier of what it knew and what it is told, also while the storage is still asked', async () => {
    const asked = Promise.withResolvers<number>();
    const { one, clock, rounds } = loop({ nextDue: () => asked.promise });
    one.start();
    await clock.advance(10);
    one.wakeIn(500);
    asked.resolve(5_000);
    await clock.advance(500);
    expect(rounds).toEqual([0, 510]);
  });

  it('does not oversleep what opens while the storage is asked about all the rest', async () => {
    const opensAt = 100;
    const { one, clock, rounds } = loop({
      nextDue: () => new Promise((resolve) => clock.setTimer(() => resolve(undefined), 200)),
      nextChange: () => (clock.monotonic() < opensAt ? opensAt - clock.monotonic() : undefined),
    });
    one.start();
    await clock.advance(300);
    expect(rounds).toEqual([0, 205]);
    one.stop();
  });

  it('looks at once for what is due at once', async () => {
    const { one, clock, rounds } = loop();
    one.start();
    await clock.advance(10);
    one.wakeIn(0);
    await clock.advance(0);
    expect(rounds).toEqual([0, 10]);
  });

  it('does not poll a storage that says something is due and gives nothing', async () => {
    const { one, clock, rounds } = loop({ nextDue: async () => 0 });
    one.start();
    await clock.advance(60_000);
    expect(rounds.length).toBeLessThan(75);
    const before = rounds.length;
    one.wake();
    await clock.advance(5);
    // Whoever wakes it has news: it looks again soon.
    expect(rounds.length).toBe(before + 2);
  });

  it('lets the event loop turn, however much is begun and answered at once', async () => {
    let left = 10_000;
    const { one } = loop({
      round: async () => {
        left -= 1;
        return left > 0 ? 1 : 0;
      },
    });
    let turns = 0;
    const count = (): void => {
      turns += 1;
      if (left > 0) setImmediate(count);
    };
    setImmediate(count);
    one.start();
    while (left > 0) await new Promise((resolve) => setImmediate(resolve));
    expect(turns).toBeGreaterThan(30);
    one.stop();
  });
});
