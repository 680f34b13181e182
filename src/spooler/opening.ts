import { OfflineImError } from '../core/errors/offline-im-error.ts';
import { answerAtOnce, asError } from '../core/errors/thrown.ts';
import { tell } from '../core/host-calls.ts';
import { type ShutdownDeadline, type Stoppable, type StopSignals, settled } from '../core/stop.ts';
import type { Trace } from '../observability/trace.ts';
import type { SpoolContext, SpoolStorage } from '../spool/contract.ts';

/** Closes them all, whatever one of them throws: that is a warning. Resolves with those that were left behind. */
export async function closeAll(
  closes: Readonly<Record<string, () => unknown>>,
  signals: StopSignals,
  trace: Trace,
): Promise<readonly string[]> {
  const left = Object.entries(closes).map(async ([name, close]) => {
    // In a function of its own: one of a host may throw at once, or return no promise.
    const closing = (async () => close())().catch((error: unknown) => trace.warn(asError(error)));
    return (await settled(closing, signals)) ? [] : [`the closing of the ${name}`];
  });
  return (await Promise.all(left)).flat();
}

/** The error for calls made after stop(). */
export function senderStopped(text = 'This sender has been stopped; make a new one.'): OfflineImError {
  return new OfflineImError('SENDER_STOPPED', text);
}

/** Which storage objects are in use, and by whom: two senders on one would close it beneath each other. */
const users = new WeakMap<SpoolStorage, Opening>();

/** A storage on its way to being open: opened once for everyone who asks, and again after a failure. */
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

  /** Whether it was ever open, though it may be closed by now. */
  get hasOpened(): boolean {
    return this.#hasOpened;
  }

  /** @throws {OfflineImError} `SENDER_STOPPED` for what was given up or closed without having been open */
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
   * A spool may wait for another process without end: on `soft` it is closed, which should give everyone who waits an error, and nobody who comes later has it
   * opened; on `hard` everyone who still waits gets one, whatever the storage does.
   *
   * @param users Settles when nobody asks for an opening any more.
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

  /** Closes what was opened. */
  async close(): Promise<void> {
    this.#over = true;
    if (this.#hasOpened) {
      try {
        await this.#storage.close();
      } finally {
        this.#leave();
      }
    }
    // One whose opening never ends may close as late.
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
        // Open although it was given up: nobody else would ever close it.
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

/** Hears of what others do to the storage; `undefined` where it can't tell, and is asked every `pollInterval` all the same. */
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

/** A loop that is stopped, and then closed; each resolves with what it left behind. */
interface Stopped {
  stop(signals: StopSignals, users: Stoppable): Promise<readonly string[]>;
  close(signals: StopSignals): Promise<readonly string[]>;
}

/** Lets what is under way end, cuts off what does not, closes, and reports what was left behind. Never rejects. */
export async function stopAll(loop: Stopped, sending: Stoppable, shutdown: ShutdownDeadline, trace: Trace): Promise<void> {
  const left = [...(await loop.stop(shutdown.step(), sending)), ...(await loop.close(shutdown.step()))];
  shutdown.end();
  if (left.length > 0) {
    const text = `stop() ran out of time and left behind: ${left.join('; ')}.`;
    trace.warn(new OfflineImError('STOP_INCOMPLETE', text, { details: { left } }));
  }
  trace.event('stopped', {});
}
