/** Time as the library sees it. Pass your own to tests (`ManualClock` in `offline-im/testing`). */
export interface Clock {
  /** Wall clock, in ms since 1970 UTC. It may jump; it is used for timestamps only. */
  now(): number;
  /** Monotonic time in ms from an arbitrary start. It never goes back; every wait is measured with it. */
  monotonic(): number;
  /** Calls `callback` once after `delay` ms; the returned function cancels it. */
  setTimer(callback: () => void, delay: number): () => void;
}

/** A `setTimeout` with more than this many ms fires at once. */
const longestTimeout = 2 ** 31 - 1;

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer(callback, delay) {
    const handle = setTimeout(callback, Math.max(0, Math.min(delay, longestTimeout)));
    return () => clearTimeout(handle);
  },
};

/** Waits `delay` ms by that clock; resolves early, with `false`, when the signal aborts. */
export function sleep(clock: Clock, delay: number, signal?: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (signal?.aborted) {
      resolve(false);
      return;
    }
    const onAbort = (): void => {
      cancel();
      resolve(false);
    };
    const cancel = clock.setTimer(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve(true);
    }, delay);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
