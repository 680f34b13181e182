import { type Clock, sleep, systemClock } from '../../../core/clock.ts';
import { OfflineImError } from '../../../core/errors/offline-im-error.ts';
import { asError } from '../../../core/errors/thrown.ts';
import type { SimulatedItem } from './item.ts';

interface Pending {
  readonly due: number;
  readonly callback: () => void;
  readonly awaited: boolean;
}

/** Whatever the simulator does later, by its clock; `clear()` leaves nothing running. */
export class Timers {
  readonly #clock: Clock;
  readonly #pending = new Map<() => void, Pending>();
  #abort = new AbortController();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Calls once after `delay` ms, at once when that is 0. What it returns takes that back. `awaited`: whether somebody who waits for the end of
   * everything waits for this too.
   */
  after(delay: number, callback: () => void, awaited = true): () => void {
    if (delay <= 0) {
      callback();
      return () => undefined;
    }
    const cancel = this.#clock.setTimer(() => {
      this.#pending.delete(cancel);
      callback();
    }, delay);
    this.#pending.set(cancel, { due: this.#clock.monotonic() + delay, callback, awaited });
    return () => {
      if (this.#pending.delete(cancel)) cancel();
    };
  }

  /** Waits; false when `clear()` or the signal came first. */
  async wait(delay: number, signal?: AbortSignal): Promise<boolean> {
    if (delay <= 0) return true;
    const { signal: cleared } = this.#abort;
    return sleep(this.#clock, delay, signal === undefined ? cleared : AbortSignal.any([cleared, signal]));
  }

  /** How many things are still to happen that somebody waits for. */
  get size(): number {
    let awaited = 0;
    for (const one of this.#pending.values()) if (one.awaited) awaited += 1;
    return awaited;
  }

  /** Aborts at the next `clear()`. */
  get cleared(): AbortSignal {
    return this.#abort.signal;
  }

  /** Remembers what is still to happen; the function returned lets that happen, as long from then as it was from now, and nothing else. */
  snapshot(): () => void {
    const now = this.#clock.monotonic();
    const left = [...this.#pending.values()].map((one) => ({ ...one, delay: Math.max(one.due - now, 1) }));
    return () => {
      this.clear();
      for (const { delay, callback, awaited } of left) this.after(delay, callback, awaited);
    };
  }

  clear(): void {
    for (const cancel of this.#pending.keys()) cancel();
    this.#pending.clear();
    this.#abort.abort();
    this.#abort = new AbortController();
  }
}

/** ms */
const step = 10;

/** Calls back after so many ms in which this process ran: while a busy machine keeps it from running, what it waits for can't come either. */
function afterRunning(ms: number, callback: () => void): () => void {
  const next = (left: number): (() => void) =>
    systemClock.setTimer(
      () => {
        if (left <= step) callback();
        else cancel = next(left - step);
      },
      Math.min(left, step),
    );
  let cancel = next(ms);
  return () => cancel();
}

interface Waiter {
  readonly predicate: (item: SimulatedItem) => boolean;
  readonly resolve: (item: SimulatedItem) => void;
  readonly reject: (error: Error) => void;
  readonly cancelTimer: () => void;
}

/** Messages that reached a recipient, and those who wait for one. */
export class InboxWaiters {
  readonly #waiters = new Set<Waiter>();

  /** Tells whoever waits for it. */
  announce(item: SimulatedItem): void {
    for (const waiter of [...this.#waiters]) {
      let wanted: boolean;
      try {
        wanted = waiter.predicate(item);
      } catch (error) {
        this.#end(waiter);
        waiter.reject(asError(error));
        continue;
      }
      if (!wanted) continue;
      this.#end(waiter);
      waiter.resolve(item);
    }
  }

  /** The first future arrival that the predicate accepts. The time-out runs by the machine's clock, so that no test hangs. */
  next(predicate: (item: SimulatedItem) => boolean, timeout: number, error: () => Error): Promise<SimulatedItem> {
    return new Promise((resolve, reject) => {
      const cancelTimer = afterRunning(timeout, () => {
        this.#waiters.delete(waiter);
        reject(error());
      });
      const waiter: Waiter = { predicate, resolve, reject, cancelTimer };
      this.#waiters.add(waiter);
    });
  }

  /** Rejects everyone who still waits. */
  end(reason: string): void {
    for (const waiter of [...this.#waiters]) {
      this.#end(waiter);
      waiter.reject(new OfflineImError('EXPECTATION_FAILED', reason));
    }
  }

  #end(waiter: Waiter): void {
    this.#waiters.delete(waiter);
    waiter.cancelTimer();
  }
}
