import type { RunClock } from '../model/world.ts';

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** Turns of the event loop after each timer: longer chains of work continue while time passes. */
const turns = 3;
/** Maximum of turns to wait for work that uses the platform's own I/O. */
const mostTurns = 5_000;

/** Virtual time. The order of timers due at the same time is chosen at random each time. */
export class SimulatedClock implements RunClock {
  #wall = Date.UTC(2016, 5, 14, 12);
  #monotonic = 0;
  readonly #timers = new Set<Timer>();
  readonly #random: () => number;
  readonly #isBusy: () => boolean;

  /** @param isBusy Whether work is in progress that takes no virtual time, such as real I/O. */
  constructor(random: () => number, isBusy: () => boolean = () => false) {
    this.#random = random;
    this.#isBusy = isBusy;
  }

  now(): number {
    return this.#wall;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  setTimer(callback: () => void, delay: number): () => void {
    const timer = { at: this.#monotonic + Math.max(0, delay), callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  setWall(time: number): void {
    this.#wall = time;
  }

  async advance(ms: number): Promise<void> {
    const end = this.#monotonic + ms;
    await this.#settle();
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#moveTo(Math.max(next.at, this.#monotonic));
      this.#timers.delete(next);
      next.callback();
      await this.#settle();
    }
    this.#moveTo(end);
    await this.#settle();
  }

  #next(end: number): Timer | undefined {
    let first: Timer | undefined;
    let same = 1;
    for (const timer of this.#timers) {
      if (timer.at > end || (first !== undefined && timer.at > first.at)) continue;
      same = first !== undefined && timer.at === first.at ? same + 1 : 1;
      if (same === 1 || this.#random() * same < 1) first = timer;
    }
    return first;
  }

  #moveTo(monotonic: number): void {
    this.#wall += monotonic - this.#monotonic;
    this.#monotonic = monotonic;
  }

  async #settle(): Promise<void> {
    for (let turn = 0; turn < turns || (turn < mostTurns && this.#isBusy()); turn++) {
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }
}
