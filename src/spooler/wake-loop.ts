import { type Clock, Turns } from '../core/clock.ts';
import { tell } from '../core/host-calls.ts';

/** What a {@link WakeLoop} drives; times in ms. */
export interface WakeLoopParts {
  readonly clock: Clock;
  /** The longest sleep. */
  readonly pollInterval: number;
  /** Does one round of work; resolves with how much it began. `slept`: the timer woke the loop, rather than a call of `wake()`. */
  round(slept: boolean): Promise<number>;
  /** ms until something is due, as far as the storage knows. Never rejects. */
  nextDue(): Promise<number | undefined>;
  /** ms until something changes that only this process knows of. */
  nextChange(): number | undefined;
  /** Called when the loop goes to sleep. */
  asleep(due: number | undefined): void;
  onError(error: unknown): void;
}

/** ms of pause after a round that found nothing although something was due: there is a reason why it was not claimed. */
const shortestSleep = 5;
/** The longest such pause, after many rounds that found nothing; ms. */
const longestFruitless = 1_000;
/** ms of pause after a round that failed; doubles up to the poll interval. */
const firstRetry = 200;

/**
 * Runs rounds until one begins nothing, then sleeps until it is woken or something is due. It asks a storage that fails less and less often, and likewise one that
 * keeps saying that something is due but has nothing to claim.
 */
export class WakeLoop {
  readonly #parts: WakeLoopParts;
  readonly #turns: Turns;
  #state: 'off' | 'asleep' | 'awake' = 'off';
  /** Woken since the last round began. */
  #woken = false;
  #failures = 0;
  /** The number of rounds in a row that found nothing although something was due. */
  #fruitless = 0;
  #sleeps = 0;
  #cancelTimer: (() => void) | undefined;
  /** When it wakes by itself (monotonic); while the storage is still being asked, the latest time at which it does. */
  #wakesAt = Number.POSITIVE_INFINITY;

  constructor(parts: WakeLoopParts) {
    this.#parts = parts;
    this.#turns = new Turns(parts.clock);
  }

  /** Runs until {@link stop}; a second call only wakes it. */
  start(): void {
    if (this.#is('off')) this.#state = 'asleep';
    this.wake();
  }

  /** Begins no more rounds; a round in progress ends by itself. */
  stop(): void {
    this.#state = 'off';
    this.#cancelTimer?.();
  }

  /** Looks for work now. */
  wake(): void {
    this.#fruitless = 0;
    this.#wake(false);
  }

  /** Looks for work in `delay` ms, or earlier for another reason. */
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
      // For example, no timer could be set: the next wake() still looks for work, and wakeIn() sets another timer.
      this.#wakesAt = Number.POSITIVE_INFINITY;
      this.#complain(error);
    }
  }

  /** Swallows what `onError` throws: otherwise the loop would stay `awake` for ever without running. */
  #complain(error: unknown): void {
    tell(() => this.#parts.onError(error));
  }

  async #sleep(): Promise<void> {
    const { pollInterval, nextDue, nextChange, asleep } = this.#parts;
    // Set before the storage is asked: one that never answers must not end the loop.
    this.#wakesAt = this.#now() + pollInterval;
    this.#setTimer(pollInterval);
    this.#sleeps += 1;
    const sleep = this.#sleeps;
    // Read first: a lane that opens while the storage answers is missing from the answer, and has no change ahead of it afterwards.
    const opensAt = this.#now() + (nextChange() ?? pollInterval);
    const due = await nextDue();
    // Woken or stopped meanwhile; it may even be asleep again.
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
