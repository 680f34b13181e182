import type { Clock } from '../core/clock.ts';

/** The most clients with a limit of their own; all others share one, so that invented names take no memory. */
const mostClients = 10_000;
const minute = 60_000;

/** Limits requests per client and minute, in windows of a minute. */
export class RateLimit {
  readonly #clock: Clock;
  readonly #most: number;
  readonly #counts = new Map<string, number>();
  #since: number;

  constructor(clock: Clock, most: number) {
    this.#clock = clock;
    this.#most = most;
    this.#since = clock.monotonic();
  }

  /** Returns 0 if the request may pass, else the ms to wait. */
  take(client: string): number {
    const now = this.#clock.monotonic();
    if (now - this.#since >= minute) {
      this.#counts.clear();
      this.#since = now;
    }
    const key = this.#counts.has(client) || this.#counts.size < mostClients ? client : '';
    const count = this.#counts.get(key) ?? 0;
    if (count >= this.#most) return this.#since + minute - now;
    this.#counts.set(key, count + 1);
    return 0;
  }
}
