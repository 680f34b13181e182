import type { Clock } from '../../core/clock.ts';
import type { Reason } from '../../spool/contract.ts';
import type { DeliveryOutcome, Scope } from '../../transport/contract.ts';
import type { SpoolerSettings } from '../options.ts';
import { backOff, obey, reasonOf } from '../outcome.ts';
import { Admissions } from './admissions.ts';
import { Circuit, type ConcurrencyLimit, type Endpoint, type Lane, type Obstacle } from './circuit.ts';

/** Notes that must be delivered before one more request is allowed. A server that throttles takes about 30 a minute. */
export const successesToGrow = 20;

/** Half as many at a time, and never none. */
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

/** The lanes and endpoints of which there is something to remember: a fleet has many mailboxes, of which few are at work. */
export class LaneTable {
  readonly admissions = new Admissions();
  readonly #concurrency: number;
  readonly #endpointOf: (lane: string) => string;
  readonly #lanes = new Map<string, Lane>();
  readonly #endpoints = new Map<string, Endpoint>();
  /** Those known, by name. */
  readonly lanes: ReadonlyMap<string, Lane> = this.#lanes;

  constructor(concurrency: number, endpointOf: (lane: string) => string) {
    this.#concurrency = concurrency;
    this.#endpointOf = endpointOf;
  }

  get endpoints(): Iterable<Endpoint> {
    return this.#endpoints.values();
  }

  /** Where that mailbox is now, if anything is remembered of there. */
  endpointOf(name: string): Endpoint | undefined {
    return this.#endpoints.get(this.#endpointOf(name));
  }

  /** That lane, which is fresh when nothing is remembered of it. */
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
   * A mailbox may have moved to another server: what is known of the old one says nothing about it any more. Not while requests are under way, whose
   * outcomes speak of the old one.
   */
  relocate(lane: Lane, now: number): void {
    if (lane.inFlight > 0) return;
    const name = this.#endpointOf(lane.name);
    const old = lane.endpoint;
    if (name === old.name) return;
    old.lanes.delete(lane.name);
    // Nobody is left to find out whether it answers again.
    if (old.lanes.size === 0 && !old.oneByOne) this.#forget(old);
    lane.endpoint = this.#endpoint(name);
    lane.endpoint.lanes.set(lane.name, lane);
    lane.circuit.retryNow(now);
    this.admissions.lanes.update(lane, now);
    this.admissions.moved();
  }

  /** Something happened to the circuit of a lane, or of its endpoint. */
  changed(lane: Lane, now: number): void {
    this.admissions.lanes.update(lane, now);
    this.admissions.endpoints.update(lane.endpoint, now);
  }

  /** Forgets a lane of which there is nothing to remember. */
  forgetIdle(lane: Lane, now: number): void {
    const { endpoint } = lane;
    const isIdle = lane.inFlight === 0 && lane.limit.size === this.#concurrency;
    if (!isIdle || !lane.circuit.isFresh(now) || endpoint.circuit.openSince !== undefined) return;
    this.#lanes.delete(lane.name);
    endpoint.lanes.delete(lane.name);
    this.admissions.left(lane, now);
    if (endpoint.lanes.size === 0 && endpoint.circuit.isFresh(now) && !endpoint.oneByOne) this.#forget(endpoint);
  }

  /** The same for all of an endpoint: after an outage a whole fleet is remembered. */
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

/** What lanes report; the spooler passes it on as events. */
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

/** What outcomes say of lanes and their endpoints. */
export class LaneOutcomes {
  readonly #context: LanesContext;
  readonly #table: LaneTable;

  constructor(context: LanesContext, table: LaneTable) {
    this.#context = context;
    this.#table = table;
  }

  /** Takes in what an outcome says of lane and endpoint. `startedAt` (monotonic) keeps many failures of one moment from counting as many. */
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

  /** A request passed. `delivery`: something was sent, too. */
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
    // What a whole endpoint refuses, it refuses to probes too.
    const byDefault = error.code === 'AUTHENTICATION_FAILED' || scope === 'endpoint' ? 'login' : 'sending';
    const obstacle: Obstacle = by ?? byDefault;
    const retryIn = options.retry.blockedInterval;
    const reason = reasonOf(error);
    const target = scope === 'mailbox' ? lane : lane.endpoint;
    const isNews = target.circuit.failed({ now: this.#now(), startedAt, obstacle, reason, retryIn: () => retryIn });
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
      // "Busy" is an answer to how much was asked at a time; a time-out need not be.
      if (isNews && outcome.status === 'deferred') this.#limit(lane, shrink(lane.limit));
      this.#changed(lane);
      return;
    }
    const { circuit, name } = lane.endpoint;
    const isFirst = circuit.openSince === undefined;
    const notBefore = now + obey(outcome.retryAfter, 0, options.retry.maxServerBackOff);
    const reason = reasonOf(outcome.error);
    const isNews = circuit.failed({ now, startedAt, obstacle: 'connection', reason, retryIn, notBefore });
    this.#changed(lane);
    if (isNews && isFirst) observer.unavailable(name, reason, (circuit.nextChange(now) ?? now) - now);
  }

  /** Nothing was tried, for a reason that is not the server's: a moment later it may be. */
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
