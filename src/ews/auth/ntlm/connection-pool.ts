import { Connection, type TrustOptions } from './connection.ts';

/** Someone who waits for a connection to become free. */
interface Waiter {
  readonly origin: string;
  give(): void;
}

/** How many connections there may be, and how long an idle one is kept, in ms. */
export interface PoolOptions extends TrustOptions {
  readonly maxConnections: number;
  readonly idle: number;
}

/**
 * Connections, one for each request under way, kept for the next one. The last to become free is the first to be used again,
 * so that a quiet time leaves one logged in and lets the others end.
 */
export class ConnectionPool {
  readonly #options: PoolOptions;
  readonly #busy = new Set<Connection>();
  readonly #waiters: Waiter[] = [];
  #free: Connection[] = [];

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** A connection for one request. Rejects with the signal's reason. */
  async take(origin: string, signal: AbortSignal): Promise<Connection> {
    for (;;) {
      if (signal.aborted) {
        this.#wake(origin); // the turn may have been this one's
        throw signal.reason;
      }
      const connection = this.#pick(origin) ?? this.#open(origin);
      if (connection !== undefined) return connection;
      await this.#turn(origin, signal);
    }
  }

  /** The request is over. What can't be used again is dropped. */
  giveBack(connection: Connection): void {
    if (!this.#busy.delete(connection)) return;
    if (connection.usable) this.#free.push(connection);
    else connection.destroy();
    this.#wake(connection.origin);
  }

  /** The request failed, and what state it left its connection in nobody knows. */
  drop(connection: Connection): void {
    connection.destroy();
    this.giveBack(connection);
  }

  /** Closes what is idle. */
  close(): void {
    for (const connection of this.#free.splice(0)) connection.destroy();
  }

  #pick(origin: string): Connection | undefined {
    this.#free = this.#free.filter((connection) => connection.usable);
    const at = this.#free.findLastIndex((connection) => connection.origin === origin);
    const connection = at < 0 ? undefined : this.#free.splice(at, 1)[0];
    if (connection !== undefined) this.#busy.add(connection);
    return connection;
  }

  #open(origin: string): Connection | undefined {
    const open = [...this.#busy, ...this.#free].filter((connection) => connection.origin === origin);
    if (open.length >= this.#options.maxConnections) return undefined;
    const connection = new Connection(origin, this.#options.idle, this.#options);
    this.#busy.add(connection);
    return connection;
  }

  #wake(origin: string): void {
    const next = this.#waiters.findIndex((waiter) => waiter.origin === origin);
    if (next >= 0) this.#waiters.splice(next, 1)[0]?.give();
  }

  #turn(origin: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        const at = this.#waiters.indexOf(waiter);
        if (at >= 0) this.#waiters.splice(at, 1);
        reject(signal.reason);
      };
      const waiter: Waiter = {
        origin,
        give: () => {
          signal.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      this.#waiters.push(waiter);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }
}
