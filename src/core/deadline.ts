import { unlessAborted, whenAborted } from '../abort.ts';
import { type Clock, sleep } from './clock.ts';

/** ms that stop() still waits once its patience is over: for what it gave up to end, then for what it closes. */
const grace = 5_000;

/** The patience of stop(), one for everything: until the first time-out or signal of all its calls, and then a grace. */
export class StopBudget {
  readonly #clock: Clock;
  readonly #over = new AbortController();
  readonly #limits: (() => void)[] = [];
  #ended = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Ends the patience after `timeout` ms, or as soon as the signal aborts. */
  limit(timeout: number, signal: AbortSignal | undefined): void {
    if (this.#ended) return;
    const over = (): void => this.#over.abort();
    this.#limits.push(whenAborted(signal, over), this.#clock.setTimer(over, timeout));
  }

  /** Waits for that work as long as there is patience; after `giveUp`, for a grace. Resolves with whether it ended. */
  async waitFor(work: Promise<unknown>, giveUp: () => void = () => undefined): Promise<boolean> {
    let ended = false;
    const end = (): void => {
      ended = true;
    };
    const done = work.then(end, end);
    await unlessAborted(done, this.#over.signal);
    if (ended) return true;
    giveUp();
    const enough = new AbortController();
    await Promise.race([done, sleep(this.#clock, grace, enough.signal)]);
    enough.abort();
    return ended;
  }

  /** Nothing is waited for any more: no timer and no listener stays. */
  end(): void {
    this.#ended = true;
    for (const lift of this.#limits.splice(0)) lift();
  }
}
