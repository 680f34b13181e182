import type { DeliveryOutcome, ProbeResult } from '../../transport/contract.ts';
import { toldByProbe } from '../outcome.ts';
import type { Lane } from './circuit.ts';
import { LaneOutcomes, type LanesContext, LaneTable } from './lane.ts';
import { type LaneStanding, type Obstacles, obstaclesOf, standingOf } from './obstacles.ts';

/** Lanes of which one batch may be tried, a probe or a delivery first. */
export interface Trial {
  readonly lanes: readonly string[];
  readonly first: 'probe' | 'deliver';
}

/** ms. */
const betweenRelocations = 1_000;
/** Blocked mailboxes that are tried in one round. */
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
  /** Where the look for lanes that have moved goes on. */
  #toLookAt: Iterator<Lane> | undefined;

  constructor(context: LanesContext) {
    this.#context = context;
    this.#table = new LaneTable(context.options.concurrencyPerMailbox, context.endpointOf);
    this.#outcomes = new LaneOutcomes(context, this.#table);
  }

  /** `open`: batches; `trial`: one batch, to find out; `closed`: nothing. */
  admission(name: string): 'open' | 'trial' | 'closed' {
    return this.#admission(this.#lane(name), this.#now());
  }

  /** Whether work on something new of that lane may begin: not while it is closed, whose end wakes the loop in any case. */
  mayBegin(name: string): boolean {
    const { admissions } = this.#table;
    const now = this.#advance();
    let lane = this.#table.lanes.get(name);
    if (lane !== undefined) this.#table.relocate(lane, now);
    else {
      // A new lane of an endpoint that is out of reach is remembered at once, so that nothing is claimed of it in vain.
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

  /** Lanes that nothing can be claimed of now. */
  shut(): readonly string[] {
    this.#advance();
    return this.#table.admissions.closed();
  }

  /** What may be tried now: of an endpoint that was out of reach one lane, of others each. */
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
      // Whether its endpoint answers is found out first.
      if (lane.endpoint.circuit.openSince !== undefined || this.#admission(lane, now) !== 'trial') lanes.putOff(lane, now);
      else if (single++ < trialsAtOnce) trials.push({ lanes: [lane.name], first: lane.circuit.nextTrial });
      else break;
    }
    return trials;
  }

  /** Nothing of these lanes was due: they are not asked for again before there may be. */
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

  /** Something may be due by now of what {@link putOff} put off. */
  tryAgain(): void {
    this.#table.admissions.lanes.tryAllAgain();
    this.#table.admissions.endpoints.tryAllAgain();
  }

  /**
   * Notes that a claim may take of each lane, when it may take `room` in all: a batch each while many mailboxes are at work, several at once of few, as many as
   * each of them may have under way.
   */
  notesPerLane(room: number): number {
    const { notesPerClaim, concurrencyPerMailbox } = this.#context.options;
    const { lanes, admissions } = this.#table;
    const most = notesPerClaim * admissions.leastFree(concurrencyPerMailbox);
    return lanes.size === 0 ? notesPerClaim : Math.max(notesPerClaim, Math.min(most, Math.floor(room / lanes.size)));
  }

  /** A batch of that lane begins; the function returned ends it. */
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

  /** Takes in what an outcome says of lane and endpoint. `startedAt` (monotonic) keeps many failures of one moment from counting as many. */
  record(name: string, outcome: DeliveryOutcome, startedAt: number): void {
    this.#outcomes.record(this.#lane(name), outcome, startedAt);
  }

  /** The same for a probe. One that was answered passed the login; whether the mailbox may send, only sending tells. */
  recordProbe(name: string, result: ProbeResult, startedAt: number): void {
    if (result.status === 'unknown') this.record(name, toldByProbe(result), startedAt);
    else this.#outcomes.worked(this.#lane(name), startedAt, false);
  }

  /** That lane's server kept the copy of a note whose request it had answered with an error. */
  keptCopyAfterFault(name: string): void {
    this.#lane(name).endpoint.oneByOne = true;
  }

  /** Whether that lane's server gets one note a request. */
  isOneByOne(name: string): boolean {
    return this.#lane(name).endpoint.oneByOne;
  }

  /** Whether a batch of that lane that is under way may go on. */
  mayGoOn(name: string): boolean {
    const { circuit, endpoint } = this.#lane(name);
    const now = this.#now();
    return circuit.admits(now) !== 'none' && endpoint.circuit.admits(now) !== 'none';
  }

  /** ms until a lane or endpoint that is shut may be tried; `undefined` when none waits for that. */
  nextChange(): number | undefined {
    const now = this.#advance();
    const { lanes, endpoints } = this.#table.admissions;
    const next = Math.min(
      lanes.nextChange(now) ?? Number.POSITIVE_INFINITY,
      endpoints.nextChange(now) ?? Number.POSITIVE_INFINITY,
    );
    return next === Number.POSITIVE_INFINITY ? undefined : next;
  }

  /** What is closed may be tried now: that lane and its endpoint, or all. */
  retryNow(name?: string): void {
    const now = this.#now();
    const named = name === undefined ? undefined : this.#table.lanes.get(name);
    for (const lane of name === undefined ? this.#table.lanes.values() : named === undefined ? [] : [named]) {
      lane.circuit.retryNow(now);
      lane.endpoint.circuit.retryNow(now);
      this.#table.changed(lane, this.#now());
    }
  }

  /** What keeps a lane from being worked on, if anything does. */
  standing(name: string): LaneStanding | undefined {
    const lane = this.#table.lanes.get(name);
    return lane === undefined ? undefined : standingOf(lane, this.#now());
  }

  /** Every blocked mailbox and every open circuit. */
  obstacles(): Obstacles {
    const now = this.#now();
    return {
      blocked: obstaclesOf(this.#table.lanes.values(), 'lane', 'mailbox-blocked', now),
      unavailable: [...this.#table.endpoints].flatMap((one) =>
        obstaclesOf([one], 'endpoint', 'endpoint-unavailable', now).map((open) => ({ ...open, lanes: [...one.lanes.keys()] })),
      ),
    };
  }

  /** Lanes that can't be used, and for how long they couldn't, in ms. Once a trial has failed, whatever has expired has waited in vain: since ever. */
  closedLanes(): { lane: string; closedFor: number }[] {
    const now = this.#now();
    return [...this.#table.lanes.values()].flatMap(({ name, circuit, endpoint }) => {
      const since = Math.min(circuit.openSince ?? now, endpoint.circuit.openSince ?? now);
      const isOpen = circuit.openSince !== undefined || endpoint.circuit.openSince !== undefined;
      const trialFailed = circuit.trialFailed || endpoint.circuit.trialFailed;
      return isOpen ? [{ lane: name, closedFor: trialFailed ? Number.MAX_SAFE_INTEGER : now - since }] : [];
    });
  }

  /** Looks whether mailboxes that can't be worked on have moved, some at a time: a fleet may have many of them. */
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

  /** The time, whose changes are taken in. */
  #advance(): number {
    const now = this.#now();
    this.#table.admissions.advance(now);
    return now;
  }

  #now(): number {
    return this.#context.clock.monotonic();
  }
}
