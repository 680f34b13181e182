import { type Clock, whenAborted } from '../../../core/clock.ts';
import { OfflineImError } from '../../../core/errors/offline-im-error.ts';
import type { PgClient, PgPool, PgPoolClient } from './pool.ts';

/** Hears what breaks in one pool, for as long as anybody holds it; once, however many spools are on it. */
class PoolErrors {
  readonly #pool: PgPool;
  #holders = 0;
  /** The host's pool tells of idle connections that broke; it takes them out by itself, and unheard that would end the process. */
  readonly #onError = (): void => undefined;
  /** A server that shuts down can say so in the very bytes that end a login: before whoever asked for the connection has it, and listens. */
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

/** The connections of the host's pool. Whoever has one, or waits for one, has somebody who hears what breaks. */
export class Connections {
  readonly pool: PgPool;
  readonly #errors: PoolErrors;

  constructor(pool: PgPool) {
    this.pool = pool;
    this.#errors = errorsOfPools.get(pool) ?? new PoolErrors(pool);
    errorsOfPools.set(pool, this.#errors);
  }

  /** How many there can be, if the pool says. */
  get most(): number | undefined {
    return this.pool.options?.max;
  }

  /** Listens to the pool until the function returned is called. */
  hold(): () => void {
    return this.#errors.hold();
  }

  /** One of them. When it comes too late it goes straight back; until it has come, somebody listens. */
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
    return {
      query: async (query) => this.within(this.#reason === undefined ? client.query(query) : this.#over.promise),
      processID: client.processID,
    };
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
