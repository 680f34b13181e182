import type { Clock } from '../core/clock.ts';
import type { Pause } from '../spool/admin/contract.ts';
import type { SpoolStorage } from '../spool/contract.ts';

/**
 * What operators have paused, as this process knows it. The spool is asked twice a poll interval, so that no claim goes by a list that is older than one; what this
 * process pauses itself counts at once.
 */
export class Pauses {
  readonly #storage: Pick<SpoolStorage, 'admin'>;
  readonly #clock: Clock;
  readonly #pollInterval: number;
  #known: readonly Pause[] = [];
  /** The same list until the pauses change, so that whoever is given it can tell. */
  #lanes: readonly string[] = [];
  #byLane: ReadonlySet<string> = new Set();
  #all = false;
  #readAt = Number.NEGATIVE_INFINITY;
  /** How often they were said to have changed. */
  #changes = 0;

  constructor(storage: Pick<SpoolStorage, 'admin'>, clock: Clock, pollInterval: number) {
    this.#storage = storage;
    this.#clock = clock;
    this.#pollInterval = pollInterval;
  }

  /** Asks the spool, unless that was done lately. Rejects as the spool does: then nothing may be claimed. */
  async refresh(): Promise<void> {
    const { admin } = this.#storage;
    const now = this.#clock.monotonic();
    if (admin === undefined || now - this.#readAt < this.#pollInterval / 2) return;
    const asked = this.#changes;
    this.#know(await admin.paused());
    // What changed while the spool answered is asked for once more.
    if (asked === this.#changes) this.#readAt = now;
  }

  /** They have changed: the next {@link refresh} asks the spool. */
  forget(): void {
    this.#changes += 1;
    this.#readAt = Number.NEGATIVE_INFINITY;
  }

  get known(): readonly Pause[] {
    return this.#known;
  }

  /** Whether nothing at all is delivered. */
  get all(): boolean {
    return this.#all;
  }

  /** Mailboxes that are paused by name. */
  get lanes(): readonly string[] {
    return this.#lanes;
  }

  includes(lane: string): boolean {
    return this.all || this.#byLane.has(lane);
  }

  /** For an expiry: for how long nothing was delivered, of all mailboxes and of some, in ms. */
  closedFor(): {
    readonly all: number | undefined;
    readonly lanes: readonly { readonly lane: string; readonly closedFor: number }[];
  } {
    const now = this.#clock.now();
    const age = ({ since }: Pause): number => Math.max(0, now - since);
    const all = this.#known.find(({ lane }) => lane === undefined);
    return {
      all: all && age(all),
      lanes: this.#known.flatMap((pause) => (pause.lane === undefined ? [] : [{ lane: pause.lane, closedFor: age(pause) }])),
    };
  }

  #know(pauses: readonly Pause[]): void {
    this.#known = pauses;
    this.#all = pauses.some(({ lane }) => lane === undefined);
    const lanes = pauses.flatMap(({ lane }) => lane ?? []);
    const byLane = new Set(lanes);
    if (byLane.size === this.#byLane.size && lanes.every((lane) => this.#byLane.has(lane))) return;
    this.#lanes = lanes;
    this.#byLane = byLane;
  }
}

/** What keeps that mailbox from delivering; that of all mailboxes counts for each. */
export function pauseOf(pauses: readonly Pause[], lane: string): Pause | undefined {
  return pauses.find((one) => one.lane === undefined) ?? pauses.find((one) => one.lane === lane);
}
