import type { Clock } from '../../core/clock.ts';

/** Differences smaller than this are two readings of one clock. */
const tolerance = 50;

/**
 * The time of a spool that several processes share: the machine's wall clock plus an offset that lies in the file. A
 * process that sees the wall clock jump against its own monotonic clock moves the offset the other way, under the write
 * lock; the others, who see the same jump, find it made good. So no due time and no lease moves while anyone has the spool open.
 */
export class SharedClock {
  readonly #clock: Clock;
  /** The spool's time and the monotonic time at the last look. */
  #last: { readonly now: number; readonly monotonic: number } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The spool's time for a stored offset, and the offset that makes it so: another one when the wall clock has jumped. */
  read(offset: number): { readonly now: number; readonly offset: number } {
    const wall = this.#clock.now();
    const monotonic = this.#clock.monotonic();
    const told = wall + offset;
    const expected = this.#last === undefined ? told : this.#last.now + (monotonic - this.#last.monotonic);
    const jumped = Math.abs(told - expected) > tolerance;
    const exact = jumped ? expected : told;
    this.#last = { now: exact, monotonic };
    return { now: Math.floor(exact), offset: jumped ? Math.round(expected - wall) : offset };
  }
}
