import type { Limit } from '../../spool/postgres/connection/connections.ts';
import type { PgPool, PgPoolClient } from '../../spool/postgres/connection/pool.ts';

/** The connections of the host's pool. Whoever has one, or waits for one, has somebody who hears what breaks. */
export class Connections {
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

  /** How many there can be, if the pool says. */
  get most(): number | undefined {
    return this.#pool.options?.max;
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

  /** One of them. When it comes too late it goes straight back; until it has come, somebody listens. */
  async connect(limit: Limit): Promise<PgPoolClient> {
    const connecting = this.#pool.connect();
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
