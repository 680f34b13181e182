import { sleep, systemClock } from '../../clock.ts';
import { OfflineImError } from '../../errors/index.ts';
import type { SpoolContext } from '../storage.ts';
import { SerialQueue } from '../table/queue.ts';
import { UnreadableRows } from './loaded.ts';
import { asSpoolError, isTransient } from './pg-error.ts';
import type { PgClient, PgPool, PgPoolClient } from './pool.ts';
import { setAside } from './set-aside.ts';
import { Sql } from './statement.ts';
import type { Tables } from './tables.ts';
import type { Done, Patience } from './transact.ts';
import { TransactionError, transact } from './transact.ts';

/** Times that a transaction is tried when others get in its way. */
const tries = 6;

/** ms that a statement waits for a lock, but for appends, which have a patience of their own. */
export const lockTimeout = 3_000;

/** The open spool on its pool: runs transactions, retries what may be retried, and knows what is still running. */
export class Session {
  readonly pool: PgPool;
  readonly sql: Sql;
  readonly #life = new SerialQueue();
  readonly #deadline: number;
  readonly #running = new Set<Promise<unknown>>();
  #context: SpoolContext | undefined;
  /** The host's pool tells of idle connections that broke; it takes them out by itself, and unheard that would end the process. */
  readonly #onPoolError = (): void => undefined;
  /** A server that shuts down can say so in the very bytes that end a login: before whoever asked for the connection has it, and listens. */
  readonly #onConnect = (client: PgPoolClient): void => {
    client.on('error', this.#onPoolError);
  };

  /** @param deadline ms for a transaction, see {@link Patience}. */
  constructor(pool: PgPool, tables: Tables, deadline: number) {
    this.pool = pool;
    this.sql = new Sql(tables);
    this.#deadline = deadline;
  }

  /** Waits for other transactions are real time, whatever the host's clock says. */
  readonly clock = systemClock;

  get context(): SpoolContext {
    if (this.#context === undefined) {
      throw new OfflineImError('SPOOL_CLOSED', 'The postgres spool is not open; call open() first.');
    }
    return this.#context;
  }

  open(context: SpoolContext, prepare: () => Promise<void>): Promise<void> {
    return this.#life.run(async () => {
      if (this.#context !== undefined) return;
      this.pool.on('error', this.#onPoolError);
      this.pool.on('connect', this.#onConnect);
      try {
        await prepare();
        this.#context = context;
      } catch (error) {
        this.#unlisten();
        throw error;
      }
    });
  }

  close(end: () => Promise<void>): Promise<void> {
    return this.#life.run(async () => {
      if (this.#context === undefined) return;
      this.#context = undefined;
      await Promise.allSettled(this.#running);
      await end();
      this.#unlisten();
    });
  }

  #unlisten(): void {
    this.pool.removeListener('error', this.#onPoolError);
    this.pool.removeListener('connect', this.#onConnect);
  }

  /** Runs an operation while the spool is open; a close waits for it. */
  async use<Result>(operation: () => Promise<Result>): Promise<Result> {
    void this.context;
    const running = operation();
    this.#running.add(running);
    try {
      return await running;
    } catch (error) {
      throw error instanceof TransactionError ? asSpoolError(error.cause) : asSpoolError(error);
    } finally {
      this.#running.delete(running);
    }
  }

  /** A transaction, tried again when others got in its way, and without rows that can't be read. @throws {TransactionError} */
  async transact<Result>(
    body: (client: PgClient) => Promise<Done<Result>>,
    patience: Partial<Omit<Patience, 'clock'>> = {},
  ): Promise<Result> {
    for (let tried = 1; ; tried++) {
      try {
        return await transact(this.pool, { ...this.#patience, ...patience }, body);
      } catch (error) {
        if (!(error instanceof TransactionError) || error.kept === 'unknown') throw error;
        if (error.cause instanceof UnreadableRows) await this.#setAside(error.cause);
        else if (!isTransient(error.cause) || tried >= tries) throw error;
        else await this.#pause(tried);
      }
    }
  }

  get #patience(): Patience {
    return { lockTimeout, deadline: this.#deadline, clock: this.clock };
  }

  #pause(tried: number): Promise<unknown> {
    return sleep(this.clock, Math.random() * 5 * 2 ** tried);
  }

  async #setAside({ rows }: UnreadableRows): Promise<void> {
    const taken = await transact(this.pool, this.#patience, (client) => setAside(client, this.sql, rows));
    for (const [where, error] of taken) this.#context?.onCorrupt?.({ where, error });
  }
}
