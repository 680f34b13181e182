import type { Reason } from '../../spool/contract.ts';

/** What opened a circuit: the connection, the login, or something that only sending meets (quota, send-as, configuration). */
export type OpenedBy = 'connection' | 'login' | 'sending';

/** A failure that opens a circuit. Times are monotonic, in ms. */
export interface Failure {
  readonly now: number;
  /** When the request that failed began. */
  readonly startedAt: number;
  readonly openedBy: OpenedBy;
  readonly reason: Reason;
  /** Returns the ms until a trial, after so many failures in a row. */
  retryIn(failures: number): number;
  /** The time until which the server asked for a pause. */
  readonly notBefore?: number;
}

interface Open {
  readonly since: number;
  /** The time of the last failure: requests that began before it say nothing new. */
  readonly last: number;
  readonly openedBy: OpenedBy;
  readonly reason: Reason;
  notBefore: number;
  nextTrial: number;
  trying: boolean;
  lastTrial: 'probe' | 'deliver' | undefined;
  readonly trialFailed: boolean;
}

/**
 * Whether a mailbox or an endpoint may be used now. Failures open the circuit. From time to time, a single trial goes through, a probe and a delivery in turn. Any
 * request that succeeds closes it again; only a delivery does if sending had opened it. Pure: callers pass the time.
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

  /** Why it is open; `undefined` while it is closed. */
  get reason(): Reason | undefined {
    return this.#open?.reason;
  }

  /** Whether a trial has failed since it opened. */
  get trialFailed(): boolean {
    return this.#open?.trialFailed === true;
  }

  /** True if there is nothing that a success could end. */
  get isUntroubled(): boolean {
    return this.#open === undefined && this.#failures === 0;
  }

  /** True if it has nothing to remember. */
  isFresh(now: number): boolean {
    return this.#open === undefined && this.#failures === 0 && this.#pausedUntil <= now;
  }

  /** What it admits now; `trial`: a single batch, to find out. */
  admits(now: number): 'all' | 'trial' | 'none' {
    if (now < this.#pausedUntil) return 'none';
    if (this.#open === undefined) return 'all';
    return this.#open.trying || now < this.#open.nextTrial ? 'none' : 'trial';
  }

  /** The time from which it admits more than now, unless something is reported before; `undefined` if time changes nothing. */
  nextChange(now: number): number | undefined {
    // Both must be over.
    const time = Math.max(this.#pausedUntil, this.#open?.nextTrial ?? now);
    return time > now ? time : undefined;
  }

  /** The kind of the next trial. They take turns: either may have nothing to try, and a probe can't tell whether sending works. */
  get nextTrial(): 'probe' | 'deliver' {
    return this.#open?.lastTrial === 'probe' ? 'deliver' : 'probe';
  }

  /** A batch begins; it is the trial if the circuit is open. */
  begin(kind: 'probe' | 'deliver'): void {
    if (this.#open === undefined) return;
    this.#open.trying = true;
    this.#open.lastTrial = kind;
  }

  /** The trial has ended, with whatever outcome. */
  endTrial(): void {
    if (this.#open !== undefined) this.#open.trying = false;
  }

  /** Opens the circuit, or keeps it open for longer. Returns false for a request that began before the last failure: it says nothing new. */
  failed(failure: Failure): boolean {
    const { now, startedAt, openedBy, reason, notBefore = Number.NEGATIVE_INFINITY } = failure;
    const open = this.#open;
    if (open !== undefined && startedAt <= open.last) {
      // A longer back-off is obeyed all the same.
      open.notBefore = Math.max(open.notBefore, notBefore);
      open.nextTrial = Math.max(open.nextTrial, notBefore);
      return false;
    }
    this.#failures += 1;
    this.#lastFailure = now;
    const nextTrial = now + failure.retryIn(this.#failures);
    // A trial lasts until its batch ends, even if it has already failed.
    const { since = now, trying = false, lastTrial } = open ?? {};
    const trialFailed = open !== undefined;
    this.#open = { since, last: now, openedBy, reason, notBefore, nextTrial, trying, lastTrial, trialFailed };
    return true;
  }

  /** Pauses without opening: "busy" is no obstacle. Returns false for a request that began before the last failure, which doesn't count as another one. */
  delayed({ now, startedAt, retryIn }: Pick<Failure, 'now' | 'startedAt' | 'retryIn'>): boolean {
    const isNews = startedAt > this.#lastFailure;
    if (isNews) this.#failures += 1;
    this.#lastFailure = now;
    this.pause(now + retryIn(this.#failures));
    return isNews;
  }

  /** Admits nothing until that time; doesn't count as a failure. */
  pause(until: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, until);
  }

  /**
   * A request succeeded, which may close the circuit. `delivery`: it wasn't only answered, it sent something. Returns whether it closed the circuit.
   * A request that began before the server asked for a pause doesn't shorten that pause.
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
      if (open.openedBy === 'sending' && !delivery) return false;
    }
    this.#failures = 0;
    this.#lastFailure = Number.NEGATIVE_INFINITY;
    this.#open = undefined;
    return open !== undefined;
  }

  /** The host has fixed something: a trial may go now. */
  retryNow(now: number): void {
    this.#pausedUntil = Math.min(this.#pausedUntil, now);
    if (this.#open !== undefined) this.#open.nextTrial = Math.min(this.#open.nextTrial, now);
  }
}

/** How many requests of a mailbox may be in flight: halved when a server is busy, raised again slowly by deliveries. */
export interface ConcurrencyLimit {
  /** Concurrent requests, 1 and up. */
  readonly size: number;
  /** Notes delivered since it last changed. */
  readonly successes: number;
}

/** A sender's mailbox. */
export interface Lane {
  readonly name: string;
  /** Changes when the mailbox moves. */
  endpoint: Endpoint;
  readonly circuit: Circuit;
  inFlight: number;
  limit: ConcurrencyLimit;
}

/** A server, by the name that the transport gives it. */
export interface Endpoint {
  readonly name: string;
  readonly circuit: Circuit;
  readonly lanes: Map<string, Lane>;
  /** True if its copies after an error prove nothing: it gets one note per request, so that an error concerns that note only. */
  oneByOne: boolean;
}
