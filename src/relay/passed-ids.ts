import type { Clock } from '../core/clock.ts';

/** Remembers which requests have been passed on. Share one between the processes of a relay that runs in several. */
export interface PassedIds {
  /** Whether that id has been taken and not been given back. */
  has(id: string): boolean | Promise<boolean>;
  /** Takes the id, for good as far as this store is concerned; `false` when it is taken already. One caller only may get `true`. */
  take(id: string): boolean | Promise<boolean>;
  /** Nothing of the request was processed: the relay refused it, or the server asked for another login (401). The same id may come once more. */
  giveBack(id: string): void | Promise<void>;
}

/** How long a browser may still come back with a request, in ms. */
const remembered = 3_600_000;

/** In memory, for a relay of one process. Full, it takes nothing more rather than forget: a forgotten id could pass twice. */
export class MemoryPassedIds implements PassedIds {
  readonly #clock: Clock;
  readonly #most: number;
  /** Monotonic times, oldest first. */
  readonly #taken = new Map<string, number>();

  constructor(clock: Clock, most: number) {
    this.#clock = clock;
    this.#most = most;
  }

  has(id: string): boolean {
    return this.#taken.has(id);
  }

  take(id: string): boolean {
    const now = this.#clock.monotonic();
    for (const [old, at] of this.#taken) {
      if (now - at < remembered) break;
      this.#taken.delete(old);
    }
    if (this.#taken.has(id) || this.#taken.size >= this.#most) return false;
    this.#taken.set(id, now);
    return true;
  }

  giveBack(id: string): void {
    this.#taken.delete(id);
  }
}
