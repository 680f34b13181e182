import type { Clock } from '../core/clock.ts';

/** What a {@link WakeLoop} drives; times in ms. */
export interface WakeLoopParts {
  readonly clock: Clock;
  /** The longest sleep. */
  readonly pollInterval: number;
  /** Does what there is to do; resolves with how much was begun. */
  round(): Promise<number>;
  /** When something is due, as far as the storage knows. Never rejects. */
  nextDue(): Promise<number | undefined>;
  /** When something may change that only this process knows of. */
  nextChange(): number | undefined;
  /** Called when it goes to sleep. */
  asleep(due: number | undefined): void;
  onError(error: unknown): void;
}

/** ms before a round that follows one which found nothing: what is due but was not claimed has its reason. */
const shortestSleep = 5;
/** ms before the second round after one that failed; doubles up to the poll interval. */
const firstRetry = 200;

/** Runs rounds until one begins nothing, then sleeps until it is woken or something is due. A storage that fails is asked less and less often. */
export class WakeLoop {
  readonly #parts: WakeLoopParts;
  #state: 'off' | 'asleep' | 'awake' = 'off';
  /** Woken since the last round began. */
  #woken = false;
  #failures = 0;
  #cancelTimer: (() => void) | undefined;

  constructor(parts: WakeLoopParts) {
    this.#parts = parts;
  }

  /** Goes on until {@link stop}; a second call does nothing. */
  start(): void {
    if (this.#is('off')) this.#state = 'asleep';
    this.wake();
  }

  /** No round begins any more; one at work ends by itself. */
  stop(): void {
    this.#state = 'off';
    this.#cancelTimer?.();
  }

  /** Looks for work now. */
  wake(): void {
    if (this.#is('off')) return;
    this.#woken = true;
    if (this.#is('asleep')) void this.#run();
  }

  // A method, since TypeScript believes that a field stays what it was across an await.
  #is(state: 'off' | 'asleep' | 'awake'): boolean {
    return this.#state === state;
  }

  async #run(): Promise<void> {
    this.#state = 'awake';
    this.#cancelTimer?.();
    try {
      for (let begun = 1; this.#is('awake') && (begun > 0 || this.#woken); ) {
        this.#woken = false;
        begun = await this.#parts.round();
      }
      this.#failures = 0;
    } catch (error) {
      this.#failures += 1;
      this.#parts.onError(error);
    }
    if (this.#is('off')) return;
    this.#state = 'asleep';
    await this.#sleep();
  }

  async #sleep(): Promise<void> {
    const { clock, pollInterval, nextDue, nextChange, asleep } = this.#parts;
    // Whatever the storage does now, it is asked again: one that never answers must not end the loop.
    this.#cancelTimer = clock.setTimer(() => this.wake(), pollInterval);
    const due = await nextDue();
    // Woken or stopped while the storage answered.
    if (!this.#is('asleep')) return;
    asleep(due);
    const shortest = this.#failures === 0 ? shortestSleep : firstRetry * 2 ** Math.min(this.#failures - 1, 20);
    const soonest = Math.min(due ?? pollInterval, nextChange() ?? pollInterval, pollInterval);
    const delay = Math.max(Math.min(shortest, pollInterval), Math.ceil(soonest));
    this.#cancelTimer?.();
    this.#cancelTimer = clock.setTimer(() => this.wake(), delay);
  }
}
