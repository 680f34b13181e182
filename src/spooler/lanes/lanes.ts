import type { DeliveryOutcome, ProbeResult } from '../../transport/contract.ts';
import { toldByProbe } from '../outcome.ts';
import type { Lane } from './circuit.ts';
import { LaneOutcomes, type LanesContext, LaneTable } from './lane.ts';
import { type LaneStanding, type Obstacles, obstaclesOf, standingOf } from './obstacles.ts';

/** Lanes of which one batch may be tried; `first`: the kind that is claimed first. */
export interface Trial {
  readonly lanes: readonly string[];
  readonly first: 'probe' | 'deliver';
}

/** ms between two checks for mailboxes that have moved. */
const betweenRelocations = 1_000;
/** The most blocked mailboxes that are tried in one round. */
const trialsAtOnce = 100;

/**
 * Which mailboxes may be worked on now. A lane is a sender's mailbox, with its concurrency and its circuit; lanes of one endpoint share that endpoint's circuit.
 * One bad mailbox never holds up the others.
 */
export class Lanes {
  readonly #context: LanesContext;
  readonly #table: LaneTable;
  readonly #outcomes: LaneOutcomes;
  #relocatedAt = Number.NEGATIVE_INFINITY;
  /** Where the next check for moved mailboxes continues. */
  #toLookAt: Iterator<Lane> | undefined;

  constructor(context: LanesContext) {
    this.#context = context;
    this.#table = new LaneTable(context.options.concurrencyPerMailbox, context.endpointOf);
    this.#outcomes = new LaneOutcomes(context, this.#table);
  }

  /** What a lane admits now. `open`: batches; `trial`: a single batch, to find out; `closed`: nothing. */
  admission(name: string): 'open' | 'trial' | 'closed' {
    return this.#admission(this.#lane(name), this.#now());
  }

  /** Whether a new entry of a lane may be worked on. If the lane is closed, its opening wakes the loop anyway. */
  mayBegin(name: string): boolean {
    const { admissions } = this.#table;
    const now = this.#advance();
    let lane = this.#table.lanes.get(name);
    if (lane !== undefined) this.#table.relocate(lane, now);
    else {
      // A new lane of an endpoint that is out of reach is remembered right away, so that nothing is claimed of it in vain.
      if (admissions.endpoints.size === 0 || (this.#table.endpointOf(name)?.circuit.admits(now) ?? 'all') === 'all') return true;
      lane = this.#table.lane(name, now);
    }
    admissions.lanes.tryAgain(lane);
    admissions.endpoints.tryAgain(lane.endpoint);
    return this.#admission(lane, now) !== 'closed';
  }

  /** Lanes that a claim for batches leaves out. */
  notOpen(): readonly string[] {
    this.#advance();
    return this.#table.admissions.notOpen();
  }

  /** Lanes of which nothing can be claimed now. */
  shut(): readonly string[] {
    this.#advance();
    return this.#table.admissions.closed();
  }

  /** What may be tried now: one batch per endpoint that was out of reach, and one per blocked lane. */
  trials(): Trial[] {
    const now = this.#advance();
    this.#relocate(now);
    const { lanes, endpoints } = this.#table.admissions;
    const trials: Trial[] = [];
    for (const endpoint of endpoints.trial) {
      const ready = [...endpoint.lanes.values()].flatMap((lane) => (this.#admission(lane, now) === 'trial' ? lane.name : []));
      if (ready.length === 0) endpoints.putOff(endpoint, now);
      else trials.push({ lanes: ready, first: endpoint.circuit.nextTrial });
    }
    let single = 0;
    for (const lane of lanes.trial) {
      // First it must be known whether its endpoint answers.
      if (lane.endpoint.circuit.openSince !== undefined || this.#admission(lane, now) !== 'trial') lanes.putOff(lane, now);
      else if (single++ < trialsAtOnce) trials.push({ lanes: [lane.name], first: lane.circuit.nextTrial });
      else break;
    }
    return trials;
  }

  /** Nothing of these lanes was due: they are not tried again until something may be. */
  putOff(names: readonly string[]): void {
    const now = this.#now();
    const { lanes, endpoints } = this.#table.admissions;
    for (const name of names) {
      const lane = this.#table.lanes.get(name);
      if (lane === undefined) continue;
      lanes.putOff(lane, now);
      endpoints.putOff(lane.endpoint, now);
    }
  }

  /** Lanes that {@link putOff} put off may have something due by now. */
  tryAgain(): void {
    this.#table.admissions.lanes.tryAllAgain();
    this.#table.admissions.endpoints.tryAllAgain();
  }

  /**
   * How many notes a claim for `room` notes may take of each lane: one batch while many mailboxes have requests in flight; while few do, as many batches as each lane may
   * have in flight.
   */
  notesPerLane(room: number): number {
    const { notesPerClaim, concurrencyPerMailbox } = this.#context.options;
    const { lanes, admissions } = this.#table;
    const most = notesPerClaim * admissions.leastFree(concurrencyPerMailbox);
    return lanes.size === 0 ? notesPerClaim : Math.max(notesPerClaim, Math.min(most, Math.floor(room / lanes.size)));
  }

  /** A batch of a lane begins; call the returned function when it ends. */
  begin(name: string, kind: 'probe' | 'deliver'): () => void {
    const { admissions } = this.#table;
    const lane = this.#lane(name);
    this.#table.relocate(lane, this.#now());
    const { endpoint } = lane;
    const circuits = [lane.circuit, endpoint.circuit];
    admissions.count(lane, () => {
      lane.inFlight += 1;
    });
    const isTrial = circuits.some(({ openSince }) => openSince !== undefined);
    if (isTrial) {
      for (const circuit of circuits) circuit.begin(kind);
      this.#table.changed(lane, this.#now());
    }
    return () => {
      admissions.count(lane, () => {
        lane.inFlight -= 1;
      });
      if (isTrial) {
        for (const circuit of circuits) circuit.endTrial();
        this.#table.changed(lane, this.#now());
      }
      this.#table.forgetIdle(lane, this.#now());
    };
  }

  /** Applies an outcome to lane and endpoint. `startedAt` (monotonic) keeps failures of the same moment from counting several times. */
  record(name: string, outcome: DeliveryOutcome, startedAt: number): void {
    this.#outcomes.record(this.#lane(name), outcome, startedAt);
  }

  /** The same for a probe. An answered probe has passed the login; whether the mailbox may send, only sending shows. */
  recordProbe(name: string, result: ProbeResult, startedAt: number): void {
    if (result.status === 'unknown') this.record(name, toldByProbe(result), startedAt);
    else this.#outcomes.worked(this.#lane(name), startedAt, false);
  }

  /** The lane's server kept the copy of a note although it answered the request with an error. */
  keptCopyAfterFault(name: string): void {
    this.#lane(name).endpoint.oneByOne = true;
  }

  /** Whether the lane's server gets one note per request. */
  isOneByOne(name: string): boolean {
    return this.#lane(name).endpoint.oneByOne;
  }

  /** Whether a batch of a lane that has begun may go on. */
  mayGoOn(name: string): boolean {
    const { circuit, endpoint } = this.#lane(name);
    const now = this.#now();
    return circuit.admits(now) !== 'none' && endpoint.circuit.admits(now) !== 'none';
  }

  /** ms until a closed lane or endpoint may be tried; `undefined` if none waits for that. */
  nextChange(): number | undefined {
    const now = this.#advance();
    const { lanes, endpoints } = this.#table.admissions;
    const next = Math.min(
      lanes.nextChange(now) ?? Number.POSITIVE_INFINITY,
      endpoints.nextChange(now) ?? Number.POSITIVE_INFINITY,
    );
    return next === Number.POSITIVE_INFINITY ? undefined : next;
  }

  /** Lets a lane and its endpoint be tried now, or all of them. */
  retryNow(name?: string): void {
    const now = this.#now();
    const named = name === undefined ? undefined : this.#table.lanes.get(name);
    for (const lane of name === undefined ? this.#table.lanes.values() : named === undefined ? [] : [named]) {
      lane.circuit.retryNow(now);
      lane.endpoint.circuit.retryNow(now);
      this.#table.changed(lane, this.#now());
    }
  }

  /** What keeps a lane from being worked on; `undefined` if nothing does. */
  standing(name: string): LaneStanding | undefined {
    const lane = this.#table.lanes.get(name);
    return lane === undefined ? undefined : standingOf(lane, this.#now());
  }

  /** Every blocked mailbox and every open circuit. */
  obstacles(): Obstacles {
    const now = this.#now();
    return {
      blocked: obstaclesOf(this.#table.lanes.values(), 'lane', now),
      unavailable: [...this.#table.endpoints].flatMap((one) =>
        obstaclesOf([one], 'endpoint', now).map((open) => ({ ...open, lanes: [...one.lanes.keys()] })),
      ),
    };
  }

  /** Lanes that can't be used, and for how many ms they couldn't. Once a trial has failed, an expired entry has waited in vain: then it counts as closed all along. */
  closedLanes(): { lane: string; closedFor: number }[] {
    const now = this.#now();
    return [...this.#table.lanes.values()].flatMap(({ name, circuit, endpoint }) => {
      const since = Math.min(circuit.openSince ?? now, endpoint.circuit.openSince ?? now);
      const isOpen = circuit.openSince !== undefined || endpoint.circuit.openSince !== undefined;
      const trialFailed = circuit.trialFailed || endpoint.circuit.trialFailed;
      return isOpen ? [{ lane: name, closedFor: trialFailed ? Number.MAX_SAFE_INTEGER : now - since }] : [];
    });
  }

  /** Checks whether closed mailboxes have moved, some at a time, since a fleet may have many. */
  #relocate(now: number): void {
    if (now - this.#relocatedAt < betweenRelocations) return;
    this.#relocatedAt = now;
    for (let rest = 64 + this.#table.lanes.size / 8; rest > 0; rest--) {
      this.#toLookAt ??= this.#table.lanes.values();
      const { value: lane, done } = this.#toLookAt.next();
      if (done === true) {
        this.#toLookAt = undefined;
        break;
      }
      if (lane.circuit.openSince !== undefined || lane.endpoint.circuit.openSince !== undefined) this.#table.relocate(lane, now);
    }
  }

  #admission({ circuit, endpoint, inFlight, limit }: Lane, now: number): 'open' | 'trial' | 'closed' {
    if (inFlight >= limit.size) return 'closed';
    const own = circuit.admits(now);
    const shared = endpoint.circuit.admits(now);
    if (own === 'none' || shared === 'none') return 'closed';
    return own === 'all' && shared === 'all' ? 'open' : 'trial';
  }

  #lane(name: string): Lane {
    return this.#table.lane(name, this.#now());
  }

  /** The time now, after applying what it changes. */
  #advance(): number {
    const now = this.#now();
    this.#table.admissions.advance(now);
    return now;
  }

  #now(): number {
    return this.#context.clock.monotonic();
  }
}
