import { Admissions } from './admissions.ts';
import { Circuit } from './circuit.ts';
import type { ConcurrencyLimit, Endpoint, Lane } from './lane-state.ts';

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

  constructor(concurrency: number, endpointOf: (lane: string) => string) {
    this.#concurrency = concurrency;
    this.#endpointOf = endpointOf;
  }

  get size(): number {
    return this.#lanes.size;
  }

  get lanes(): Iterable<Lane> {
    return this.#lanes.values();
  }

  get endpoints(): Iterable<Endpoint> {
    return this.#endpoints.values();
  }

  known(name: string): Lane | undefined {
    return this.#lanes.get(name);
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
