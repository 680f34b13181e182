import type { Clock } from '../core/clock.ts';

/** The end of a request that is still under way: by its deadline, or because the host aborts it. */
export interface Limit {
  readonly signal: AbortSignal;
  /** Which of the two came first. */
  ended(): 'deadline' | 'aborted' | undefined;
  /** Settles as the promise does, or rejects at the end of the limit, whether or not the promise minds the signal. */
  race<T>(promise: Promise<T>): Promise<T>;
  release(): void;
}

/** Covers a whole request: login, connection, headers and the last byte of the body. */
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
