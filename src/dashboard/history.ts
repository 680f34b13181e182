import type { Clock } from '../core/clock.ts';
import { tell } from '../core/host-calls.ts';
import { type SpoolState, spoolStates } from '../spool/contract.ts';

/** One sample of the spool. */
export interface Sample {
  /** ms since 1970 UTC. */
  readonly at: number;
  readonly states: Readonly<Record<SpoolState, number>>;
}

/** A follower of the samples. */
export interface Follower {
  show(sample: Sample): void;
  /** Called when there will be no more. */
  end(): void;
}

/** ms between samples, and how many are kept: an hour. */
const interval = 10_000;
const most = 360;

/**
 * Entries by state over the last hour, since the dashboard was created: a ring, so that its memory is constant. Samples by itself, and notifies its followers.
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

  /** Takes a sample now, so that a page never shows an older one. */
  async now(): Promise<Sample> {
    return { at: this.#clock.now(), states: await this.#counts() };
  }

  /** Notifies a follower of each sample, until the returned function is called. */
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
    // A spool that doesn't answer leaves a gap; the next sample may succeed.
    const sample = await this.now().catch(() => undefined);
    if (this.#ended) return;
    if (sample !== undefined) {
      this.#samples.push(sample);
      if (this.#samples.length > most) this.#samples.shift();
      // A page that is just gone must not affect the others.
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
