import { type Clock, whenAborted } from '../../../core/clock.ts';
import { OfflineImError } from '../../../core/errors/offline-im-error.ts';
import type { PgClient, PgPool, PgPoolClient } from './pool.ts';

/** Listens for errors of one pool while anything holds it; once per pool, however many spools use it. */
class PoolErrors {
  readonly #pool: PgPool;
  #holders = 0;
  /** The pool removes broken idle connections by itself; without a listener its event would end the process. */
  readonly #onError = (): void => undefined;
  /** A server can announce its shutdown in the same bytes that complete a login, before the caller has the connection and listens. */
  readonly #onConnect = (client: PgPoolClient): void => {
    client.on('error', this.#onError);
  };

  constructor(pool: PgPool) {
    this.#pool = pool;
  }

  /** Listens to the pool until the function returned is called. */
  hold(): () => void {
    if (this.#holders++ === 0) {
      this.#pool.on('error', this.#onError);
      this.#pool.on('connect', this.#onConnect);
    }
    return () => {
      if (--this.#holders > 0) return;
      this.#pool.removeListener('error', this.#onError);
      this.#pool.removeListener('connect', this.#onConnect);
    };
  }
}

const errorsOfPools = new WeakMap<PgPool, PoolErrors>();

/** The connections of the host's pool. Errors have a listener while a connection is in use or awaited. */
export class Connections {
  readonly pool: PgPool;
  readonly #errors: PoolErrors;

  constructor(pool: PgPool) {
    this.pool = pool;
    this.#errors = errorsOfPools.get(pool) ?? new PoolErrors(pool);
    errorsOfPools.set(pool, this.#errors);
  }

  /** The pool's maximum, if it has the option. */
  get most(): number | undefined {
    return this.pool.options?.max;
  }

  /** Listens to the pool until the function returned is called. */
  hold(): () => void {
    return this.#errors.hold();
  }

  /** Checks one out, with a listener until it has come. A connection that comes after the limit goes straight back. */
  async connect(limit: Limit): Promise<PgPoolClient> {
    const connecting = this.pool.connect();
    const letGo = this.hold();
    connecting.then(letGo, letGo);
    try {
      return await limit.within(connecting);
    } catch (error) {
      connecting.then(
        (late) => late.release(),
        () => undefined,
      );
      throw error;
    }
  }
}

/** An operation was abandoned before the database answered. */
export class GivenUp extends OfflineImError {}

/** The deadline of an operation has passed. */
export class NoAnswer extends GivenUp {
  constructor(deadline: number) {
    const text = `PostgreSQL or the pool did not respond within ${Math.ceil(deadline)} ms; the call was abandoned. Everything accepted earlier is still there.`;
    super('SPOOL_FAILED', text);
  }
}

export interface LimitOptions {
  /** ms until {@link NoAnswer}. */
  readonly deadline: number;
  /** Ends the limit earlier, with its reason, which is a {@link GivenUp}. */
  readonly signal?: AbortSignal | undefined;
  readonly clock: Pick<Clock, 'setTimer'>;
}

/** Bounds a sequence of waits as a whole: a server that vanished, or a pool without free connections, never answers. */
export class Limit {
  readonly #clock: Pick<Clock, 'setTimer'>;
  readonly #over = Promise.withResolvers<never>();
  readonly #forget: () => void;
  #cancel: () => void;
  #reason: unknown;

  constructor({ deadline, signal, clock }: LimitOptions) {
    this.#clock = clock;
    // It may end while nothing waits for it.
    this.#over.promise.catch(() => undefined);
    this.#cancel = this.#after(deadline);
    this.#forget = whenAborted(signal, () => this.#giveUp(signal?.reason));
  }

  /** Waits for `work`, but not past the limit. */
  within<Value>(work: Promise<Value>): Promise<Value> {
    return Promise.race([this.#over.promise, work]);
  }

  /** For a connection that is not ours to close: after the limit it gets no more queries. */
  guard(client: PgClient): PgClient {
    return {
      query: async (query) => this.within(this.#reason === undefined ? client.query(query) : this.#over.promise),
      processID: client.processID,
    };
  }

  /** Restarts the limit with this deadline. */
  extend(deadline: number): void {
    this.#cancel();
    this.#cancel = this.#after(deadline);
  }

  /** Cancels the limit: the work was done in time. */
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
