import { sleep } from '../../../core/clock.ts';
import { Limit } from './connections.ts';
import type { PgPoolClient } from './pool.ts';
import type { Session } from './session.ts';

/** ms between attempts to listen again; doubles. */
const firstPause = 100;
const longestPause = 10_000;
/** ms for which further notifications are taken together. */
const together = 20;

/**
 * Hears of appends of other processes, on one connection of the pool. While there is none, the spooler's scan finds what waits; when
 * there is one again, it looks at once: whatever was said meanwhile was said to nobody.
 */
export class Listener {
  readonly #session: Session;
  readonly #instance: string;
  readonly #wakes = new Set<() => void>();
  readonly #ended = new AbortController();
  #begun = false;
  /** Lets go of the connection. */
  #drop: (() => void) | undefined;
  #client: PgPoolClient | undefined;
  #cancelWake: (() => void) | undefined;
  #pause = firstPause;

  constructor(session: Session, instance: string) {
    this.#session = session;
    this.#instance = instance;
  }

  watch(wake: () => void): () => void {
    this.#wakes.add(wake);
    if (!this.#begun) void this.#keepListening();
    this.#begun = true;
    return () => this.#wakes.delete(wake);
  }

  /** Its server may be gone, of which a connection that only listens hears nothing: it takes another. */
  doubt(): void {
    // With a query under way pg closes it at once, and waits for no goodbye.
    this.#client?.query({ text: 'SELECT 1' }).catch(() => undefined);
    this.#drop?.();
  }

  /** Waits for nothing: a pool may take for ever to give a connection, and one that comes late goes straight back. */
  end(): void {
    this.#wakes.clear();
    this.#cancelWake?.();
    this.#drop?.();
    this.#ended.abort();
  }

  async #keepListening(): Promise<void> {
    while (!this.#ended.signal.aborted) {
      await this.#listen().catch(() => undefined);
      const pause = this.#pause;
      this.#pause = Math.min(longestPause, pause * 2);
      await sleep(this.#session.clock, pause, this.#ended.signal);
    }
  }

  /** Until there is no connection, or none any more. */
  async #listen(): Promise<void> {
    const limit = new Limit({ clock: this.#session.clock, deadline: this.#session.deadline, signal: this.#ended.signal });
    try {
      const client = await this.#session.connections.connect(limit);
      const lost = this.#hear(client);
      try {
        await limit.within(Promise.race([lost, client.query({ text: `LISTEN "${this.#session.sql.tables.channel}"` })]));
      } catch (error) {
        this.#drop?.();
        throw error;
      }
      limit.end();
      if (this.#client !== client) return;
      this.#pause = firstPause;
      this.#wakeSoon();
      await lost;
    } finally {
      limit.end();
    }
  }

  /** Resolves once this connection is lost. It must not go back to the pool: it would go on listening for the host. */
  #hear(client: PgPoolClient): Promise<void> {
    return new Promise((resolve) => {
      const drop = (): void => {
        this.#drop = this.#client = undefined;
        client.removeListener('notification', this.#onNotification);
        client.removeListener('error', drop);
        // Closing may fail late, and must end nobody's process.
        client.on('error', () => undefined);
        client.release(true);
        resolve();
      };
      [this.#drop, this.#client] = [drop, client];
      client.on('error', drop);
      client.on('notification', this.#onNotification);
    });
  }

  readonly #onNotification = ({ channel, payload }: { channel: string; payload?: string | undefined }): void => {
    if (channel === this.#session.sql.tables.channel && payload !== this.#instance) this.#wakeSoon();
  };

  #wakeSoon(): void {
    if (this.#ended.signal.aborted) return;
    this.#cancelWake ??= this.#session.clock.setTimer(() => {
      this.#cancelWake = undefined;
      for (const wake of this.#wakes) wake();
    }, together);
  }
}
