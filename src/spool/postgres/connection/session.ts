import { sleep, systemClock } from '../../../core/clock.ts';
import { OfflineImError } from '../../../core/errors/offline-im-error.ts';
import { SerialQueue } from '../../../core/queues.ts';
import type { SpoolContext } from '../../contract.ts';
import { setAside } from '../operations/set-aside.ts';
import { UnreadableRows } from '../tables/loaded.ts';
import { Sql, type Tables } from '../tables/statement.ts';
import { Connections, GivenUp, NoAnswer } from './connections.ts';
import { isTransient } from './pg-error.ts';
import type { PgClient, PgPool } from './pool.ts';
import { type Pooler, Pooling } from './pooling.ts';
import { type Body, coded, isBetween, TransactionError, type TransactionLimits, transact } from './transact.ts';

/** Attempts at a transaction that conflicts with others. */
const tries = 6;

/** ms that a statement waits for a lock; appends have a timeout of their own. */
const lockTimeout = 3_000;

/** The open spool on its pool: runs transactions, retries them where allowed, and tracks which operations are running. */
export class Session {
  readonly connections: Connections;
  readonly pooling: Pooling;
  readonly sql: Sql;
  /** ms for a transaction, see {@link TransactionLimits}. */
  readonly deadline: number;
  readonly #onNoAnswer: () => void;
  readonly #life = new SerialQueue();
  readonly #opening = new Set<AbortController>();
  readonly #running = new Set<Promise<unknown>>();
  #context: SpoolContext | undefined;
  #letGo: (() => void) | undefined;

  /** @param onNoAnswer Called when a transaction reaches its deadline: other connections may be dead too. */
  constructor(
    { pool, tables, deadline, pooler }: { pool: PgPool; tables: Tables; deadline: number; pooler: Pooler | undefined },
    onNoAnswer: () => void,
  ) {
    this.connections = new Connections(pool);
    this.pooling = new Pooling(pooler);
    this.sql = new Sql(tables, this.pooling);
    this.deadline = deadline;
    this.#onNoAnswer = onNoAnswer;
  }

  /** Waits for other transactions use real time, whatever the host's clock is. */
  readonly clock = systemClock;

  get context(): SpoolContext {
    if (this.#context === undefined) {
      throw new OfflineImError('SPOOL_CLOSED', 'The postgres spool is not open; call open() first.');
    }
    return this.#context;
  }

  /** Rejects when the spool is closed meanwhile, which aborts the signal of `prepare`. */
  async open(context: SpoolContext, prepare: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const opening = new AbortController();
    this.#opening.add(opening);
    try {
      await this.#life.run(async () => {
        if (this.#context !== undefined) return;
        opening.signal.throwIfAborted();
        const letGo = this.connections.hold();
        try {
          await coded(prepare(opening.signal));
          [this.#context, this.#letGo] = [context, letGo];
        } catch (error) {
          letGo();
          throw error;
        }
      });
    } finally {
      this.#opening.delete(opening);
    }
  }

  close(end: () => Promise<void>): Promise<void> {
    const closed = new GivenUp('SPOOL_CLOSED', 'The postgres spool was closed while it was being opened.');
    for (const opening of this.#opening) opening.abort(closed);
    return this.#life.run(async () => {
      if (this.#context === undefined) return;
      this.#context = undefined;
      // Including the work they add meanwhile.
      while (this.#running.size > 0) await Promise.allSettled(this.#running);
      await end();
      this.#letGo?.();
    });
  }

  /** Runs an operation while the spool is open; a close waits for it. */
  async use<Result>(operation: () => Promise<Result>): Promise<Result> {
    void this.context;
    return this.also(operation);
  }

  /** Runs follow-up work of a running operation, even while a close already waits for that one. */
  async also<Result>(operation: () => Promise<Result>): Promise<Result> {
    const running = operation();
    this.#running.add(running);
    try {
      return await coded(running);
    } finally {
      this.#running.delete(running);
    }
  }

  /** Runs a transaction; retries conflicts, and sets unreadable rows aside. @throws {TransactionError} */
  async transact<Result>(body: Body<Result>, limits: Partial<Omit<TransactionLimits, 'clock'>> = {}): Promise<Result> {
    for (let tried = 1; ; tried++) {
      try {
        return await transact(this.connections, this.#limits(limits), body, this.pooling);
      } catch (error) {
        if (!(error instanceof TransactionError)) throw error;
        if (error.cause instanceof NoAnswer) this.#onNoAnswer();
        if (error.kept === 'unknown') throw error;
        if (this.pooling.isToldBy(error.cause)) continue;
        if (error.cause instanceof UnreadableRows) await this.#setAside(error.cause, limits);
        else if (!isTransient(error.cause) || tried >= tries) throw error;
        else await this.#pause(tried);
      }
    }
  }

  /**
   * Runs one statement as its own transaction, given the ms that it may wait for a lock. Returns `undefined` without asking the server when the connection doesn't
   * report to be outside a transaction: a host may have released it in the middle of its own. @throws {TransactionError}
   */
  alone<Result>(ask: (client: PgClient, lockTimeout: number) => Promise<Result>): Promise<Result | undefined> {
    const { lockTimeout } = this.#limits({});
    return this.transact(
      async (client) => ({ result: isBetween(client) ? await ask(client, lockTimeout) : undefined, commit: true }),
      { alone: true },
    );
  }

  /** A wait for a lock ends well before the deadline, so that it is not mistaken for silence. */
  #limits(given: Partial<TransactionLimits>): TransactionLimits {
    const limits = { lockTimeout, deadline: this.deadline, clock: this.clock, ...given };
    return { ...limits, lockTimeout: Math.min(limits.lockTimeout, limits.deadline / 2) };
  }

  #pause(tried: number): Promise<unknown> {
    return sleep(this.clock, Math.random() * 5 * 2 ** tried);
  }

  async #setAside(unreadable: UnreadableRows, limits: Partial<TransactionLimits>): Promise<void> {
    try {
      const taken = await transact(
        this.connections,
        this.#limits(limits),
        (client) => setAside(client, this.sql, unreadable),
        this.pooling,
      );
      for (const [where, error] of taken) this.#context?.onCorrupt?.({ where, error });
    } catch (error) {
      // Other rows of the same stream are unreadable too.
      const others = error instanceof TransactionError ? error.cause : undefined;
      if (!(others instanceof UnreadableRows) || unreadable.includes(others)) throw error;
      await this.#setAside(unreadable.and(others), limits);
    }
  }
}
