import type { Clock } from './clock.ts';
import { unlessAborted, whenAborted } from './clock.ts';

/** How long a stop may take, as two signals. `hard` never aborts before `soft`. */
export interface StopSignals {
  /** When it aborts, work in flight is cut off: aborted, rejected, given up. */
  readonly soft: AbortSignal;
  /** When it aborts, nobody waits any longer: what has not ended is left behind. */
  readonly hard: AbortSignal;
}

/** Something that can be stopped. From the call on, nothing new begins; work in flight ends by itself, unless a signal aborts first. */
export interface Stoppable {
  /** Resolves with what it left behind, in phrases such as `2 send()`. Never rejects. */
  stop(signals: StopSignals): Promise<readonly string[]>;
}

/** Waits for work to settle. Calls `cutOff` if `soft` aborts first, and stops waiting when `hard` aborts. Resolves with whether the work settled. */
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

/** ms between `soft` and `hard`, in which work that was cut off can end. */
const grace = 5_000;

/** The one deadline of stop() for everything: the earliest time-out or signal of all its calls, followed by a grace. */
export class ShutdownDeadline {
  readonly #clock: Clock;
  readonly #over = new AbortController();
  readonly #limits: (() => void)[] = [];
  #ended = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Ends the deadline after `timeout` ms, or as soon as the signal aborts, unless it ends earlier. */
  limit(timeout: number, signal: AbortSignal | undefined): void {
    if (this.#ended) return;
    const over = (): void => this.#over.abort();
    this.#limits.push(whenAborted(signal, over), this.#clock.setTimer(over, timeout));
  }

  /** The signals of one step. A step that begins after the deadline still gets its grace. */
  step(): StopSignals {
    const hard = new AbortController();
    const startGrace = (): void => {
      this.#limits.push(this.#clock.setTimer(() => hard.abort(), grace));
    };
    this.#limits.push(whenAborted(this.#over.signal, startGrace));
    return { soft: this.#over.signal, hard: hard.signal };
  }

  /** Removes all timers and listeners: nothing is waited for any more. */
  end(): void {
    this.#ended = true;
    for (const lift of this.#limits.splice(0)) lift();
  }
}
