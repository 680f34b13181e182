import type { Clock } from './core/clock.ts';
import type { EventName } from './observability/events.ts';

/** What {@link Throughput} counts, by the event that tells of it. */
const counted = {
  'message:spooled': 'spooled',
  'message:delivered': 'delivered',
  'message:deferred': 'deferred',
  'message:unconfirmed': 'unconfirmed',
  'message:dead': 'dead',
  'message:cancelled': 'cancelled',
} as const satisfies Partial<Record<EventName, string>>;

type Counted = (typeof counted)[keyof typeof counted];

const seconds = 60;

/** Entries of the last minute by what happened to them, in this process. One that was deferred twice counts twice. */
export type LastMinute = Readonly<Record<Counted, number>>;

/** Counts events by the second, in as much memory as a minute takes, whatever happens. */
export class Throughput {
  readonly #clock: Pick<Clock, 'monotonic'>;
  /** One slot a second; `stamps` tells of which second each is. */
  readonly #stamps = new Float64Array(seconds).fill(-1);
  readonly #slots: Readonly<Record<Counted, Uint32Array>>;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
    const slots = Object.values(counted).map((name) => [name, new Uint32Array(seconds)]);
    this.#slots = Object.fromEntries(slots) as Record<Counted, Uint32Array>;
  }

  saw(event: EventName): void {
    if (!(event in counted)) return;
    const second = Math.floor(this.#clock.monotonic() / 1_000);
    const slot = ((second % seconds) + seconds) % seconds;
    if (this.#stamps[slot] !== second) {
      this.#stamps[slot] = second;
      for (const counts of Object.values(this.#slots)) counts[slot] = 0;
    }
    const counts = this.#slots[counted[event as keyof typeof counted]];
    counts[slot] = (counts[slot] ?? 0) + 1;
  }

  lastMinute(): LastMinute {
    const now = Math.floor(this.#clock.monotonic() / 1_000);
    const recent = [...this.#stamps.keys()].filter((slot) => (this.#stamps[slot] ?? -1) > now - seconds);
    const sums = Object.entries(this.#slots).map(([name, counts]) => [
      name,
      recent.reduce((sum, slot) => sum + (counts[slot] ?? 0), 0),
    ]);
    return Object.fromEntries(sums) as LastMinute;
  }
}
