import type { Trace } from '../trace.ts';
import { asError } from './reason.ts';
import type { SpoolContext, SpoolStorage } from './storage.ts';

/** A storage on its way to being open: opened once for everyone who asks, and again after a failure. */
export class Opening {
  readonly #storage: SpoolStorage;
  readonly #context: SpoolContext;
  readonly #trace: Trace;
  #opened: Promise<void> | undefined;
  #underWay = false;

  constructor(storage: SpoolStorage, context: Pick<SpoolContext, 'clock' | 'tombstones'>, trace: Trace) {
    this.#storage = storage;
    this.#trace = trace;
    this.#context = {
      ...context,
      onCorrupt: (report) => trace.event('spool:corrupt', report),
      onWarning: (error) => trace.warn(error),
    };
  }

  open(): Promise<void> {
    if (this.#opened !== undefined) return this.#opened;
    this.#underWay = true;
    this.#opened = this.#storage.open(this.#context).finally(() => {
      this.#underWay = false;
    });
    // A spool that could not be opened (locked, say) may be tried again.
    this.#opened.catch(() => {
      this.#opened = undefined;
    });
    return this.#opened;
  }

  /** A spool may wait for another process without end. Closing it gives everyone who waits an error. */
  giveUp(): void {
    if (this.#underWay) this.#storage.close().catch((error: unknown) => this.#trace.warn(asError(error)));
  }

  /** Closes what was opened. */
  async close(): Promise<void> {
    const opened = await this.#opened?.then(
      () => true,
      () => false,
    );
    if (opened === true) await this.#storage.close();
  }
}
