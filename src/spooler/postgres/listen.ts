import type { Clock } from '../../clock.ts';
import type { PgPool, PgPoolClient } from './pool.ts';
import type { Tables } from './tables.ts';

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
  readonly #pool: PgPool;
  readonly #tables: Tables;
  readonly #instance: string;
  readonly #clock: Clock;
  readonly #wakes = new Set<() => void>();
  #client: PgPoolClient | undefined;
  #begun = false;
  #cancel: (() => void) | undefined;
  #cancelWake: (() => void) | undefined;
  #pause = firstPause;
  #ended = false;

  constructor(pool: PgPool, tables: Tables, instance: string, clock: Clock) {
    this.#pool = pool;
    this.#tables = tables;
    this.#instance = instance;
    this.#clock = clock;
  }

  watch(wake: () => void): () => void {
    this.#wakes.add(wake);
    if (!this.#begun) void this.#connect();
    this.#begun = true;
    return () => this.#wakes.delete(wake);
  }

  /** Waits for nothing: a pool may take for ever to give a connection, and one that comes late goes straight back. */
  end(): void {
    this.#ended = true;
    this.#wakes.clear();
    this.#cancel?.();
    this.#cancelWake?.();
    this.#drop(true);
  }

  async #connect(): Promise<void> {
    try {
      const client = await this.#pool.connect();
      if (this.#ended) {
        client.release();
        return;
      }
      this.#client = client;
      client.on('error', this.#onError);
      client.on('notification', this.#onNotification);
      await client.query({ text: `LISTEN "${this.#tables.channel}"` });
      this.#pause = firstPause;
      this.#wakeSoon();
    } catch {
      this.#again();
    }
  }

  readonly #onError = (): void => this.#again();

  readonly #onNotification = ({ channel, payload }: { channel: string; payload?: string | undefined }): void => {
    if (channel === this.#tables.channel && payload !== this.#instance) this.#wakeSoon();
  };

  #again(): void {
    this.#drop(true);
    if (this.#ended) return;
    this.#cancel?.();
    this.#cancel = this.#clock.setTimer(() => {
      void this.#connect();
    }, this.#pause);
    this.#pause = Math.min(longestPause, this.#pause * 2);
  }

  /** A connection that listens must not go back to the pool: it would go on listening for the host. */
  #drop(close: boolean): void {
    const client = this.#client;
    this.#client = undefined;
    if (client === undefined) return;
    client.removeListener('notification', this.#onNotification);
    client.removeListener('error', this.#onError);
    // Closing may fail late, and must end nobody's process.
    client.on('error', () => undefined);
    client.release(close);
  }

  #wakeSoon(): void {
    if (this.#ended) return;
    this.#cancelWake ??= this.#clock.setTimer(() => {
      this.#cancelWake = undefined;
      for (const wake of this.#wakes) wake();
    }, together);
  }
}
