import { whenAborted } from '../../../abort.ts';
import type { Clock } from '../../../core/clock.ts';
import { OfflineImError } from '../../../core/errors/offline-im-error.ts';
import type { PgClient } from './pool.ts';

/** Something was left off while the database had yet to answer. */
export class GivenUp extends OfflineImError {}

/** The time for something is over. */
export class NoAnswer extends GivenUp {
  constructor(deadline: number) {
    const text = `PostgreSQL, or the pool, gave no answer within ${Math.ceil(deadline)} ms; it was given up. What had been accepted is still there.`;
    super('SPOOL_FAILED', text);
  }
}

/** How long something may take. */
export interface LimitOptions {
  /** ms until {@link NoAnswer}. */
  readonly deadline: number;
  /** Ends it before that, with its reason, which is a {@link GivenUp}. */
  readonly signal?: AbortSignal | undefined;
  readonly clock: Pick<Clock, 'setTimer'>;
}

/** Bounds what is done together, one wait after the other: a server that vanished, or a pool without connections, says nothing. */
export class Limit {
  readonly #clock: Pick<Clock, 'setTimer'>;
  readonly #over = Promise.withResolvers<never>();
  readonly #forget: () => void;
  #cancel: () => void;
  #reason: unknown;

  constructor({ deadline, signal, clock }: LimitOptions) {
    this.#clock = clock;
    // It may come to an end while nobody waits.
    this.#over.promise.catch(() => undefined);
    this.#cancel = this.#after(deadline);
    this.#forget = whenAborted(signal, () => this.#giveUp(signal?.reason));
  }

  /** Waits for `work`, but no longer than this. */
  within<Value>(work: Promise<Value>): Promise<Value> {
    return Promise.race([this.#over.promise, work]);
  }

  /** A connection that is not ours to close: once this is over, nothing more is asked of it. */
  guard(client: PgClient): PgClient {
    return { query: async (query) => this.within(this.#reason === undefined ? client.query(query) : this.#over.promise) };
  }

  /** From now on it may take that long. */
  extend(deadline: number): void {
    this.#cancel();
    this.#cancel = this.#after(deadline);
  }

  /** It was done in time. */
  end(): void {
    this.#cancel();
    this.#forget();
  }

  #after(deadline: number): () => void {
    return this.#clock.setTimer(() => this.#giveUp(new NoAnswer(deadline)), deadline);
  }

  #giveUp(reason: unknown): void {
    this.#reason ??= reason;
    this.#over.reject(reason);
  }
}
