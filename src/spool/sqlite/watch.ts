import type { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../../core/clock.ts';

/** ms between two looks. */
const every = 500;

interface WatchParts {
  readonly clock: Clock;
  readonly database: DatabaseSync;
  /** Reads the spool's row, and with it whether somebody has appended. */
  look(): void;
}

/** Wakes whoever wants to know that another process has appended. */
export class Watch {
  readonly #wakes = new Set<() => void>();
  #cancelTimer: (() => void) | undefined;

  add(wake: () => void, parts: WatchParts): () => void {
    // A function of its own, so that the same `wake` can be added twice.
    const one = () => wake();
    this.#wakes.add(one);
    if (this.#cancelTimer === undefined) this.#poll(parts);
    return () => {
      this.#wakes.delete(one);
      if (this.#wakes.size === 0) this.end();
    };
  }

  wake(): void {
    for (const wake of this.#wakes) wake();
  }

  end(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#wakes.clear();
  }

  /** `data_version` changes when another connection has committed anything: a look at shared memory, some µs. */
  #poll(parts: WatchParts): void {
    const statement = parts.database.prepare('PRAGMA data_version');
    const version = () => statement.get()?.data_version;
    let seen = version();
    parts.look();
    const again = (): void => {
      this.#cancelTimer = parts.clock.setTimer(() => {
        if (this.#wakes.size === 0) return;
        const now = version();
        if (now !== seen) parts.look();
        seen = now;
        again();
      }, every);
    };
    again();
  }
}
