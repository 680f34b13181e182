import { sqlStateOf } from './pg-error.ts';
import type { PgClient } from './pool.ts';

/** What may lie between the pool and the server; see `PostgresSpoolOptions.pooler`. */
export type Pooler = 'transaction' | 'session';

/** A named statement that is there already, or is not; a plan that another process of the server has made. */
const statesOfForeignServer = new Set(['42P05', '26000']);

/**
 * Whether a connection keeps its server process. Behind PgBouncer and its like in transaction mode each transaction gets another one: a statement
 * that was named is there for somebody else, and a LISTEN is heard by nobody.
 *
 * Found out by the process that a login was told of (for a cancel): a pooler makes one up.
 */
export class Pooling {
  readonly #given: Pooler | undefined;
  #found = false;

  constructor(given: Pooler | undefined) {
    this.#given = given;
  }

  /** Whether the next transaction of a connection meets what this one leaves behind. */
  get keepsServer(): boolean {
    return this.#given === 'session' || (this.#given === undefined && !this.#found);
  }

  /** @param pid The server process that has just answered that client. */
  answered(client: PgClient, pid: unknown): void {
    const told = client.processID;
    if (typeof told === 'number' && pid !== undefined && Number(pid) !== told) this.#found = true;
  }

  /** True when an error tells what nobody had found out: the same without names may well succeed. */
  isToldBy(error: unknown): boolean {
    if (!this.keepsServer || this.#given !== undefined || !statesOfForeignServer.has(sqlStateOf(error) ?? '')) return false;
    this.#found = true;
    return true;
  }
}
