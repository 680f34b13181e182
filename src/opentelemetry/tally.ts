import { tell } from '../core/host-calls.ts';
import type { AttributesLike, CounterLike } from './options.ts';

/** A series of a counter, with the amount not yet added to the counter. */
export interface Series {
  readonly counter: CounterLike;
  readonly attributes: AttributesLike;
  untold: number;
}

/**
 * Sums counts, and adds them to the counters once per batch of notes: SDKs sort and join the attributes of each value. No collection misses any: the counters are
 * updated before the next timer, request or promise.
 */
export class Tally {
  #open: Series[] = [];

  /** Skips a value of 0. */
  add(series: Series, value: number): void {
    if (value === 0) return;
    if (series.untold === 0 && this.#open.push(series) === 1) queueMicrotask(() => this.#tell());
    series.untold += value;
  }

  #tell(): void {
    const open = this.#open;
    this.#open = [];
    for (const series of open) {
      const { counter, attributes, untold } = series;
      series.untold = 0;
      tell(() => counter.add(untold, attributes));
    }
  }
}
