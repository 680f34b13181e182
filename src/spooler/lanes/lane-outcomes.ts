import type { Clock } from '../../core/clock.ts';
import type { Reason } from '../../spool/contract.ts';
import type { DeliveryOutcome, Scope } from '../../transport/contract.ts';
import type { SpoolerSettings } from '../options.ts';
import { reasonOf } from '../outcome.ts';
import { backOff, obey } from '../retry.ts';
import type { Obstacle } from './circuit.ts';
import { grow, type LaneTable, shrink } from './lane.ts';
import type { Lane } from './lane-state.ts';

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
    const now = this.#now();
    const request = { now, startedAt, delivery };
    const { endpoint } = lane;
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
