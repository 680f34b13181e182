import type { Clock } from '../core/clock.ts';

/** Remembers which requests were passed on. The processes of a relay must share one. */
export interface PassedIds {
  /** Whether an id is taken. */
  has(id: string): boolean | Promise<boolean>;
  /** Takes an id; `false` if it is taken already. Of several concurrent callers, only one may get `true`. */
  take(id: string): boolean | Promise<boolean>;
  /** Nothing of the request was processed: the relay refused it, or the server asked for another login (401). The same id may come once more. */
  giveBack(id: string): void | Promise<void>;
}

/** ms for which a browser may still repeat a request. */
const remembered = 3_600_000;

/** Keeps ids in memory, for a relay of one process. When full, it takes no more ids rather than forget one, which could then pass twice. */
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
