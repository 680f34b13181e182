import type { Clock } from '../../core/clock.ts';
import type { EventReason } from '../../observability/events.ts';
import type { DeliveryOutcome, Scope } from '../../transport/contract.ts';
import type { SpoolerSettings } from '../options.ts';
import { reasonOf } from '../outcome.ts';
import { backOff, obey } from '../retry.ts';
import { grow, shrink, type Window } from './circuit.ts';

/** What lanes report; the spooler passes it on as events. */
export interface LaneObserver {
  blocked(lane: string, reason: EventReason, retryIn: number): void;
  resumed(lane: string): void;
  unavailable(endpoint: string, reason: EventReason, retryIn: number): void;
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

/** A lane or endpoint that can't be used now. Times are monotonic. */
interface Closed {
  readonly since: number;
  /** When it was last found to be closed: what began before says nothing new. */
  readonly last: number;
  /** Until when the server asked to be left alone. */
  notBefore: number;
  nextTrial: number;
  trying: boolean;
}

interface Lane {
  readonly name: string;
  readonly endpoint: string;
  inFlight: number;
  failures: number;
  lastFailure: number;
  notBefore: number;
  window: Window;
  closed: Closed | undefined;
}

interface Endpoint {
  readonly name: string;
  readonly lanes: Set<string>;
  failures: number;
  closed: Closed | undefined;
}

/**
 * Which mailboxes may be worked on now. A lane is a sender's mailbox, with its concurrency, its back-off and its block; lanes of one endpoint share a
 * circuit, which connection failures open and a single trial closes. One bad mailbox never holds up the others.
 */
export class Lanes {
  readonly #context: LanesContext;
  readonly #lanes = new Map<string, Lane>();
  readonly #endpoints = new Map<string, Endpoint>();

  constructor(context: LanesContext) {
    this.#context = context;
  }

  /** `open`: batches; `trial`: one note, to find out; `closed`: nothing. */
  admission(name: string): 'open' | 'trial' | 'closed' {
    const now = this.#context.clock.monotonic();
    const lane = this.#lane(name);
    if (now < lane.notBefore || lane.inFlight >= lane.window.size) return 'closed';
    const gates = [lane.closed, this.#endpoint(lane.endpoint).closed].filter((one) => one !== undefined);
    if (gates.some((one) => one.trying || now < one.nextTrial)) return 'closed';
    return gates.length > 0 ? 'trial' : 'open';
  }

  /** Lanes that a claim for batches leaves out. */
  notOpen(): string[] {
    return [...this.#lanes.keys()].filter((name) => this.admission(name) !== 'open');
  }

  /** Lanes that nothing can be claimed of now. */
  shut(): string[] {
    return [...this.#lanes.keys()].filter((name) => this.admission(name) === 'closed');
  }

  /** Groups of lanes of which one note may be tried. */
  trials(): string[][] {
    const groups: string[][] = [];
    for (const endpoint of this.#endpoints.values()) {
      const ready = [...endpoint.lanes].filter((name) => this.admission(name) === 'trial');
      if (endpoint.closed !== undefined) groups.push(ready);
      else groups.push(...ready.map((name) => [name]));
    }
    return groups.filter((group) => group.length > 0);
  }

  /**
   * Notes that a claim may take of each lane, when it may take `room` in all: a batch each while many mailboxes are at work, several at once of few, as many as
   * each of them may have under way.
   */
  share(room: number): number {
    const { notesPerClaim, concurrencyPerMailbox } = this.#context.options;
    // No list of arguments: after an outage all mailboxes of a fleet may be known.
    let free = concurrencyPerMailbox;
    for (const [name, { window, inFlight }] of this.#lanes) {
      if (this.admission(name) === 'open') free = Math.min(free, window.size - inFlight);
    }
    const most = notesPerClaim * free;
    return this.#lanes.size === 0 ? notesPerClaim : Math.max(notesPerClaim, Math.min(most, Math.floor(room / this.#lanes.size)));
  }

  /** A batch of that lane begins; the function returned ends it. */
  begin(name: string): () => void {
    const lane = this.#lane(name);
    lane.inFlight += 1;
    const gates = [lane.closed, this.#endpoint(lane.endpoint).closed];
    for (const gate of gates) if (gate !== undefined) gate.trying = true;
    const isTrial = gates.some((gate) => gate !== undefined);
    return () => {
      lane.inFlight -= 1;
      // Not the gates of the beginning: a trial that failed has closed lane or endpoint anew.
      const now = isTrial ? [lane.closed, this.#endpoint(lane.endpoint).closed] : [];
      for (const gate of now) if (gate !== undefined) gate.trying = false;
      this.#forgetIdle(lane);
    };
  }

  /** Takes in what an outcome says of lane and endpoint. `startedAt` (monotonic) keeps many failures of one moment from counting as many. */
  record(name: string, outcome: DeliveryOutcome, startedAt: number): void {
    switch (outcome.status) {
      case 'delivered': {
        const lane = this.#lane(name);
        lane.window = grow(lane.window, this.#context.options.concurrencyPerMailbox);
        this.#works(name, startedAt);
        return;
      }
      case 'rejected':
        if (outcome.scope === 'note') this.#works(name, startedAt);
        else this.#block(name, outcome.scope, reasonOf(outcome.error), startedAt);
        return;
      case 'blocked':
        this.#block(name, outcome.scope === 'note' ? 'mailbox' : outcome.scope, reasonOf(outcome.error), startedAt);
        return;
      case 'deferred':
      case 'unconfirmed':
        if (outcome.scope !== 'note') this.#delay(name, outcome.scope, outcome, startedAt);
        else if (outcome.error.code === 'NOT_ATTEMPTED') this.#pause(name, outcome.retryAfter);
        return;
    }
  }

  /** ms until a lane or endpoint that is shut may be tried; `undefined` when none waits for that. */
  nextChange(): number | undefined {
    const now = this.#context.clock.monotonic();
    let next: number | undefined;
    const consider = (time: number | undefined): void => {
      if (time !== undefined && time > now) next = Math.min(next ?? time, time);
    };
    for (const lane of this.#lanes.values()) {
      consider(lane.notBefore);
      consider(lane.closed?.nextTrial);
    }
    for (const endpoint of this.#endpoints.values()) consider(endpoint.closed?.nextTrial);
    return next === undefined ? undefined : next - now;
  }

  /** What is closed may be tried now: that lane and its endpoint, or all. */
  retryNow(name?: string): void {
    const now = this.#context.clock.monotonic();
    for (const lane of this.#lanes.values()) {
      if (name !== undefined && lane.name !== name) continue;
      lane.notBefore = Math.min(lane.notBefore, now);
      for (const gate of [lane.closed, this.#endpoint(lane.endpoint).closed]) if (gate !== undefined) gate.nextTrial = now;
    }
  }

  /** Lanes that can't be used, and for how long they couldn't, in ms. */
  closedLanes(): { lane: string; closedFor: number }[] {
    const now = this.#context.clock.monotonic();
    return [...this.#lanes.values()].flatMap((lane) => {
      const since = [lane.closed?.since, this.#endpoint(lane.endpoint).closed?.since].filter((one) => one !== undefined);
      return since.length === 0 ? [] : [{ lane: lane.name, closedFor: now - Math.min(...since) }];
    });
  }

  /** A server that answers a probe is there; whether the mailbox may send, only sending tells. */
  answered(name: string, startedAt: number): void {
    this.#reopen(this.#endpoint(this.#lane(name).endpoint), startedAt);
  }

  #works(name: string, startedAt: number): void {
    const lane = this.#lane(name);
    lane.failures = 0;
    this.#reopen(this.#endpoint(lane.endpoint), startedAt);
    if (lane.closed !== undefined) {
      lane.closed = undefined;
      this.#context.observer.resumed(lane.name);
    }
  }

  #reopen(endpoint: Endpoint, startedAt: number): void {
    const { closed } = endpoint;
    // What was on its way before takes nothing back of a time that the server has named since.
    if (closed !== undefined && startedAt < closed.last && this.#context.clock.monotonic() < closed.notBefore) return;
    endpoint.failures = 0;
    if (closed === undefined) return;
    endpoint.closed = undefined;
    this.#context.observer.available(endpoint.name);
  }

  #block(name: string, scope: Exclude<Scope, 'note'>, reason: EventReason, startedAt: number): void {
    const lane = this.#lane(name);
    const target = scope === 'mailbox' ? lane : this.#endpoint(lane.endpoint);
    if (target.closed !== undefined && startedAt <= target.closed.last) return;
    const retryIn = this.#context.options.retry.blockedInterval;
    this.#close(target, retryIn);
    if (scope === 'mailbox') this.#context.observer.blocked(lane.name, reason, retryIn);
    else this.#context.observer.unavailable(lane.endpoint, reason, retryIn);
  }

  #delay(
    name: string,
    scope: Exclude<Scope, 'note'>,
    outcome: Extract<DeliveryOutcome, { retryAfter?: number }>,
    startedAt: number,
  ): void {
    const { clock } = this.#context;
    const lane = this.#lane(name);
    if (scope === 'mailbox') {
      if (startedAt > lane.lastFailure) {
        lane.failures += 1;
        // "Busy" is an answer to how much was asked at a time; a time-out need not be.
        if (outcome.status === 'deferred') lane.window = shrink(lane.window);
      }
      lane.lastFailure = clock.monotonic();
      const wait = this.#wait(outcome.retryAfter, lane.failures);
      lane.notBefore = Math.max(lane.notBefore, clock.monotonic() + wait);
      return;
    }
    const endpoint = this.#endpoint(lane.endpoint);
    // A failure of a request that was begun before the circuit opened says nothing new, but a longer back-off is obeyed.
    const late = endpoint.closed !== undefined && startedAt <= endpoint.closed.last;
    if (!late) endpoint.failures += 1;
    const wait = this.#wait(outcome.retryAfter, endpoint.failures);
    const notBefore = clock.monotonic() + obey(outcome.retryAfter, 0, this.#context.options.retry.maxServerBackOff);
    if (late && endpoint.closed !== undefined) {
      endpoint.closed.notBefore = Math.max(endpoint.closed.notBefore, notBefore);
      endpoint.closed.nextTrial = Math.max(endpoint.closed.nextTrial, notBefore);
      return;
    }
    const first = endpoint.closed === undefined;
    this.#close(endpoint, wait, notBefore);
    if (first) this.#context.observer.unavailable(endpoint.name, reasonOf(outcome.error), wait);
  }

  /** Nothing was tried, for a reason that is not the server's: a moment later it may be. */
  #pause(name: string, retryAfter: number | undefined): void {
    const lane = this.#lane(name);
    const wait = obey(retryAfter, 1_000, this.#context.options.retry.maxServerBackOff);
    lane.notBefore = Math.max(lane.notBefore, this.#context.clock.monotonic() + wait);
  }

  #wait(retryAfter: number | undefined, failures: number): number {
    const { options, random } = this.#context;
    return obey(
      retryAfter,
      backOff({ first: options.retry.initialDelay, cap: options.retry.maxDelay }, failures, random),
      options.retry.maxServerBackOff,
    );
  }

  #close(target: Lane | Endpoint, retryIn: number, notBefore = Number.NEGATIVE_INFINITY): void {
    const now = this.#context.clock.monotonic();
    // A trial is under way until its batch ends, also when it has failed already.
    const { since = now, trying = false } = target.closed ?? {};
    target.closed = { since, last: now, notBefore, nextTrial: now + retryIn, trying };
  }

  #lane(name: string): Lane {
    let lane = this.#lanes.get(name);
    if (lane === undefined) {
      const endpoint = this.#context.endpointOf(name);
      const window = { size: this.#context.options.concurrencyPerMailbox, successes: 0 };
      const lastFailure = Number.NEGATIVE_INFINITY;
      lane = { name, endpoint, inFlight: 0, failures: 0, lastFailure, notBefore: 0, window, closed: undefined };
      this.#lanes.set(name, lane);
      this.#endpoint(endpoint).lanes.add(name);
    }
    return lane;
  }

  /** A lane of which there is nothing to remember: a fleet has many mailboxes, of which few are at work. */
  #forgetIdle(lane: Lane): void {
    const endpoint = this.#endpoint(lane.endpoint);
    const idle =
      lane.inFlight === 0 &&
      lane.failures === 0 &&
      lane.closed === undefined &&
      lane.window.size === this.#context.options.concurrencyPerMailbox &&
      lane.notBefore <= this.#context.clock.monotonic();
    if (!idle || endpoint.closed !== undefined) return;
    this.#lanes.delete(lane.name);
    endpoint.lanes.delete(lane.name);
    if (endpoint.lanes.size === 0 && endpoint.failures === 0) this.#endpoints.delete(endpoint.name);
  }

  #endpoint(name: string): Endpoint {
    let endpoint = this.#endpoints.get(name);
    if (endpoint === undefined) {
      endpoint = { name, lanes: new Set(), failures: 0, closed: undefined };
      this.#endpoints.set(name, endpoint);
    }
    return endpoint;
  }
}
