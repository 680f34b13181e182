import type { Clock } from '../../core/clock.ts';
import { asError } from '../../core/errors/thrown.ts';

/** ms between two looks. */
const interval = 500;

/** Wakes its listeners when another process has appended. */
export class Watch {
  readonly #wakes = new Set<() => void>();
  #cancelTimer: (() => void) | undefined;

  /** @param look Never throws: it is called from a timer. */
  add(wake: () => void, clock: Clock, look: () => void): () => void {
    // A function of its own, so that the same `wake` can be added twice.
    const one = () => wake();
    this.#wakes.add(one);
    if (this.#cancelTimer === undefined) this.#poll(clock, look);
    return () => {
      this.#wakes.delete(one);
      if (this.#wakes.size === 0) this.end();
    };
  }

  /** @param failed Called with the error that a `wake` throws: it must not disturb the commit in progress. */
  wake(failed: (error: Error) => void): void {
    for (const wake of this.#wakes) {
      try {
        wake();
      } catch (error) {
        failed(asError(error));
      }
    }
  }

  end(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#wakes.clear();
  }

  #poll(clock: Clock, look: () => void): void {
    look();
    this.#cancelTimer = clock.setTimer(() => {
      if (this.#wakes.size > 0) this.#poll(clock, look);
    }, interval);
  }
}
