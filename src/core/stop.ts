import type { Clock } from './clock.ts';
import { unlessAborted, whenAborted } from './clock.ts';

/** How long a stop may take, as two signals: `hard` never aborts before `soft`. */
export interface StopSignals {
  /** What is under way is cut off: aborted, rejected, given up. */
  readonly soft: AbortSignal;
  /** Nobody waits any longer: what has not ended is left behind. */
  readonly hard: AbortSignal;
}

/** What can be stopped. From the call on nothing new begins; what is under way ends by itself, unless a signal aborts first. */
export interface Stoppable {
  /** Never rejects. Resolves with what it left behind, each as a phrase such as `2 send()`. */
  stop(signals: StopSignals): Promise<readonly string[]>;
}

/** Waits for work to settle, calls `cutOff` when `soft` aborts before that, and waits no longer once `hard` aborts. Resolves with whether it settled. */
export async function settled(
  work: Promise<unknown>,
  { soft, hard }: StopSignals,
  cutOff: () => void = () => undefined,
): Promise<boolean> {
  let isSettled = false;
  const end = (): void => {
    isSettled = true;
  };
  const forget = whenAborted(soft, cutOff);
  await unlessAborted(work.then(end, end), hard);
  forget();
  return isSettled;
}

/** ms between `soft` and `hard`: for what was cut off to end. */
const grace = 5_000;

/** The deadline of stop(), one for everything: the earliest time-out or signal of all its calls, and a grace after it. */
export class ShutdownDeadline {
  readonly #clock: Clock;
  readonly #over = new AbortController();
  readonly #limits: (() => void)[] = [];
  #ended = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Passes after `timeout` ms, or as soon as the signal aborts. */
  limit(timeout: number, signal: AbortSignal | undefined): void {
    if (this.#ended) return;
    const over = (): void => this.#over.abort();
    this.#limits.push(whenAborted(signal, over), this.#clock.setTimer(over, timeout));
  }

  /** The signals of one step. One that begins after the deadline has its grace all the same. */
  step(): StopSignals {
    const hard = new AbortController();
    const startGrace = (): void => {
      this.#limits.push(this.#clock.setTimer(() => hard.abort(), grace));
    };
    this.#limits.push(whenAborted(this.#over.signal, startGrace));
    return { soft: this.#over.signal, hard: hard.signal };
  }

  /** Nothing is waited for any more: no timer and no listener stays. */
  end(): void {
    this.#ended = true;
    for (const lift of this.#limits.splice(0)) lift();
  }
}
