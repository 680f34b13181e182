import { tell } from '../core/host-calls.ts';
import type { AttributesLike, CounterLike } from './options.ts';

/** A series of a counter, and what the counter is not yet told of it. */
export interface Series {
  readonly counter: CounterLike;
  readonly attributes: AttributesLike;
  untold: number;
}

/**
 * Adds up what is counted, and tells the counters once per batch of notes: SDKs sort and join the attributes of each value that they are given. No collection misses
 * any: the counters are told before the next timer, request or promise.
 */
export class Tally {
  #open: Series[] = [];

  /** Of a value of 0 nothing is told. */
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
