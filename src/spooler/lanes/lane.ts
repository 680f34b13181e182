import type { Clock } from '../../core/clock.ts';
import type { Reason } from '../../spool/contract.ts';
import type { DeliveryOutcome, Scope } from '../../transport/contract.ts';
import type { SpoolerSettings } from '../options.ts';
import { backOff, obey, reasonOf } from '../outcome.ts';
import { Admissions } from './admissions.ts';
import { Circuit, type ConcurrencyLimit, type Endpoint, type Lane, type OpenedBy } from './circuit.ts';

/** How many notes must be delivered before one more request is allowed. A server that throttles takes about 30 per minute. */
export const successesToGrow = 20;

/** Halves the number of concurrent requests, down to 1. */
export function shrink({ size }: ConcurrencyLimit): ConcurrencyLimit {
  return { size: Math.max(1, Math.floor(size / 2)), successes: 0 };
}

/** One more note was delivered. */
export function grow(limit: ConcurrencyLimit, most: number): ConcurrencyLimit {
  const { size, successes } = limit;
  if (size === most && successes === 0) return limit;
  if (size >= most) return { size: most, successes: 0 };
  return successes + 1 < successesToGrow ? { size, successes: successes + 1 } : { size: size + 1, successes: 0 };
}

/** The lanes and endpoints that have something to remember: of a fleet's many mailboxes, few are active. */
export class LaneTable {
  readonly admissions = new Admissions();
  readonly #concurrency: number;
  readonly #endpointOf: (lane: string) => string;
  readonly #lanes = new Map<string, Lane>();
  readonly #endpoints = new Map<string, Endpoint>();
  /** The remembered lanes, by name. */
  readonly lanes: ReadonlyMap<string, Lane> = this.#lanes;

  constructor(concurrency: number, endpointOf: (lane: string) => string) {
    this.#concurrency = concurrency;
    this.#endpointOf = endpointOf;
  }

  get endpoints(): Iterable<Endpoint> {
    return this.#endpoints.values();
  }

  /** The endpoint where a mailbox is now, if it is remembered. */
  endpointOf(name: string): Endpoint | undefined {
    return this.#endpoints.get(this.#endpointOf(name));
  }

  /** The lane of that name, a fresh one if none is remembered. */
  lane(name: string, now: number): Lane {
    let lane = this.#lanes.get(name);
    if (lane === undefined) {
      const endpoint = this.#endpoint(this.#endpointOf(name));
      lane = { name, endpoint, circuit: new Circuit(), inFlight: 0, limit: { size: this.#concurrency, successes: 0 } };
      this.#lanes.set(name, lane);
      endpoint.lanes.set(name, lane);
      this.admissions.joined(lane, now);
    }
    return lane;
  }

  /**
   * Moves a lane to the endpoint where its mailbox is now: what is known about the old server no longer applies. Not while requests are in flight, whose outcomes
   * concern the old one.
   */
  relocate(lane: Lane, now: number): void {
    if (lane.inFlight > 0) return;
    const name = this.#endpointOf(lane.name);
    const old = lane.endpoint;
    if (name === old.name) return;
    old.lanes.delete(lane.name);
    // No lane is left that could find out whether it answers again.
    if (old.lanes.size === 0 && !old.oneByOne) this.#forget(old);
    lane.endpoint = this.#endpoint(name);
    lane.endpoint.lanes.set(lane.name, lane);
    lane.circuit.retryNow(now);
    this.admissions.lanes.update(lane, now);
    this.admissions.moved();
  }

  /** Call it when the circuit of a lane, or of its endpoint, has changed. */
  changed(lane: Lane, now: number): void {
    this.admissions.lanes.update(lane, now);
    this.admissions.endpoints.update(lane.endpoint, now);
  }

  /** Forgets a lane that has nothing to remember. */
  forgetIdle(lane: Lane, now: number): void {
    const { endpoint } = lane;
    const isIdle = lane.inFlight === 0 && lane.limit.size === this.#concurrency;
    if (!isIdle || !lane.circuit.isFresh(now) || endpoint.circuit.openSince !== undefined) return;
    this.#lanes.delete(lane.name);
    endpoint.lanes.delete(lane.name);
    this.admissions.left(lane, now);
    if (endpoint.lanes.size === 0 && endpoint.circuit.isFresh(now) && !endpoint.oneByOne) this.#forget(endpoint);
  }

  /** The same for all lanes of an endpoint: after an outage, a whole fleet is remembered. */
  forgetIdleOf(endpoint: Endpoint, now: number): void {
    for (const lane of endpoint.lanes.values()) this.forgetIdle(lane, now);
  }

  #forget(endpoint: Endpoint): void {
    this.#endpoints.delete(endpoint.name);
    this.admissions.endpoints.forget(endpoint);
  }

  #endpoint(name: string): Endpoint {
    let endpoint = this.#endpoints.get(name);
    if (endpoint === undefined) {
      endpoint = { name, circuit: new Circuit(), lanes: new Map(), oneByOne: false };
      this.#endpoints.set(name, endpoint);
    }
    return endpoint;
  }
}

/** What lanes report, which the spooler emits as events. Durations are in ms. */
interface LaneObserver {
  blocked(lane: string, reason: Reason, retryIn: number): void;
  resumed(lane: string): void;
  unavailable(endpoint: string, reason: Reason, retryIn: number): void;
  available(endpoint: string): void;
}

/** What {@link Lanes} is made of. */
export interface LanesContext {
  readonly clock: Clock;
  readonly random: () => number;
  readonly options: SpoolerSettings;
  readonly observer: LaneObserver;
  endpointOf(lane: string): string;
}

/** Applies outcomes to lanes and their endpoints. */
export class LaneOutcomes {
  readonly #context: LanesContext;
  readonly #table: LaneTable;

  constructor(context: LanesContext, table: LaneTable) {
    this.#context = context;
    this.#table = table;
  }

  /** Applies an outcome to lane and endpoint. `startedAt` (monotonic) keeps failures of the same moment from counting several times. */
  record(lane: Lane, outcome: DeliveryOutcome, startedAt: number): void {
    switch (outcome.status) {
      case 'delivered':
        this.#limit(lane, grow(lane.limit, this.#context.options.concurrencyPerMailbox));
        this.worked(lane, startedAt, true);
        return;
      case 'rejected':
        if (outcome.scope === 'note') this.worked(lane, startedAt, false);
        else this.#block(lane, outcome.scope, 'sending', outcome, startedAt);
        return;
      case 'blocked':
        this.#block(lane, outcome.scope === 'note' ? 'mailbox' : outcome.scope, outcome.by, outcome, startedAt);
        return;
      case 'deferred':
      case 'unconfirmed':
        if (outcome.scope !== 'note') this.#delay(lane, outcome.scope, outcome, startedAt);
        else if (outcome.error.code === 'NOT_ATTEMPTED') this.#pause(lane, outcome.retryAfter);
        return;
    }
  }

  /** A request succeeded. `delivery`: it also sent something. */
  worked(lane: Lane, startedAt: number, delivery: boolean): void {
    const { endpoint } = lane;
    if (endpoint.circuit.isUntroubled && lane.circuit.isUntroubled) return;
    const now = this.#now();
    const request = { now, startedAt, delivery };
    const answers = endpoint.circuit.worked(request);
    const resumed = lane.circuit.worked(request);
    if (answers || resumed) this.#changed(lane);
    if (answers) {
      this.#table.forgetIdleOf(endpoint, now);
      this.#context.observer.available(endpoint.name);
    }
    if (resumed) this.#context.observer.resumed(lane.name);
  }

  #block(
    lane: Lane,
    scope: Exclude<Scope, 'note'>,
    by: 'login' | 'sending' | undefined,
    { error }: Extract<DeliveryOutcome, { error: unknown }>,
    startedAt: number,
  ): void {
    const { observer, options } = this.#context;
    // An endpoint that refuses everybody refuses probes too.
    const byDefault = error.code === 'AUTHENTICATION_FAILED' || scope === 'endpoint' ? 'login' : 'sending';
    const openedBy: OpenedBy = by ?? byDefault;
    const retryIn = options.retry.blockedInterval;
    const reason = reasonOf(error);
    const target = scope === 'mailbox' ? lane : lane.endpoint;
    const isNews = target.circuit.failed({ now: this.#now(), startedAt, openedBy, reason, retryIn: () => retryIn });
    this.#changed(lane);
    if (!isNews) return;
    if (scope === 'mailbox') observer.blocked(lane.name, reason, retryIn);
    else observer.unavailable(lane.endpoint.name, reason, retryIn);
  }

  #delay(
    lane: Lane,
    scope: Exclude<Scope, 'note'>,
    outcome: Extract<DeliveryOutcome, { retryAfter?: number }>,
    startedAt: number,
  ): void {
    const { options, observer } = this.#context;
    const now = this.#now();
    const retryIn = (failures: number): number => this.#wait(outcome.retryAfter, failures);
    if (scope === 'mailbox') {
      const isNews = lane.circuit.delayed({ now, startedAt, retryIn });
      // "Busy" may be due to concurrent requests; a time-out need not be.
      if (isNews && outcome.status === 'deferred') this.#limit(lane, shrink(lane.limit));
      this.#changed(lane);
      return;
    }
    const { circuit, name } = lane.endpoint;
    const isFirst = circuit.openSince === undefined;
    const notBefore = now + obey(outcome.retryAfter, 0, options.retry.maxServerBackOff);
    const reason = reasonOf(outcome.error);
    const isNews = circuit.failed({ now, startedAt, openedBy: 'connection', reason, retryIn, notBefore });
    this.#changed(lane);
    if (isNews && isFirst) observer.unavailable(name, reason, Math.round((circuit.nextChange(now) ?? now) - now));
  }

  /** Nothing was tried, for a reason of our own that may be gone a moment later. */
  #pause(lane: Lane, retryAfter: number | undefined): void {
    lane.circuit.pause(this.#now() + obey(retryAfter, 1_000, this.#context.options.retry.maxServerBackOff));
    this.#changed(lane);
  }

  #wait(retryAfter: number | undefined, failures: number): number {
    const { options, random } = this.#context;
    return obey(
      retryAfter,
      backOff({ first: options.retry.initialDelay, cap: options.retry.maxDelay }, failures, random),
      options.retry.maxServerBackOff,
    );
  }

  #limit(lane: Lane, limit: Lane['limit']): void {
    if (limit === lane.limit) return;
    if (limit.size === lane.limit.size) lane.limit = limit;
    else {
      this.#table.admissions.count(lane, () => {
        lane.limit = limit;
      });
    }
  }

  #changed(lane: Lane): void {
    this.#table.changed(lane, this.#now());
  }

  #now(): number {
    return this.#context.clock.monotonic();
  }
}
