/** The library's source of time. In tests, pass a `ManualClock` of `offline-im/testing`. */
export interface Clock {
  /** The wall clock, in ms since 1970 UTC. It may jump: it is used for timestamps and expiries, not for waits. */
  now(): number;
  /** Monotonic time, in ms from an arbitrary start. It never goes back; every wait is measured with it. */
  monotonic(): number;
  /** Calls `callback` once after `delay` ms; the returned function cancels it. */
  setTimer(callback: () => void, delay: number): () => void;
}

/** ms; a longer `setTimeout` fires at once. */
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

/** Waits `delay` ms by that clock and resolves with `true`; resolves with `false` as soon as the signal aborts. */
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

/** Calls `act` when the signal aborts, or right away if it has. The returned function removes the listener, so that a long-lived signal gathers none. */
export function whenAborted(signal: AbortSignal | undefined, act: () => void): () => void {
  if (signal === undefined) return () => {};
  if (signal.aborted) {
    act();
    return () => {};
  }
  signal.addEventListener('abort', act, { once: true });
  return () => signal.removeEventListener('abort', act);
}

/** Waits for the promise, or until the signal aborts. */
export async function unlessAborted(promise: Promise<unknown>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) {
    await promise;
    return;
  }
  const aborted = Promise.withResolvers<void>();
  const forget = whenAborted(signal, aborted.resolve);
  try {
    await Promise.race([promise, aborted.promise]);
  } finally {
    forget();
  }
}

/**
 * Calls a function that may take at most `ms`. After that, or when the signal aborts, it rejects with the error that `tooLate` returns, and ignores how the call ends.
 */
export async function withinTime<T>(
  clock: Pick<Clock, 'setTimer'>,
  ms: number,
  call: () => T | PromiseLike<T>,
  tooLate: () => Error,
  signal?: AbortSignal,
): Promise<T> {
  const over = Promise.withResolvers<never>();
  const giveUp = (): void => over.reject(tooLate());
  const cancel = clock.setTimer(giveUp, ms);
  const forget = whenAborted(signal, giveUp);
  try {
    return await Promise.race([(async () => call())(), over.promise]);
  } finally {
    cancel();
    forget();
  }
}

/** The end of a request that is still under way: by its deadline, or because the host aborts it. */
export interface Limit {
  readonly signal: AbortSignal;
  /** What ended the limit; `undefined` while it lasts. */
  ended(): 'deadline' | 'aborted' | undefined;
  /** Settles as the promise does, or rejects when the limit ends, whether or not the promise obeys the signal. */
  race<T>(promise: Promise<T>): Promise<T>;
  release(): void;
}

/** Starts a limit for a whole request, from the login to the last byte of the body. `deadline` in ms. */
export function startLimit(clock: Clock, deadline: number, outer: AbortSignal): Limit {
  const controller = new AbortController();
  let reason: 'deadline' | 'aborted' | undefined;
  let reject: (error: Error) => void = () => {};
  const end = new Promise<never>((_, no) => {
    reject = no;
  });
  end.catch(() => {}); // nobody may be racing when it ends
  const finish = (why: 'deadline' | 'aborted'): void => {
    if (reason !== undefined) return;
    reason = why;
    const error = new DOMException(why === 'deadline' ? 'The deadline passed.' : 'The request was aborted.', 'AbortError');
    reject(error);
    controller.abort(error);
  };
  const onAbort = (): void => finish('aborted');
  const cancelTimer = clock.setTimer(() => finish('deadline'), deadline);
  outer.addEventListener('abort', onAbort, { once: true });
  if (outer.aborted) onAbort();
  return {
    signal: controller.signal,
    ended: () => reason,
    race: (promise) => {
      promise.catch(() => {}); // it may lose the race and fail later
      return Promise.race([promise, end]);
    },
    release: () => {
      cancelTimer();
      outer.removeEventListener('abort', onAbort);
    },
  };
}

/** ms for which work may hold the event loop. */
const longest = 10;
/** The most steps in a row, however short they were by the clock. */
const mostSteps = 256;

/** Resolves in the next turn of the event loop, after timers and I/O have had theirs. Browsers have no setImmediate. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve);
    else setTimeout(resolve, 0);
  });
}

/**
 * Lets the event loop turn between the steps of work that may never wait for anything else: promises that resolve at once run before any timer or socket. Work that
 * waits by itself pays nothing.
 */
export class Turns {
  readonly #clock: Pick<Clock, 'monotonic'>;
  #since: number | undefined;
  #steps = 0;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** Await it between two steps. `weight`: how many steps the last one counts for. */
  async step(weight = 1): Promise<void> {
    const now = this.#clock.monotonic();
    if (this.#since === undefined) {
      this.#begin(now, weight);
      return;
    }
    this.#steps += weight;
    if (this.#steps < mostSteps && now - this.#since < longest) return;
    await nextTurn();
  }

  /** Runs long work that yields where it may be interrupted, every few hundred items. */
  async run<Result>(work: Iterator<void, Result>): Promise<Result> {
    for (;;) {
      const step = work.next();
      if (step.done === true) return step.value;
      await this.step(mostSteps);
    }
  }

  /** Called by the first step of each turn; resets itself when the turn is over. */
  #begin(now: number, weight: number): void {
    this.#since = now;
    this.#steps = weight;
    const over = (): void => {
      this.#since = undefined;
    };
    nextTurn().then(over, over);
  }
}
