import { Circuit } from './circuit.ts';

/**
 * How many requests of a mailbox may be under way: halved by a server's "too many", raised again, slowly, by what goes well. Pure.
 */
export interface ConcurrencyLimit {
  /** Requests at a time, 1 and up. */
  readonly size: number;
  /** Notes delivered since it changed last. */
  readonly successes: number;
}

/** Notes that must be delivered before one more request is allowed. A server that throttles takes about 30 a minute. */
export const successesToGrow = 20;

/** Half as many at a time, and never none. */
export function shrink({ size }: ConcurrencyLimit): ConcurrencyLimit {
  return { size: Math.max(1, Math.floor(size / 2)), successes: 0 };
}

/** One more note was delivered. */
export function grow({ size, successes }: ConcurrencyLimit, most: number): ConcurrencyLimit {
  if (size >= most) return { size: most, successes: 0 };
  return successes + 1 < successesToGrow ? { size, successes: successes + 1 } : { size: size + 1, successes: 0 };
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

/** The lanes and endpoints of which there is something to remember: a fleet has many mailboxes, of which few are at work. */
export class LaneTable {
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

  /** That lane, which is fresh when nothing is remembered of it. */
  lane(name: string): Lane {
    let lane = this.#lanes.get(name);
    if (lane === undefined) {
      const endpoint = this.#endpoint(this.#endpointOf(name));
      lane = { name, endpoint, circuit: new Circuit(), inFlight: 0, limit: { size: this.#concurrency, successes: 0 } };
      this.#lanes.set(name, lane);
      endpoint.lanes.set(name, lane);
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
    if (old.lanes.size === 0 && !old.oneByOne) this.#endpoints.delete(old.name);
    lane.endpoint = this.#endpoint(name);
    lane.endpoint.lanes.set(lane.name, lane);
    lane.circuit.retryNow(now);
  }

  /** Forgets a lane of which there is nothing to remember. */
  forgetIdle(lane: Lane, now: number): void {
    const { endpoint } = lane;
    const isIdle = lane.inFlight === 0 && lane.limit.size === this.#concurrency;
    if (!isIdle || !lane.circuit.isFresh(now) || endpoint.circuit.openSince !== undefined) return;
    this.#lanes.delete(lane.name);
    endpoint.lanes.delete(lane.name);
    if (endpoint.lanes.size === 0 && endpoint.circuit.isFresh(now) && !endpoint.oneByOne) this.#endpoints.delete(endpoint.name);
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
