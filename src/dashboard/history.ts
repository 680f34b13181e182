import type { Clock } from '../core/clock.ts';
import { tell } from '../core/host-calls.ts';
import { type SpoolState, spoolStates } from '../spool/contract.ts';

/** One look at the spool. */
export interface Sample {
  /** ms since 1970 UTC. */
  readonly at: number;
  readonly states: Readonly<Record<SpoolState, number>>;
}

/** What follows each look. */
export interface Follower {
  show(sample: Sample): void;
  /** There will be no more. */
  end(): void;
}

/** ms between looks, and how many are kept: an hour. */
const interval = 10_000;
const most = 360;

/**
 * Entries by state over the last hour, since the dashboard was made: a ring, so that its memory stays as it is. It looks by itself, and tells whoever follows.
 */
export class History {
  readonly #clock: Clock;
  readonly #counts: () => Promise<Sample['states']>;
  readonly #samples: Sample[] = [];
  readonly #followers = new Set<Follower>();
  #cancel: (() => void) | undefined;
  #ended = false;

  constructor(clock: Clock, counts: () => Promise<Sample['states']>) {
    this.#clock = clock;
    this.#counts = counts;
    void this.#look();
  }

  get samples(): readonly Sample[] {
    return this.#samples;
  }

  /** Looks now: what a page shows is never older than the page. */
  async now(): Promise<Sample> {
    return { at: this.#clock.now(), states: await this.#counts() };
  }

  /** Tells it of each look, until the function returned is called. */
  follow(follower: Follower): () => void {
    this.#followers.add(follower);
    return () => this.#followers.delete(follower);
  }

  get followers(): number {
    return this.#followers.size;
  }

  end(): void {
    this.#ended = true;
    this.#cancel?.();
    for (const follower of this.#followers) tell(() => follower.end());
    this.#followers.clear();
  }

  get ended(): boolean {
    return this.#ended;
  }

  async #look(): Promise<void> {
    // A spool that can't be asked leaves a gap; the next look may succeed.
    const sample = await this.now().catch(() => undefined);
    if (this.#ended) return;
    if (sample !== undefined) {
      this.#samples.push(sample);
      if (this.#samples.length > most) this.#samples.shift();
      // A page that has gone in this moment takes nothing from the others.
      for (const follower of this.#followers) tell(() => follower.show(sample));
    }
    tell(() => {
      this.#cancel = this.#clock.setTimer(() => void this.#look(), interval);
    });
  }
}

/** Numbers of a sample in the order of the states, for a page. */
export function numbersOf({ states }: Sample): readonly number[] {
  return spoolStates.map((state) => states[state]);
}
