import type { Clock } from '../core/clock.ts';

/** How many clients are told apart; beyond them all others share one limit, so that invented names take no memory. */
const mostClients = 10_000;
const minute = 60_000;

/** So many a minute for each client, in windows of a minute. */
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

  /** 0 when the request may pass, else how long to wait in ms. */
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
