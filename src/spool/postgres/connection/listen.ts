import { type Clock, sleep } from '../../../core/clock.ts';
import { Connections, Limit } from './connections.ts';
import type { PgPool, PgPoolClient } from './pool.ts';
import type { Session } from './session.ts';
import { isBetween, transact } from './transact.ts';

/** ms between attempts to listen again; doubles. */
const firstPause = 100;
const longestPause = 10_000;
/** ms for which further notifications are taken together: one more for each who hears them, since all of them look at the same tables then. Nobody tells others more often either. */
const together = 20;
/** ms that telling others of news may take: a close waits for it, and a host that has ended its pool meanwhile never gets the connection that it asked for. */
const tellingTakes = 5_000;

/** Who wants to hear of a channel. */
interface Subscriber {
  readonly channel: string;
  /** Something was said, or may have been while nobody listened. */
  heard(payload: string | undefined): void;
}

/** How long to wait for an answer, in ms of a clock. */
interface Timing {
  readonly clock: Clock;
  readonly deadline: number;
}

/**
 * Listens on one connection of a pool for all spools that use the pool. While there is none, the spooler's poll finds what waits; when
 * there is one again, all look at once: whatever was said meanwhile was said to nobody.
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
    // Heard from then on; what was said before is found by a look.
    else if (this.#client !== undefined)
      this.#say(this.#client, `LISTEN "${subscriber.channel}"`, () => subscriber.heard(undefined));
    return () => this.#remove(subscriber);
  }

  /** Its server may be gone, of which a connection that only listens hears nothing: it takes another. */
  doubt(): void {
    // With a query under way pg closes it at once, and waits for no goodbye.
    this.#client?.query({ text: 'SELECT 1' }).catch(() => undefined);
    this.#drop?.();
  }

  #has(channel: string): boolean {
    return [...this.#subscribers].some((one) => one.channel === channel);
  }

  /** With the last one it waits for nothing: a pool may take for ever to give a connection, and one that comes late goes straight back. */
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
      // A clock that sets no timer: until somebody subscribes again, polls find what waits.
      this.#running = false;
      return;
    }
    this.#running = false;
    if (this.#subscribers.size > 0) void this.#keepListening();
  }

  /** Until there is no connection, or none any more. */
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

/** Hears of appends of other processes to one spool. */
export class Listener {
  readonly #listener: PoolListener;
  readonly #clock: Pick<Clock, 'setTimer'>;
  readonly #channel: string;
  readonly #instance: string;
  readonly #wakes = new Set<() => void>();
  #leave: (() => void) | undefined;
  #cancelWake: (() => void) | undefined;

  /** @param instance What this spool says of its own appends: nothing that it has to hear of. */
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

  doubt(): void {
    this.#listener.doubt();
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

  /** From a timer: what a listener throws has nobody to catch it, and is its own fault. */
  #tell(wake: () => void): void {
    try {
      wake();
    } catch {
      // Its sender finds what waits at its next poll.
    }
  }
}

/**
 * Tells other processes of what was appended, once that is committed. In the transaction itself it would hold a lock of the whole server from the beginning of COMMIT until that is on
 * disk: all that append, in whatever process, would wait for each other's disk there, and on a slow one until the time for locks is over.
 */
export class News {
  readonly #session: Session;
  readonly #from: string;
  #telling = false;
  #more = false;
  /** By the monotonic clock: before that, nobody is told again. */
  #next = 0;

  /** @param from Whom the others hear of it from; letters, digits and hyphens only. */
  constructor(session: Session, from: string) {
    this.#session = session;
    this.#from = from;
  }

  /** One at a time, and the next some ms later: what comes meanwhile is told of together. After each commit it would be every fourth trip. */
  tell(): void {
    this.#more = true;
    if (!this.#telling) void this.#tellAll();
  }

  async #tellAll(): Promise<void> {
    this.#telling = true;
    try {
      // A close waits for all of it.
      await this.#session.also(async () => {
        const { clock } = this.#session;
        while (this.#more) {
          const pause = this.#next - clock.monotonic();
          if (pause > 0) await sleep(clock, pause);
          this.#more = false;
          this.#next = clock.monotonic() + together;
          // Whoever was not told finds it at the next poll, or hears of what has come meanwhile.
          await this.#tell().catch(() => undefined);
        }
        // Before anything else can be appended.
        this.#telling = false;
      });
    } catch {
      // Nothing that is known leads here; what comes next is told of.
      this.#telling = false;
    }
  }

  /** Nobody waits until that is on disk: it is of no use to anyone once the server has gone. */
  async #tell(): Promise<void> {
    const text = `SELECT set_config('synchronous_commit', 'off', true), pg_notify('${this.#session.sql.tables.channel}', '${this.#from}')`;
    const { connections, pooling, clock, deadline } = this.#session;
    const limits = { lockTimeout: tellingTakes / 2, deadline: Math.min(deadline, tellingTakes), clock };
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
