import { type Clock, systemClock } from '../../src/core/clock.ts';

/** ms: longer than any pause before a read is repeated, and shorter than any request timeout. */
const longestPause = 500;

/** The machine's clock, with pauses of a transport shortened to nothing. For tests that set no shorter timeout themselves. */
export const hastyClock: Clock = {
  ...systemClock,
  setTimer: (callback, delay) => systemClock.setTimer(callback, delay <= longestPause ? 0 : delay),
};
