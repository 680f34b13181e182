import type { Reason } from '../../spool/contract.ts';

/** What a circuit was opened by: the connection, the login, or what only sending meets (quota, send-as, configuration). */
export type Obstacle = 'connection' | 'login' | 'sending';

/** A failure that opens a circuit. Times are monotonic, in ms. */
export interface Failure {
  readonly now: number;
  /** When the request began that met it. */
  readonly startedAt: number;
  readonly obstacle: Obstacle;
  readonly reason?: Reason;
  /** ms until a trial, after so many failures in a row. */
  retryIn(failures: number): number;
  /** Until when the server asked to be left alone. */
  readonly notBefore?: number;
}

interface Open {
  readonly since: number;
  /** When it was last found to be open: what began before says nothing new. */
  readonly last: number;
  readonly obstacle: Obstacle;
  readonly reason: Reason | undefined;
  notBefore: number;
  nextTrial: number;
  trying: boolean;
  lastTrial: 'probe' | 'deliver' | undefined;
  readonly trialFailed: boolean;
}

/**
 * Whether a mailbox, or an endpoint, may be worked on now. Failures open the circuit; from time to time a single trial goes through, a probe and a delivery in turn;
 * what the circuit was opened for closes it again: any request after a failed login, only a delivery after what sending met. Pure: the time comes in.
 */
export class Circuit {
  #open: Open | undefined;
  #failures = 0;
  #lastFailure = Number.NEGATIVE_INFINITY;
  #pausedUntil = Number.NEGATIVE_INFINITY;

  /** Since when it has been open; `undefined` while it is closed. */
  get openSince(): number | undefined {
    return this.#open?.since;
  }

  /** Why it is open. */
  get reason(): Reason | undefined {
    return this.#open?.reason;
  }

  /** Whether a trial has failed since it opened. */
  get trialFailed(): boolean {
    return this.#open?.trialFailed === true;
  }

  /** True when no success could end anything. */
  get isUntroubled(): boolean {
    return this.#open === undefined && this.#failures === 0;
  }

  /** True when there is nothing to remember of it. */
  isFresh(now: number): boolean {
    return this.#open === undefined && this.#failures === 0 && this.#pausedUntil <= now;
  }

  /** `trial`: one batch, to find out. */
  admits(now: number): 'all' | 'trial' | 'none' {
    if (now < this.#pausedUntil) return 'none';
    if (this.#open === undefined) return 'all';
    return this.#open.trying || now < this.#open.nextTrial ? 'none' : 'trial';
  }

  /** When it may admit more than it does now, unless something is reported before. */
  nextChange(now: number): number | undefined {
    // Both must be over.
    const time = Math.max(this.#pausedUntil, this.#open?.nextTrial ?? now);
    return time > now ? time : undefined;
  }

  /** Which kind of trial comes next: in turn, since either may have nothing to try, and a probe can't tell whether sending works. */
  get nextTrial(): 'probe' | 'deliver' {
    return this.#open?.lastTrial === 'probe' ? 'deliver' : 'probe';
  }

  /** A batch begins; while the circuit is open it is the trial. */
  begin(kind: 'probe' | 'deliver'): void {
    if (this.#open === undefined) return;
    this.#open.trying = true;
    this.#open.lastTrial = kind;
  }

  /** The trial has ended, whatever came of it. */
  endTrial(): void {
    if (this.#open !== undefined) this.#open.trying = false;
  }

  /** Opens the circuit, or keeps it open for longer. `false`: the failure of a request that began before the last one says nothing new. */
  failed(failure: Failure): boolean {
    const { now, startedAt, obstacle, reason, notBefore = Number.NEGATIVE_INFINITY } = failure;
    const open = this.#open;
    if (open !== undefined && startedAt <= open.last) {
      // But a longer back-off is obeyed.
      open.notBefore = Math.max(open.notBefore, notBefore);
      open.nextTrial = Math.max(open.nextTrial, notBefore);
      return false;
    }
    this.#failures += 1;
    this.#lastFailure = now;
    const nextTrial = now + failure.retryIn(this.#failures);
    // A trial is under way until its batch ends, also when it has failed already.
    const { since = now, trying = false, lastTrial } = open ?? {};
    const trialFailed = open !== undefined;
    this.#open = { since, last: now, obstacle, reason, notBefore, nextTrial, trying, lastTrial, trialFailed };
    return true;
  }

  /** Waits without a trial at the end: "busy" is no obstacle. `false`: a request that began before the last failure counts no second one. */
  delayed({ now, startedAt, retryIn }: Pick<Failure, 'now' | 'startedAt' | 'retryIn'>): boolean {
    const isNews = startedAt > this.#lastFailure;
    if (isNews) this.#failures += 1;
    this.#lastFailure = now;
    this.pause(now + retryIn(this.#failures));
    return isNews;
  }

  /** Admits nothing until then; counts as no failure. */
  pause(until: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, until);
  }

  /**
   * A request passed: what it shows to be over is over. `delivery`: it was not only answered, something was sent. Returns whether it closed the circuit.
   * What was on its way before takes nothing back of a time for which the server has asked to be left alone since.
   */
  worked({
    now,
    startedAt,
    delivery,
  }: {
    readonly now: number;
    readonly startedAt: number;
    readonly delivery: boolean;
  }): boolean {
    const open = this.#open;
    if (open !== undefined) {
      if (startedAt <= open.last && now < open.notBefore) return false;
      if (open.obstacle === 'sending' && !delivery) return false;
    }
    this.#failures = 0;
    this.#lastFailure = Number.NEGATIVE_INFINITY;
    this.#open = undefined;
    return open !== undefined;
  }

  /** The host has mended something: a trial may go now. */
  retryNow(now: number): void {
    this.#pausedUntil = Math.min(this.#pausedUntil, now);
    if (this.#open !== undefined) this.#open.nextTrial = Math.min(this.#open.nextTrial, now);
  }
}

/**
 * How many requests of a mailbox may be under way: halved by a server's "too many", raised again, slowly, by what goes well. Pure.
 */
export interface ConcurrencyLimit {
  /** Requests at a time, 1 and up. */
  readonly size: number;
  /** Notes delivered since it changed last. */
  readonly successes: number;
}

/** A sender's mailbox. */
export interface Lane {
  readonly name: string;
  /** Another one once the mailbox has moved. */
  endpoint: Endpoint;
  readonly circuit: Circuit;
  inFlight: number;
  limit: ConcurrencyLimit;
}

/** A server, by the name that its transport gives it. */
export interface Endpoint {
  readonly name: string;
  readonly circuit: Circuit;
  readonly lanes: Map<string, Lane>;
  /** Its copies after an error prove nothing: one note a request, so that an error speaks of that note only. */
  oneByOne: boolean;
}
