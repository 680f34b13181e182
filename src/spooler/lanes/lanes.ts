import type { Clock } from '../../core/clock.ts';
import type { Reason } from '../../spool/contract.ts';
import type { DeliveryOutcome, ProbeResult, Scope } from '../../transport/contract.ts';
import type { SpoolerSettings } from '../options.ts';
import { reasonOf, toldByProbe } from '../outcome.ts';
import { backOff, obey } from '../retry.ts';
import type { Obstacle } from './circuit.ts';
import { grow, type Lane, LaneTable, shrink } from './lane.ts';
import { type LaneStanding, type Obstacles, obstaclesOf, standingOf } from './obstacles.ts';

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

/** Lanes of which one batch may be tried, a probe or a delivery first. */
export interface Trial {
  readonly lanes: readonly string[];
  readonly first: 'probe' | 'deliver';
}

/** ms. */
const betweenRelocations = 1_000;

/**
 * Which mailboxes may be worked on now. A lane is a sender's mailbox, with its concurrency and its circuit; lanes of one endpoint share that endpoint's circuit.
 * One bad mailbox never holds up the others.
 */
export class Lanes {
  readonly #context: LanesContext;
  readonly #table: LaneTable;
  #relocatedAt = Number.NEGATIVE_INFINITY;

  constructor(context: LanesContext) {
    this.#context = context;
    this.#table = new LaneTable(context.options.concurrencyPerMailbox, context.endpointOf);
  }

  /** `open`: batches; `trial`: one batch, to find out; `closed`: nothing. */
  admission(name: string): 'open' | 'trial' | 'closed' {
    return this.#admission(this.#table.lane(name), this.#now());
  }

  /** Lanes that a claim for batches leaves out. */
  notOpen(): string[] {
    return this.#names((admission) => admission !== 'open');
  }

  /** Lanes that nothing can be claimed of now. */
  shut(): string[] {
    return this.#names((admission) => admission === 'closed');
  }

  /** What may be tried now: of an endpoint that was out of reach one lane, of others each. */
  trials(): Trial[] {
    const now = this.#now();
    this.#relocate(now);
    const trials: Trial[] = [];
    for (const { circuit, lanes } of this.#table.endpoints) {
      if (circuit.admits(now) === 'none') continue;
      const ready = [...lanes.values()].filter((lane) => this.#admission(lane, now) === 'trial');
      if (ready.length === 0) continue;
      if (circuit.openSince === undefined) {
        for (const lane of ready) trials.push({ lanes: [lane.name], first: lane.circuit.nextTrial });
      } else trials.push({ lanes: ready.map(({ name }) => name), first: circuit.nextTrial });
    }
    return trials;
  }

  /**
   * Notes that a claim may take of each lane, when it may take `room` in all: a batch each while many mailboxes are at work, several at once of few, as many as
   * each of them may have under way.
   */
  notesPerLane(room: number): number {
    const { notesPerClaim, concurrencyPerMailbox } = this.#context.options;
    const now = this.#now();
    // No list of arguments: after an outage all mailboxes of a fleet may be known.
    let free = concurrencyPerMailbox;
    for (const lane of this.#table.lanes) {
      if (this.#admission(lane, now) === 'open') free = Math.min(free, lane.limit.size - lane.inFlight);
    }
    const most = notesPerClaim * free;
    return this.#table.size === 0 ? notesPerClaim : Math.max(notesPerClaim, Math.min(most, Math.floor(room / this.#table.size)));
  }

  /** A batch of that lane begins; the function returned ends it. */
  begin(name: string, kind: 'probe' | 'deliver'): () => void {
    const lane = this.#table.lane(name);
    this.#table.relocate(lane, this.#now());
    const circuits = [lane.circuit, lane.endpoint.circuit];
    lane.inFlight += 1;
    const isTrial = circuits.some(({ openSince }) => openSince !== undefined);
    for (const circuit of circuits) circuit.begin(kind);
    return () => {
      lane.inFlight -= 1;
      if (isTrial) for (const circuit of circuits) circuit.endTrial();
      this.#table.forgetIdle(lane, this.#now());
    };
  }

  /** Takes in what an outcome says of lane and endpoint. `startedAt` (monotonic) keeps many failures of one moment from counting as many. */
  record(name: string, outcome: DeliveryOutcome, startedAt: number): void {
    const lane = this.#table.lane(name);
    switch (outcome.status) {
      case 'delivered':
        lane.limit = grow(lane.limit, this.#context.options.concurrencyPerMailbox);
        this.#worked(lane, startedAt, true);
        return;
      case 'rejected':
        if (outcome.scope === 'note') this.#worked(lane, startedAt, false);
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

  /** The same for a probe. One that was answered passed the login; whether the mailbox may send, only sending tells. */
  recordProbe(name: string, result: ProbeResult, startedAt: number): void {
    if (result.status === 'unknown') this.record(name, toldByProbe(result), startedAt);
    else this.#worked(this.#table.lane(name), startedAt, false);
  }

  /** That lane's server kept the copy of a note whose request it had answered with an error. */
  keptCopyAfterFault(name: string): void {
    this.#table.lane(name).endpoint.oneByOne = true;
  }

  /** Whether that lane's server gets one note a request. */
  isOneByOne(name: string): boolean {
    return this.#table.lane(name).endpoint.oneByOne;
  }

  /** Whether a batch of that lane that is under way may go on. */
  mayGoOn(name: string): boolean {
    const { circuit, endpoint } = this.#table.lane(name);
    const now = this.#now();
    return circuit.admits(now) !== 'none' && endpoint.circuit.admits(now) !== 'none';
  }

  /** ms until a lane or endpoint that is shut may be tried; `undefined` when none waits for that. */
  nextChange(): number | undefined {
    const now = this.#now();
    let next: number | undefined;
    for (const { circuit } of [...this.#table.lanes, ...this.#table.endpoints]) {
      const time = circuit.nextChange(now);
      if (time !== undefined) next = Math.min(next ?? time, time);
    }
    return next === undefined ? undefined : next - now;
  }

  /** What is closed may be tried now: that lane and its endpoint, or all. */
  retryNow(name?: string): void {
    const now = this.#now();
    for (const lane of this.#table.lanes) {
      if (name !== undefined && lane.name !== name) continue;
      lane.circuit.retryNow(now);
      lane.endpoint.circuit.retryNow(now);
    }
  }

  /** What keeps a lane from being worked on, if anything does. */
  standing(name: string): LaneStanding | undefined {
    const lane = this.#table.known(name);
    return lane === undefined ? undefined : standingOf(lane, this.#now());
  }

  /** Every blocked mailbox and every open circuit. */
  obstacles(): Obstacles {
    const now = this.#now();
    return {
      blocked: obstaclesOf(this.#table.lanes, 'lane', 'mailbox-blocked', now),
      unavailable: [...this.#table.endpoints].flatMap((one) =>
        obstaclesOf([one], 'endpoint', 'endpoint-unavailable', now).map((open) => ({ ...open, lanes: [...one.lanes.keys()] })),
      ),
    };
  }

  /** Lanes that can't be used, and for how long they couldn't, in ms. Once a trial has failed, whatever has expired has waited in vain: since ever. */
  closedLanes(): { lane: string; closedFor: number }[] {
    const now = this.#now();
    return [...this.#table.lanes].flatMap(({ name, circuit, endpoint }) => {
      const since = Math.min(circuit.openSince ?? now, endpoint.circuit.openSince ?? now);
      const isOpen = circuit.openSince !== undefined || endpoint.circuit.openSince !== undefined;
      const trialFailed = circuit.trialFailed || endpoint.circuit.trialFailed;
      return isOpen ? [{ lane: name, closedFor: trialFailed ? Number.MAX_SAFE_INTEGER : now - since }] : [];
    });
  }

  /** Looks whether mailboxes that can't be worked on have moved. Not at every round: a fleet may have many of them. */
  #relocate(now: number): void {
    if (now - this.#relocatedAt < betweenRelocations) return;
    this.#relocatedAt = now;
    for (const lane of [...this.#table.lanes]) {
      if (lane.circuit.openSince !== undefined || lane.endpoint.circuit.openSince !== undefined) this.#table.relocate(lane, now);
    }
  }

  #worked(lane: Lane, startedAt: number, delivery: boolean): void {
    const request = { now: this.#now(), startedAt, delivery };
    if (lane.endpoint.circuit.worked(request)) this.#context.observer.available(lane.endpoint.name);
    if (lane.circuit.worked(request)) this.#context.observer.resumed(lane.name);
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
    if (!target.circuit.failed({ now: this.#now(), startedAt, obstacle, reason, retryIn: () => retryIn })) return;
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
      if (isNews && outcome.status === 'deferred') lane.limit = shrink(lane.limit);
      return;
    }
    const { circuit, name } = lane.endpoint;
    const isFirst = circuit.openSince === undefined;
    const notBefore = now + obey(outcome.retryAfter, 0, options.retry.maxServerBackOff);
    const reason = reasonOf(outcome.error);
    const isNews = circuit.failed({ now, startedAt, obstacle: 'connection', reason, retryIn, notBefore });
    if (isNews && isFirst) observer.unavailable(name, reason, (circuit.nextChange(now) ?? now) - now);
  }

  /** Nothing was tried, for a reason that is not the server's: a moment later it may be. */
  #pause({ circuit }: Lane, retryAfter: number | undefined): void {
    circuit.pause(this.#now() + obey(retryAfter, 1_000, this.#context.options.retry.maxServerBackOff));
  }

  #wait(retryAfter: number | undefined, failures: number): number {
    const { options, random } = this.#context;
    return obey(
      retryAfter,
      backOff({ first: options.retry.initialDelay, cap: options.retry.maxDelay }, failures, random),
      options.retry.maxServerBackOff,
    );
  }

  #admission({ circuit, endpoint, inFlight, limit }: Lane, now: number): 'open' | 'trial' | 'closed' {
    if (inFlight >= limit.size) return 'closed';
    const own = circuit.admits(now);
    const shared = endpoint.circuit.admits(now);
    if (own === 'none' || shared === 'none') return 'closed';
    return own === 'all' && shared === 'all' ? 'open' : 'trial';
  }

  #names(matches: (admission: 'open' | 'trial' | 'closed') => boolean): string[] {
    const now = this.#now();
    return [...this.#table.lanes].flatMap((lane) => (matches(this.#admission(lane, now)) ? [lane.name] : []));
  }

  #now(): number {
    return this.#context.clock.monotonic();
  }
}
