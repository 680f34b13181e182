/** When the loop polls for work, counted in rounds and turns of the event loop. */
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
  it('sleeps until the next due time, even if later work is added', async () => {
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

  it.each(['a round fails', 'it can set no timer', 'it can take back no timer'])(
    'goes on if %s and the warning cannot be reported',
    async (what) => {
      const clock = new ManualClock();
      let fails = true;
      const rounds: number[] = [];
      const thrown = (): never => {
        throw new Error('unforeseen');
      };
      const { one } = loop({
        clock: {
          now: () => clock.now(),
          monotonic: () => clock.monotonic(),
          setTimer: (callback, delay) => {
            if (fails && what === 'it can set no timer') thrown();
            const cancel = clock.setTimer(callback, delay);
            return () => (fails && what === 'it can take back no timer' ? thrown() : cancel());
          },
        },
        round: async () => {
          rounds.push(clock.monotonic());
          if (fails && what === 'a round fails') thrown();
          return 0;
        },
        onError: thrown,
      });
      one.start();
      await clock.advance(100);
      one.wake();
      await clock.advance(100);
      fails = false;
      const before = rounds.length;
      one.wake();
      await clock.advance(1);
      expect(rounds.length).toBeGreaterThan(before);
    },
  );

  it('handles work that became due once a timer can be set again', async () => {
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

  it('wakes at the earlier of the known and the reported time, even while the storage is being asked', async () => {
    const asked = Promise.withResolvers<number>();
    const { one, clock, rounds } = loop({ nextDue: () => asked.promise });
    one.start();
    await clock.advance(10);
    one.wakeIn(500);
    asked.resolve(5_000);
    await clock.advance(500);
    expect(rounds).toEqual([0, 510]);
  });

  it('does not miss an opening while the storage is asked about the rest', async () => {
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

  it('polls at once for work due at once', async () => {
    const { one, clock, rounds } = loop();
    one.start();
    await clock.advance(10);
    one.wakeIn(0);
    await clock.advance(0);
    expect(rounds).toEqual([0, 10]);
  });

  it('does not poll a storage that reports due work but returns none', async () => {
    const { one, clock, rounds } = loop({ nextDue: async () => 0 });
    one.start();
    await clock.advance(60_000);
    expect(rounds.length).toBeLessThan(75);
    const before = rounds.length;
    one.wake();
    await clock.advance(5);
    // A caller that wakes it has news: it polls again soon.
    expect(rounds.length).toBe(before + 2);
  });

  it('asks again after work was started or it was woken meanwhile; it sleeps after finding nothing', async () => {
    const begun = [2, 1, 0, 0];
    const told: (number | undefined)[] = [];
    const { one, clock, rounds } = loop({
      round: async () => {
        rounds.push(clock.monotonic());
        if (rounds.length === 3) one.wake();
        return begun[rounds.length - 1] ?? 0;
      },
      nextDue: async () => 7_000,
      asleep: (due) => told.push(due),
    });
    one.start();
    await clock.advance(6_999);
    expect([rounds.length, told]).toEqual([4, [7_000]]);
    await clock.advance(1);
    expect([rounds.length, told]).toEqual([5, [7_000, 7_000]]);
  });

  it('started again while running goes on as before, and polls at once', async () => {
    const { one, clock, rounds } = loop();
    one.start();
    await clock.advance(10);
    one.start();
    await clock.advance(0);
    expect(rounds).toEqual([0, 10]);
  });

  it('asks a failing storage after 200 ms, doubling up to the poll interval; once it works, as before', async () => {
    const errors: unknown[] = [];
    let fails = true;
    const { one, clock, rounds } = loop({
      round: async () => {
        rounds.push(clock.monotonic());
        if (fails) throw new Error('the disk is full');
        return 0;
      },
      nextDue: async () => 0,
      onError: (error) => errors.push(error),
    });
    one.start();
    await clock.advance(60_000);
    const waits = rounds.slice(1).map((at, index) => at - (rounds[index] ?? 0));
    expect(waits).toEqual([200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600]);
    expect(errors).toHaveLength(rounds.length);
    fails = false;
    await clock.advance(60_000);
    const [before = 0, after = 0] = rounds.slice(9, 11);
    expect(after - before).toBe(5);
    fails = true;
    one.wake();
    await clock.advance(300);
    const [failed = 0, next = 0] = rounds.slice(-2);
    expect(next - failed).toBe(200);
  });

  it('polls every poll interval if a storage never says what is due', async () => {
    const { one, clock, rounds } = loop({ nextDue: () => new Promise(() => {}) });
    one.start();
    await clock.advance(65_000);
    expect(rounds).toEqual([0, 30_000, 60_000]);
  });

  it('ignores an answer that arrives after it was woken: it may be outdated', async () => {
    const answers = [Promise.withResolvers<number>(), Promise.withResolvers<number>()];
    let asked = 0;
    const told: unknown[] = [];
    const { one, clock, rounds } = loop({
      nextDue: () => answers[asked++]?.promise ?? Promise.resolve(undefined),
      asleep: (due) => told.push(due),
    });
    one.start();
    await clock.advance(10);
    one.wake();
    await clock.advance(10);
    answers[0]?.resolve(40);
    await clock.advance(1_000);
    expect([rounds, told]).toEqual([[0, 10], []]);
    answers[1]?.resolve(500);
    await clock.advance(500);
    expect([rounds, told]).toEqual([
      [0, 10, 1_520],
      [500, undefined],
    ]);
  });

  it('starts nothing once stopped: not by its timer, by being woken, or after the running round', async () => {
    const round = Promise.withResolvers<number>();
    let due = 0;
    const { one, clock, rounds } = loop({
      round: () => {
        rounds.push(clock.monotonic());
        return rounds.length === 2 ? round.promise : Promise.resolve(0);
      },
      nextDue: async () => {
        due += 1;
        return 100;
      },
    });
    one.stop();
    one.start();
    await clock.advance(100);
    expect([rounds, due]).toEqual([[0, 100], 1]);
    one.stop();
    round.resolve(1);
    await clock.advance(40_000);
    one.wake();
    one.wakeIn(5);
    await clock.advance(40_000);
    expect([rounds, due]).toEqual([[0, 100], 1]);
    one.start();
    await clock.advance(0);
    expect(rounds).toEqual([0, 100, 80_100]);
  });

  it('waits 5 ms after a round that found none of the due work, doubling up to a second; work not yet due does not count', async () => {
    let due: number | undefined = 0;
    const { one, clock, rounds } = loop({ nextDue: async () => due });
    one.start();
    await clock.advance(5 + 10 + 20 + 40 + 80 + 160 + 320 + 640 + 1_000 + 1_000);
    const waits = rounds.slice(1).map((at, index) => at - (rounds[index] ?? 0));
    expect(waits).toEqual([5, 10, 20, 40, 80, 160, 320, 640, 1_000, 1_000]);
    due = 3_000;
    await clock.advance(1_000);
    due = 0;
    await clock.advance(3_005);
    expect(rounds.slice(-3).map((at, index, last) => at - (last[index - 1] ?? at))).toEqual([0, 3_000, 5]);
  });

  it('lets the event loop turn, however much is started and answered at once', async () => {
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
