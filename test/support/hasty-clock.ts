import { type Clock, systemClock } from '../../src/core/clock.ts';

/** ms: longer than any pause before a read is repeated, and shorter than any limit of a request. */
const longestPause = 500;

/** The machine's clock, by which a transport's pauses are over at once. For those that set no shorter limit themselves. */
export const hastyClock: Clock = {
  ...systemClock,
  setTimer: (callback, delay) => systemClock.setTimer(callback, delay <= longestPause ? 0 : delay),
};
