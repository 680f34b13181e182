/** Searches of both transports: broken requests are repeated, within one deadline and no longer than anyone waits. */
import { expect, it } from 'vitest';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import { retriedRead } from '../../src/transport/retried-read.ts';

/** A server whose responses come in order, the last one forever, and a clock that moves by the time waited. */
function asking(replies: readonly string[], { timeout = 60_000, late = 0, onAsk = () => {} } = {}) {
  const timeouts: number[] = [];
  let now = 0;
  const clock: Clock = {
    ...systemClock,
    monotonic: () => now,
    setTimer(callback, delay) {
      const timer = setImmediate(() => {
        now += delay + late;
        callback();
      });
      return () => clearImmediate(timer);
    },
  };
  const ask = async (left: number): Promise<string> => {
    timeouts.push(left);
    onAsk();
    return replies[Math.min(timeouts.length, replies.length) - 1] ?? 'broken';
  };
  const read = (signal = new AbortController().signal) =>
    retriedRead({ ask, mayPass: (reply) => reply === 'broken', aborted: () => 'aborted', clock, signal, timeout });
  return { timeouts, passed: () => now, read };
}

it('a read is repeated twice after a broken connection, then the last result counts', async () => {
  const { timeouts, read } = asking(['broken', 'broken', 'broken', 'answered']);
  expect(await read()).toBe('broken');
  expect(timeouts).toHaveLength(3);
});

it('a read is not repeated once it was answered', async () => {
  const { timeouts, read } = asking(['broken', 'answered', 'broken']);
  expect(await read()).toBe('answered');
  expect(timeouts).toHaveLength(2);
});

it('a read has one deadline for all attempts', async () => {
  const { timeouts, passed, read } = asking(['broken']);
  await read();
  expect(passed()).toBeGreaterThanOrEqual(300);
  expect(passed()).toBeLessThan(600);
  const [first = 0, second = 0, third = 0] = timeouts;
  expect(first).toBeLessThanOrEqual(60_000);
  expect(second).toBeLessThanOrEqual(first - 100);
  expect(third).toBeLessThanOrEqual(second - 200);
});

it('a read is not repeated after the deadline', async () => {
  const { timeouts, read } = asking(['broken'], { timeout: 0 });
  expect(await read()).toBe('broken');
  expect(timeouts).toHaveLength(1);
});

it('a read is not repeated if the pause would outlast the deadline: the connection error counts, not a time-out', async () => {
  const { timeouts, passed, read } = asking(['broken', 'timed out'], { timeout: 100 });
  expect(await read()).toBe('broken');
  expect([timeouts, passed()]).toEqual([[100], 0]);
});

it('a read is not repeated if a timer fired after the deadline', async () => {
  const { timeouts, read } = asking(['broken', 'timed out'], { timeout: 500, late: 1_000 });
  expect(await read()).toBe('broken');
  expect(timeouts).toEqual([500]);
});

it('an aborted read neither waits nor asks again', async () => {
  const stop = new AbortController();
  const { timeouts, read } = asking(['broken'], { onAsk: () => stop.abort() });
  expect(await read(stop.signal)).toBe('aborted');
  expect(await read(stop.signal)).toBe('aborted');
  expect(timeouts).toHaveLength(1);
});
