import { OfflineImError } from '../core/errors/offline-im-error.ts';
import { answerAtOnce, asError } from '../core/errors/thrown.ts';
import { tell } from '../core/host-calls.ts';
import { type ShutdownDeadline, type Stoppable, type StopSignals, settled } from '../core/stop.ts';
import type { Trace } from '../observability/trace.ts';
import type { SpoolContext, SpoolStorage } from '../spool/contract.ts';

/** Closes all of them; an error of one is a warning. Resolves with those that were left behind. */
export async function closeAll(
  closes: Readonly<Record<string, () => unknown>>,
  signals: StopSignals,
  trace: Trace,
): Promise<readonly string[]> {
  const left = Object.entries(closes).map(async ([name, close]) => {
    // In an async function: a host's close() may throw synchronously, or return no promise.
    const closing = (async () => close())().catch((error: unknown) => trace.warn(asError(error)));
    return (await settled(closing, signals)) ? [] : [`the closing of the ${name}`];
  });
  return (await Promise.all(left)).flat();
}

/** The error for calls made after stop(). */
export function senderStopped(text = 'This sender has been stopped; create a new one.'): OfflineImError {
  return new OfflineImError('SENDER_STOPPED', text);
}

/** The storage objects in use, and by whom: two senders on one object would close it under each other. */
const users = new WeakMap<SpoolStorage, Opening>();

/** Opens a storage once for everyone who asks, and again after a failure. */
export class Opening {
  readonly #storage: SpoolStorage;
  readonly #context: SpoolContext;
  readonly #trace: Trace;
  #opened: Promise<void> | undefined;
  /** Rejects for everyone who waits for the opening under way. */
  #abandon: (() => void) | undefined;
  #hasOpened = false;
  #over = false;
  #closing: Promise<void> | undefined;

  constructor(storage: SpoolStorage, context: Pick<SpoolContext, 'clock' | 'tombstones'>, trace: Trace) {
    this.#storage = storage;
    this.#trace = trace;
    this.#context = {
      ...context,
      onCorrupt: (report) => trace.event('spool:corrupt', report),
      onWarning: (error) => trace.warn(error),
    };
  }

  /** Whether it has ever been open; it may be closed by now. */
  get hasOpened(): boolean {
    return this.#hasOpened;
  }

  /** @throws {OfflineImError} `SENDER_STOPPED` once it was given up or closed without ever having been open */
  open(): Promise<void> {
    if (this.#over && !this.#hasOpened) return Promise.reject(senderStopped());
    const user = users.get(this.#storage);
    if (user !== undefined && user !== this) {
      const text = `The ${this.#storage.name} spool object is in use by another sender of this process; give each sender its own.`;
      return Promise.reject(new OfflineImError('SPOOL_LOCKED', text));
    }
    this.#opened ??= this.#open();
    return this.#opened;
  }

  /**
   * A spool may wait for another process without end. On `soft`, it is closed, which should reject everyone who waits, and later calls don't open it; on `hard`,
   * everyone who still waits is rejected, whatever the storage does.
   *
   * @param users Settles when nobody asks for the spool any more.
   */
  async stop(signals: StopSignals, users: Promise<unknown>): Promise<readonly string[]> {
    await settled(
      users.then(() => this.#opened),
      signals,
      () => {
        this.#over = true;
        if (this.#abandon !== undefined) this.#closing = this.#closeQuietly();
      },
    );
    const isUnderWay = this.#abandon !== undefined;
    this.#over = true;
    this.#abandon?.();
    return isUnderWay ? ['the opening of the spool, which did not end when it was closed'] : [];
  }

  /** Closes the storage if it was opened. */
  async close(): Promise<void> {
    this.#over = true;
    if (this.#hasOpened) {
      try {
        await this.#storage.close();
      } finally {
        this.#leave();
      }
    }
    // A storage whose opening never ends may never close either.
    else if (this.#abandon === undefined) await this.#closing;
  }

  #open(): Promise<void> {
    users.set(this.#storage, this);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#abandon = () => reject(senderStopped());
    const opening = (async () => this.#storage.open(this.#context))().finally(() => {
      this.#abandon = undefined;
    });
    opening.then(() => {
      this.#hasOpened = !this.#over;
      if (this.#hasOpened) resolve();
      else {
        // It opened after it was given up: nobody else would ever close it.
        reject(senderStopped());
        this.#closing = this.#closeQuietly();
      }
    }, reject);
    // A spool that could not be opened (locked, say) may be tried again.
    promise.catch(() => {
      this.#opened = undefined;
      this.#leave();
    });
    return promise;
  }

  #leave(): void {
    if (users.get(this.#storage) === this) users.delete(this.#storage);
  }

  async #closeQuietly(): Promise<void> {
    try {
      await this.#storage.close();
    } catch (error) {
      this.#trace.warn(asError(error));
    }
  }
}

/** Watches what others do to the storage; `undefined` if the storage can't be watched, which leaves the poll every `pollInterval`. */
export function watchStorage(
  storage: Pick<SpoolStorage, 'watch'>,
  trace: Pick<Trace, 'warn'>,
  wake: (news?: 'operated') => void,
): (() => void) | undefined {
  try {
    const unwatch: unknown = answerAtOnce(storage.watch?.(wake));
    if (typeof unwatch === 'function') {
      return () =>
        tell(
          () => unwatch(),
          (error) => trace.warn(asError(error)),
        );
    }
    if (unwatch !== undefined) {
      trace.warn(new OfflineImError('SPOOL_FAILED', `watch() of the spool returned ${typeof unwatch}; expected a function.`));
    }
  } catch (error) {
    trace.warn(asError(error));
  }
  return undefined;
}

/** A loop that is first stopped and then closed; both resolve with what they left behind. */
interface Stopped {
  stop(signals: StopSignals, users: Stoppable): Promise<readonly string[]>;
  close(signals: StopSignals): Promise<readonly string[]>;
}

/** Lets work in flight end, cuts off what doesn't, closes everything, and reports what was left behind. Never rejects. */
export async function stopAll(loop: Stopped, sending: Stoppable, shutdown: ShutdownDeadline, trace: Trace): Promise<void> {
  const left = [...(await loop.stop(shutdown.step(), sending)), ...(await loop.close(shutdown.step()))];
  shutdown.end();
  if (left.length > 0) {
    const text = `stop() ran out of time and left behind: ${left.join('; ')}.`;
    trace.warn(new OfflineImError('STOP_INCOMPLETE', text, { details: { left } }));
  }
  trace.event('stopped', {});
}
