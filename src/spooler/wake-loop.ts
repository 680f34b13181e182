import { type Clock, Turns } from '../core/clock.ts';
import { tell } from '../core/host-calls.ts';

/** What a {@link WakeLoop} drives; times in ms. */
export interface WakeLoopParts {
  readonly clock: Clock;
  /** The longest sleep. */
  readonly pollInterval: number;
  /** Does what there is to do; resolves with how much was begun. `slept`: its time has come, rather than that somebody woke it. */
  round(slept: boolean): Promise<number>;
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
/** ms at most before it, after many that found nothing. */
const longestFruitless = 1_000;
/** ms before the second round after one that failed; doubles up to the poll interval. */
const firstRetry = 200;

/**
 * Runs rounds until one begins nothing, then sleeps until it is woken or something is due. A storage that fails is asked less and less often, and so is one that says
 * again and again that something is due, and gives nothing.
 */
export class WakeLoop {
  readonly #parts: WakeLoopParts;
  readonly #turns: Turns;
  #state: 'off' | 'asleep' | 'awake' = 'off';
  /** Woken since the last round began. */
  #woken = false;
  #failures = 0;
  /** Rounds in a row that found nothing although something was due. */
  #fruitless = 0;
  #sleeps = 0;
  #cancelTimer: (() => void) | undefined;
  /** When it wakes by itself (monotonic); while the storage is still asked, when it must at the latest. */
  #wakesAt = Number.POSITIVE_INFINITY;

  constructor(parts: WakeLoopParts) {
    this.#parts = parts;
    this.#turns = new Turns(parts.clock);
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
    this.#fruitless = 0;
    this.#wake(false);
  }

  /** Looks for work when `delay` ms have passed; sooner where something else is. */
  wakeIn(delay: number): void {
    if (delay <= 0) {
      this.wake();
      return;
    }
    // Awake, it asks the storage before it sleeps.
    if (!this.#is('asleep')) return;
    const at = this.#now() + delay;
    if (at >= this.#wakesAt) return;
    this.#wakesAt = at;
    this.#setTimer(delay);
  }

  // A method, since TypeScript believes that a field stays what it was across an await.
  #is(state: 'off' | 'asleep' | 'awake'): boolean {
    return this.#state === state;
  }

  #wake(slept: boolean): void {
    if (this.#is('off')) return;
    this.#woken = true;
    if (this.#is('asleep')) void this.#run(slept);
  }

  async #run(slept: boolean): Promise<void> {
    this.#state = 'awake';
    try {
      this.#cancelTimer?.();
      let fromSleep = slept;
      for (let begun = 1; this.#is('awake') && (begun > 0 || this.#woken); fromSleep = false) {
        this.#woken = false;
        begun = await this.#parts.round(fromSleep);
        if (begun > 0) this.#fruitless = 0;
        await this.#turns.step(Math.max(1, begun));
      }
      this.#failures = 0;
    } catch (error) {
      this.#failures += 1;
      this.#complain(error);
    }
    if (this.#is('off')) return;
    this.#state = 'asleep';
    try {
      await this.#sleep();
    } catch (error) {
      // No timer could be set, say: the next wake() looks for work all the same, and wakeIn() sets another.
      this.#wakesAt = Number.POSITIVE_INFINITY;
      this.#complain(error);
    }
  }

  /** Whatever comes of it: a loop that it ended would stay awake for ever, and run no more. */
  #complain(error: unknown): void {
    tell(() => this.#parts.onError(error));
  }

  async #sleep(): Promise<void> {
    const { pollInterval, nextDue, nextChange, asleep } = this.#parts;
    // Whatever the storage does now, it is asked again: one that never answers must not end the loop.
    this.#wakesAt = this.#now() + pollInterval;
    this.#setTimer(pollInterval);
    this.#sleeps += 1;
    const sleep = this.#sleeps;
    // Asked first: what opens while the storage answers was left out of its answer, and has no change ahead of it afterwards.
    const opensAt = this.#now() + (nextChange() ?? pollInterval);
    const due = await nextDue();
    // Woken or stopped while the storage answered; it may even sleep again.
    if (!this.#is('asleep') || sleep !== this.#sleeps) return;
    asleep(due);
    const soonest = Math.min(due ?? pollInterval, nextChange() ?? pollInterval, Math.min(opensAt, this.#wakesAt) - this.#now());
    const delay = Math.max(Math.min(this.#shortest(due), pollInterval), Math.ceil(soonest));
    this.#wakesAt = this.#now() + delay;
    this.#setTimer(delay);
  }

  #shortest(due: number | undefined): number {
    if (this.#failures > 0) return firstRetry * 2 ** Math.min(this.#failures - 1, 20);
    this.#fruitless = due === undefined || due > 0 ? 0 : this.#fruitless + 1;
    return Math.min(longestFruitless, shortestSleep * 2 ** Math.min(Math.max(0, this.#fruitless - 1), 20));
  }

  #setTimer(delay: number): void {
    this.#cancelTimer?.();
    this.#cancelTimer = this.#parts.clock.setTimer(() => this.#wake(true), delay);
  }

  #now(): number {
    return this.#parts.clock.monotonic();
  }
}
