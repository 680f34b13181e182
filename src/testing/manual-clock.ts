import { checkArgument } from '../core/arguments.ts';
import { type Clock, nextTurn } from '../core/clock.ts';
import { isDate } from '../core/errors/thrown.ts';
import { callback, rule } from '../core/options.ts';

const time = rule('ms since 1970, or a Date', (value) => isDate(value) || Number.isFinite(value));
const duration = rule('a number of ms', (value) => typeof value === 'number' && !Number.isNaN(value));
/** Monotonic time goes back for nobody; `setWall()` is for that. */
const forward = rule('a number of ms from 0', (value) => typeof value === 'number' && value >= 0);
const aFunction = callback();

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
}

/**
 * A clock that stands still until a test moves it, so that no test ever waits.
 *
 * @example
 * ```ts
 * const clock = new ManualClock();
 * const sender = new OfflineImSender({ clock, … });
 * await sender.send(message);
 * await clock.advance(120_000); // the two minutes are over
 * ```
 */
export class ManualClock implements Clock {
  #wall: number;
  #monotonic = 0;
  #order = 0;
  readonly #timers = new Set<Timer>();

  /** @param start Wall clock at the start, ms since 1970 UTC. */
  constructor(start: number | Date = Date.UTC(2016, 5, 14, 12)) {
    checkArgument('ManualClock', 'start', start, time);
    this.#wall = Number(start);
  }

  now(): number {
    return this.#wall;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  setTimer(callback: () => void, delay: number): () => void {
    checkArgument('ManualClock.setTimer()', 'callback', callback, aFunction);
    checkArgument('ManualClock.setTimer()', 'delay', delay, duration);
    const timer: Timer = { at: this.#monotonic + Math.max(0, delay), order: this.#order++, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** How many timers are pending. */
  get pending(): number {
    return this.#timers.size;
  }

  /**
   * Moves both clocks forward, calls the timers that fall due in order, and lets what they started go on:
   * after each, all promise callbacks run and pending I/O gets a turn. Resolves when the time is reached.
   */
  async advance(ms: number): Promise<void> {
    checkArgument('ManualClock.advance()', 'ms', ms, forward);
    const end = this.#monotonic + ms;
    await settled();
    for (;;) {
      const next = this.#nextBefore(end);
      if (next === undefined) break;
      this.#moveTo(Math.max(next.at, this.#monotonic));
      this.#timers.delete(next);
      next.callback();
      await settled();
    }
    this.#moveTo(end);
    await settled();
  }

  /** Sets the wall clock, as an administrator or NTP does; no timer moves. */
  setWall(wall: number | Date): void {
    checkArgument('ManualClock.setWall()', 'wall', wall, time);
    this.#wall = Number(wall);
  }

  #nextBefore(end: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.at > end) continue;
      if (next === undefined || timer.at < next.at || (timer.at === next.at && timer.order < next.order)) next = timer;
    }
    return next;
  }

  #moveTo(monotonic: number): void {
    this.#wall += monotonic - this.#monotonic;
    this.#monotonic = monotonic;
  }
}

/** Some turns of the event loop: enough for chains of promises, not a wait. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await nextTurn();
}
