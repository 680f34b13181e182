import vm from 'node:vm';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { checkedClock, checkedRandom, tell } from '../../src/core/host-calls.ts';

type Then = (yes: unknown, no: (error: Error) => void) => void;
const thenable = (then: Then): unknown => Object.fromEntries([['then', then]]);

const failure = async (call: () => unknown): Promise<unknown> => {
  const failed = Promise.withResolvers<unknown>();
  tell(call, failed.resolve);
  return failed.promise;
};

describe('a host callback whose result does not matter', () => {
  it.each([
    [
      'throws',
      () => {
        throw new Error('full');
      },
    ],
    [
      'rejects',
      async () => {
        throw new Error('full');
      },
    ],
    [
      'rejects with a promise of another realm',
      vm.runInNewContext('(async () => { throw new Error("full"); })') as () => unknown,
    ],
    ['returns a thenable that rejects', () => thenable((_, no) => no(new Error('full')))],
    [
      'returns a thenable that throws',
      () =>
        thenable(() => {
          throw new Error('full');
        }),
    ],
  ])('%s: only the caller of the host is told', async (_, call) => {
    expect(await failure(call as () => unknown)).toMatchObject({ message: 'full' });
  });

  it('may return anything', () => {
    for (const value of [undefined, null, 5, Promise.resolve(5), Object.create(null)]) tell(() => value);
  });
});

describe('random', () => {
  it.each([Number.NaN, 1, -0.1, undefined, '0.5', 5n])('that returns %s is replaced, and reported once', (value) => {
    const warnings: Error[] = [];
    const random = checkedRandom(
      () => value as number,
      (error) => warnings.push(error),
    );
    for (let times = 0; times < 3; times++) {
      const got = random();
      expect(got >= 0 && got < 1).toBe(true);
    }
    expect(warnings).toMatchObject([{ code: 'OPTION_INVALID' }]);
  });

  it('that returns valid numbers is used', () => {
    expect(
      checkedRandom(
        () => 0.25,
        () => expect.fail(),
      )(),
    ).toBe(0.25);
  });
});

describe('a clock', () => {
  it('that gives one wrong answer goes on from its last right one: it neither jumps to the time of the machine nor stands still until then', () => {
    const machine = vi.spyOn(performance, 'now').mockReturnValue(9e9);
    onTestFinished(() => machine.mockRestore());
    const answers = { now: [1_000, Number.NaN, 1_500], monotonic: [10, Number.NaN, 20, 30] };
    const next = (name: keyof typeof answers) => () => answers[name].shift() ?? Number.NaN;
    const clock = checkedClock({ ...systemClock, now: next('now'), monotonic: next('monotonic') }, () => undefined);
    expect([clock.now(), clock.now(), clock.now()]).toEqual([1_000, 1_000, 1_500]);
    expect([clock.monotonic(), clock.monotonic(), clock.monotonic(), clock.monotonic()]).toEqual([10, 10, 20, 30]);
    machine.mockReturnValue(9e9 + 7);
    expect([clock.now(), clock.monotonic()]).toEqual([1_507, 37]);
  });

  it('that returns invalid times is replaced by the system clock, and reported once', () => {
    const warnings: Error[] = [];
    const broken = { now: () => Number.NaN, monotonic: () => undefined as unknown as number, setTimer: () => undefined as never };
    const clock = checkedClock(broken, (error) => warnings.push(error));
    expect(Math.abs(clock.now() - Date.now())).toBeLessThan(1_000);
    expect(Number.isFinite(clock.monotonic())).toBe(true);
    clock.setTimer(() => undefined, 1)();
    expect(warnings.map(({ message }) => message)).toEqual([
      'clock.now() returned the number NaN; expected a finite number of ms.',
    ]);
  });

  it('that throws does not throw here', () => {
    const throws = (): never => {
      throw new Error('no clock');
    };
    const clock = checkedClock({ now: throws, monotonic: throws, setTimer: throws }, () => undefined);
    clock.setTimer(() => undefined, 1)();
    expect([clock.now(), clock.monotonic()].every(Number.isFinite)).toBe(true);
  });

  it.each([
    ['sets no timer, and returns nothing', () => undefined],
    ['returns a handle in place of a function', (callback: () => void, delay: number) => setTimeout(callback, delay)],
    [
      'sets one, and throws',
      (callback: () => void, delay: number) => {
        setTimeout(callback, delay);
        throw new Error('no clock');
      },
    ],
    [
      'calls back twice',
      (callback: () => void) => {
        setImmediate(callback);
        setImmediate(callback);
        return () => undefined;
      },
    ],
  ])('whose setTimer %s still fires each timer once, and none that was cancelled', async (_, setTimer) => {
    const clock = checkedClock({ ...systemClock, setTimer: setTimer as never }, () => undefined);
    let fired = 0;
    clock.setTimer(() => expect.fail(), 0)();
    await new Promise<void>((resolve) => {
      clock.setTimer(() => {
        fired += 1;
        // Anything else that would fire gets its turn before the test ends.
        setTimeout(resolve, 2);
      }, 1);
    });
    expect(fired).toBe(1);
  });

  it('never runs backwards', () => {
    const times = [5, 3, 7];
    const clock = checkedClock({ ...systemClock, monotonic: () => times.shift() ?? 0 }, () => undefined);
    expect([clock.monotonic(), clock.monotonic(), clock.monotonic()]).toEqual([5, 5, 7]);
  });
});
