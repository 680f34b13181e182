import { sqlStateOf } from './pg-error.ts';
import type { PgClient } from './pool.ts';

/** What may lie between the pool and the server; see `PostgresSpoolOptions.pooler`. */
export type Pooler = 'transaction' | 'session';

/** A prepared statement that already exists, or doesn't: another server process answers. */
const statesOfForeignServer = new Set(['42P05', '26000']);

/**
 * Whether a connection keeps its server process. Behind PgBouncer and its like in transaction mode each transaction may get another one: a named
 * statement exists in some other process, and a LISTEN has no effect.
 *
 * Detected by the process id that a login returns (for a cancel): a pooler makes one up.
 */
export class Pooling {
  readonly #given: Pooler | undefined;
  #found = false;

  constructor(given: Pooler | undefined) {
    this.#given = given;
  }

  /** Whether the next transaction on a connection finds the state that this one leaves in the server process. */
  get keepsServer(): boolean {
    return this.#given === 'session' || (this.#given === undefined && !this.#found);
  }

  /** Compares the server process that answered a client with the one named at its login. */
  answered(client: PgClient, pid: unknown): void {
    const told = client.processID;
    if (typeof told === 'number' && pid !== undefined && Number(pid) !== told) this.#found = true;
  }

  /** True when an error first reveals a pooler: a retry without named statements may succeed. */
  isToldBy(error: unknown): boolean {
    if (!this.keepsServer || this.#given !== undefined || !statesOfForeignServer.has(sqlStateOf(error) ?? '')) return false;
    this.#found = true;
    return true;
  }
}
