import { type Clock, sleep } from '../../core/clock.ts';

/** Whatever the simulator does later, by its clock; `clear()` leaves nothing running. */
export class Timers {
  readonly #clock: Clock;
  readonly #pending = new Set<() => void>();
  #abort = new AbortController();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls once after `delay` ms, at once when that is 0. */
  after(delay: number, callback: () => void): void {
    if (delay <= 0) {
      callback();
      return;
    }
    const cancel = this.#clock.setTimer(() => {
      this.#pending.delete(cancel);
      callback();
    }, delay);
    this.#pending.add(cancel);
  }

  /** Waits; false when `clear()` came first. */
  async wait(delay: number): Promise<boolean> {
    return delay <= 0 || sleep(this.#clock, delay, this.#abort.signal);
  }

  /** How many things are still to happen. */
  get size(): number {
    return this.#pending.size;
  }

  clear(): void {
    for (const cancel of this.#pending) cancel();
    this.#pending.clear();
    this.#abort.abort();
    this.#abort = new AbortController();
  }
}
