import { type Clock, sleep } from '../../../core/clock.ts';
import { Connections, Limit } from './connections.ts';
import type { PgPool, PgPoolClient } from './pool.ts';
import type { Session } from './session.ts';
import { isBetween, transact } from './transact.ts';

/** ms between attempts to listen again; doubles up to the longest. */
const firstPause = 100;
const longestPause = 10_000;
/** ms for which notifications are batched, plus up to 1 ms per subscriber, since all of them query the same tables next. Also the shortest time between two notifications sent. */
const together = 20;
/** ms that a notification may take: a close waits for it, and a pool that the host has ended meanwhile never provides the connection. */
const notifyTimeout = 5_000;

interface Subscriber {
  readonly channel: string;
  /** A notification came, or may have come while nothing listened. */
  heard(payload: string | undefined): void;
}

/** How many ms of a clock to wait for an answer. */
interface Timing {
  readonly clock: Clock;
  readonly deadline: number;
}

/**
 * Listens on one connection of a pool for all spools that use the pool. Without one, the spooler's poll finds what waits. After
 * reconnecting, all spools look at once: notifications sent meanwhile are lost.
 */
class PoolListener {
  readonly #connections: Connections;
  readonly #timing: Timing;
  readonly #subscribers = new Set<Subscriber>();
  #ended = new AbortController();
  #running = false;
  /** Lets go of the connection. */
  #drop: (() => void) | undefined;
  #client: PgPoolClient | undefined;
  #pause = firstPause;

  constructor(pool: PgPool, timing: Timing) {
    this.#connections = new Connections(pool);
    this.#timing = timing;
  }

  get size(): number {
    return this.#subscribers.size;
  }

  add(subscriber: Subscriber): () => void {
    this.#subscribers.add(subscriber);
    if (!this.#running) void this.#keepListening();
    // Notified from then on; a look finds what came before.
    else if (this.#client !== undefined)
      this.#say(this.#client, `LISTEN "${subscriber.channel}"`, () => subscriber.heard(undefined));
    return () => this.#remove(subscriber);
  }

  /** Takes another connection: the server may be gone, and one that only listens would not notice. */
  reconnect(): void {
    // With a query in progress pg closes it at once, without waiting for the server.
    this.#client?.query({ text: 'SELECT 1' }).catch(() => undefined);
    this.#drop?.();
  }

  #has(channel: string): boolean {
    return [...this.#subscribers].some((one) => one.channel === channel);
  }

  /** After the last subscriber it waits for nothing: a pool may never provide a connection, and one that comes late goes straight back. */
  #remove(subscriber: Subscriber): void {
    if (!this.#subscribers.delete(subscriber)) return;
    if (this.#subscribers.size === 0) {
      this.#drop?.();
      this.#ended.abort();
    } else if (this.#client !== undefined && !this.#has(subscriber.channel)) {
      this.#say(this.#client, `UNLISTEN "${subscriber.channel}"`);
    }
  }

  #say(client: PgPoolClient, text: string, done: () => void = () => undefined): void {
    client.query({ text }).then(done, () => {
      if (this.#client === client) this.#drop?.();
    });
  }

  async #keepListening(): Promise<void> {
    this.#running = true;
    this.#ended = new AbortController();
    const { signal } = this.#ended;
    try {
      while (!signal.aborted) {
        await this.#listen(signal).catch(() => undefined);
        const pause = this.#pause;
        this.#pause = Math.min(longestPause, pause * 2);
        await sleep(this.#timing.clock, pause, signal);
      }
    } catch {
      // The clock set no timer: until the next subscription, polls find what waits.
      this.#running = false;
      return;
    }
    this.#running = false;
    if (this.#subscribers.size > 0) void this.#keepListening();
  }

  /** Until the connection is lost, or none can be had. */
  async #listen(signal: AbortSignal): Promise<void> {
    const limit = new Limit({ ...this.#timing, signal });
    try {
      const client = await this.#connections.connect(limit);
      const lost = this.#hear(client);
      const channels = new Set([...this.#subscribers].map(({ channel }) => `LISTEN "${channel}"`));
      try {
        await limit.within(Promise.race([lost, client.query({ text: [...channels].join('; ') })]));
      } catch (error) {
        this.#drop?.();
        throw error;
      }
      limit.end();
      if (this.#client !== client) return;
      this.#pause = firstPause;
      for (const one of this.#subscribers) one.heard(undefined);
      await lost;
    } finally {
      limit.end();
    }
  }

  /** Resolves once this connection is lost. It must not go back to the pool, where it would still be listening. */
  #hear(client: PgPoolClient): Promise<void> {
    return new Promise((resolve) => {
      const drop = (): void => {
        this.#drop = this.#client = undefined;
        client.removeListener('notification', this.#onNotification);
        client.removeListener('error', drop);
        // Closing may fail late, and must not end the process.
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
    for (const one of this.#subscribers) if (one.channel === channel) one.heard(payload);
  };
}

const listeners = new WeakMap<PgPool, PoolListener>();

function listenerOf(pool: PgPool, timing: Timing): PoolListener {
  const known = listeners.get(pool);
  if (known !== undefined) return known;
  const listener = new PoolListener(pool, timing);
  listeners.set(pool, listener);
  return listener;
}

/** Wakes one spool's watchers when another process appends. */
export class Listener {
  readonly #listener: PoolListener;
  readonly #clock: Pick<Clock, 'setTimer'>;
  readonly #channel: string;
  readonly #instance: string;
  readonly #wakes = new Set<() => void>();
  #leave: (() => void) | undefined;
  #cancelWake: (() => void) | undefined;

  /** @param instance The payload of this spool's own notifications, which it ignores. */
  constructor(pool: PgPool, timing: Timing, channel: string, instance: string) {
    this.#listener = listenerOf(pool, timing);
    this.#clock = timing.clock;
    this.#channel = channel;
    this.#instance = instance;
  }

  watch(wake: () => void): () => void {
    // A function of its own, so that the same `wake` can be added twice.
    const one = () => wake();
    this.#wakes.add(one);
    this.#leave ??= this.#listener.add({ channel: this.#channel, heard: (payload) => this.#heard(payload) });
    return () => this.#wakes.delete(one);
  }

  reconnect(): void {
    this.#listener.reconnect();
  }

  end(): void {
    this.#wakes.clear();
    this.#cancelWake?.();
    this.#leave?.();
    this.#leave = undefined;
  }

  #heard(payload: string | undefined): void {
    if (payload === this.#instance) return;
    this.#cancelWake ??= this.#clock.setTimer(
      () => {
        this.#cancelWake = undefined;
        for (const wake of this.#wakes) this.#tell(wake);
      },
      Math.random() * this.#listener.size + together,
    );
  }

  /** Called from a timer, where nothing would catch what a watcher throws. */
  #tell(wake: () => void): void {
    try {
      wake();
    } catch {
      // Its sender finds what waits at its next poll.
    }
  }
}

/**
 * Notifies other processes of appends, once these are committed. In the transaction itself NOTIFY would hold a lock of the whole server from the start of COMMIT until it is
 * on disk: all appends, of every process, would wait for each other's disk, on a slow one until the lock timeout.
 */
export class News {
  readonly #session: Session;
  readonly #from: string;
  #telling = false;
  #more = false;
  /** By the monotonic clock: the earliest time of the next notification. */
  #next = 0;

  /** @param from The payload, which names this spool; letters, digits and hyphens only. */
  constructor(session: Session, from: string) {
    this.#session = session;
    this.#from = from;
  }

  /** One notification at a time, and the next some ms later for all that came meanwhile. One per commit would be every fourth round trip. */
  tell(): void {
    this.#more = true;
    if (!this.#telling) void this.#tellAll();
  }

  async #tellAll(): Promise<void> {
    this.#telling = true;
    try {
      // A close waits for all of this.
      await this.#session.also(async () => {
        const { clock } = this.#session;
        while (this.#more) {
          const pause = this.#next - clock.monotonic();
          if (pause > 0) await sleep(clock, pause);
          this.#more = false;
          this.#next = clock.monotonic() + together;
          // Processes that were not notified find it at the next poll, or with the next notification.
          await this.#tell().catch(() => undefined);
        }
        // In the same turn as the check of `#more`: no append can come between.
        this.#telling = false;
      });
    } catch {
      // No known case; the next append notifies again.
      this.#telling = false;
    }
  }

  /** Doesn't wait for the disk: the notification is useless once the server is gone. */
  async #tell(): Promise<void> {
    const text = `SELECT set_config('synchronous_commit', 'off', true), pg_notify('${this.#session.sql.tables.channel}', '${this.#from}')`;
    const { connections, pooling, clock, deadline } = this.#session;
    const limits = { lockTimeout: notifyTimeout / 2, deadline: Math.min(deadline, notifyTimeout), clock };
    const told = await transact(
      connections,
      { ...limits, alone: true },
      async (client) => ({ result: isBetween(client) ? await client.query({ text }) : undefined, commit: true }),
      pooling,
    );
    if (told !== undefined) return;
    await transact(connections, limits, async (client) => ({ result: await client.query({ text }), commit: true }), pooling);
  }
}
