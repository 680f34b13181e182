import type { Clock } from '../../core/clock.ts';
import { hasCode, OfflineImError } from '../../core/errors/offline-im-error.ts';
import { asError, property } from '../../core/errors/thrown.ts';
import { tell } from '../../core/host-calls.ts';
import type { SpoolContext, SpoolState, SpoolStorage } from '../contract.ts';

/** ms until a shard that failed is asked again; doubles with each failure in a row. */
const firstRetry = 1_000;
const longestRetry = 30_000;

/** ms for which a call that concerns every shard waits for each of them. */
const patience = 1_000;

/** ms after which a shard that is late with an answer is reported. */
const longestSilence = 60_000;

/** Errors that time does not mend: the host has to. */
const lasting = [
  'OPTION_INVALID',
  'SPOOL_CORRUPT',
  'SPOOL_VERSION',
  'SPOOL_NOT_MIGRATED',
  'SPOOL_ROOT_UNUSABLE',
  'SPOOL_LOCKED',
] as const;

/** A spool over several; see `sharded()`. */
export interface ShardedSpool<Client = never> extends SpoolStorage<Client> {
  /**
   * Returns the name of the spool that keeps what this mailbox sends: `client` of `send(…, { client })` must be connected to its database.
   *
   * @throws {OfflineImError} `ADDRESS_INVALID`
   */
  shardOf(mailbox: string): string;
}

type Wake = (news?: 'operated') => void;

interface Watching {
  readonly wake: Wake;
  end: (() => void) | undefined;
}

/** One of the spools, and whether it answers. */
export class Shard {
  readonly name: string;
  readonly storage: SpoolStorage<unknown>;
  /** Its last answers, for sums while it does not answer. */
  lastCounts: Readonly<Record<SpoolState, number>> | undefined;
  lastBytes = 0;
  #context: SpoolContext | undefined;
  #failures = 0;
  #retryAt = Number.NEGATIVE_INFINITY;
  #isOpen = false;
  /** From then on nothing opens it again, and nobody is told of it, until {@link open}. */
  #isClosing = false;
  /** How often it was opened. */
  #openings = 0;
  #opening: Promise<void> | undefined;
  /** Calls that nobody waits for any more, and that it has not answered. */
  readonly #late = new Set<Promise<unknown>>();
  #cancelReport: (() => void) | undefined;
  readonly #watching = new Set<Watching>();

  constructor(name: string, storage: SpoolStorage<unknown>) {
    this.name = name;
    this.storage = storage;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** @throws what the storage threw */
  open(context: SpoolContext): Promise<void> {
    this.#context = context;
    this.#isClosing = false;
    return this.#openOnce(context);
  }

  #openOnce(context: SpoolContext): Promise<void> {
    this.#opening ??= this.#openNow(context).finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  /** Watches the storage; one that is not open, as soon as it is. */
  watch(wake: Wake): () => void {
    const one: Watching = { wake, end: undefined };
    this.#watching.add(one);
    if (this.#isOpen) this.#beginWatch(one);
    return () => {
      this.#watching.delete(one);
      this.#endWatch(one);
    };
  }

  /** Whether an error of {@link open} comes again however often it is tried. */
  static isLasting(error: unknown): boolean {
    return lasting.some((code) => hasCode(error, code));
  }

  /** Whether it may be asked what all shards are asked, such as to claim or to expire: while it fails, only now and then; while it is late with an answer, not at all. */
  admits(): boolean {
    return this.#now() >= this.#retryAt && this.#opening === undefined && this.#late.size === 0;
  }

  /** ms until it is asked again; `undefined` while it answers, and while it is late, since its answer wakes whoever watches. */
  retryIn(): number | undefined {
    if (this.#failures === 0 || this.#late.size > 0) return undefined;
    if (this.#opening !== undefined) return patience;
    return Math.max(1, this.#retryAt - this.#now());
  }

  /**
   * Asks the storage, and remembers whether it answers. Opens it first if it could not be opened, or has closed itself after an error.
   *
   * @throws what the storage threw
   */
  async ask<Answer>(question: (storage: SpoolStorage<unknown>) => Promise<Answer>): Promise<Answer> {
    let opening = this.#openings;
    try {
      if (!this.#isOpen) await this.#openAgain();
      opening = this.#openings;
      const answer = await question(this.storage);
      this.#answered();
      return answer;
    } catch (error) {
      // It may have been opened anew since it was asked.
      if (opening === this.#openings && hasClosedItself(error)) this.#isOpen = false;
      this.failed(error);
      throw error;
    }
  }

  /**
   * Waits for an answer of {@link ask}, at most `ms`; resolves with `undefined` if it is late. When it comes after all, whoever watches is woken.
   *
   * @param late Called with an answer that is late
   * @throws what the storage threw
   */
  briefly<Answer>(
    asked: Promise<Answer>,
    late?: (answer: Answer) => void,
    ms = patience,
  ): Promise<{ readonly answer: Answer } | undefined> {
    return this.#within(ms, asked, late, (ended) => {
      const left = ended.then(() => {
        this.#late.delete(left);
        if (this.#late.size === 0) this.#endReport();
        for (const { wake } of this.#watching) tell(wake);
      });
      this.#late.add(left);
      if (!this.#isClosing) this.#cancelReport ??= this.#context?.clock.setTimer(() => this.#silent(), longestSilence);
    });
  }

  /** Nothing else says why its messages wait. */
  #silent(): void {
    const text = `The shard ${this.name} has not answered for over a minute; its messages wait until it does.`;
    this.warn(new OfflineImError('SPOOL_FAILED', text, { details: { shard: this.name } }));
  }

  #endReport(): void {
    this.#cancelReport?.();
    this.#cancelReport = undefined;
  }

  /** The same for what a host looks up: one lookup that hangs does not keep the shard from being asked for notes, nor from being closed. */
  glance<Answer>(asked: Promise<Answer>): Promise<{ readonly answer: Answer } | undefined> {
    return this.#within(patience, asked);
  }

  /** Waits longer, where nothing else can answer. @throws {OfflineImError} `SPOOL_FAILED` if it is late all the same; and what the storage threw */
  async lastGlance<Answer>(asked: Promise<Answer>): Promise<{ readonly answer: Answer }> {
    const answered = await this.#within(longestSilence, asked);
    if (answered !== undefined) return answered;
    const text = `The shard ${this.name} has not answered for a minute, and no other has what was looked up. Try again when it answers.`;
    throw new OfflineImError('SPOOL_FAILED', text, { details: { shard: this.name } });
  }

  async #within<Answer>(
    ms: number,
    asked: Promise<Answer>,
    late: (answer: Answer) => void = () => {},
    isOver: (ended: Promise<unknown>) => void = () => {},
  ): Promise<{ readonly answer: Answer } | undefined> {
    const over = Promise.withResolvers<undefined>();
    let isLate = false;
    const ended = asked.then((answer) => {
      if (isLate) late(answer);
      return { answer };
    });
    const cancel = this.#context?.clock.setTimer(() => {
      isLate = true;
      isOver(ended.catch(() => {}));
      over.resolve(undefined);
    }, ms);
    try {
      return await Promise.race([ended, over.promise]);
    } finally {
      cancel?.();
    }
  }

  /** Resolves once it has given every answer that it is late with; it is closed next. */
  async idle(): Promise<void> {
    this.#isClosing = true;
    this.#endReport();
    await Promise.all(this.#late);
  }

  /** Records a failure; warns once until the shard answers again. */
  failed(error: unknown): void {
    if (this.#isClosing || hasCode(error, 'OPTION_INVALID') || hasCode(error, 'MESSAGE_INVALID')) return;
    this.#failures += 1;
    this.#retryAt = this.#now() + Math.min(longestRetry, firstRetry * 2 ** Math.min(this.#failures - 1, 10));
    if (this.#failures > 1) return;
    const text = `The shard ${this.name} is failing; its messages wait, and the other shards go on.`;
    this.warn(new OfflineImError('SPOOL_FAILED', text, { cause: asError(error), details: { shard: this.name } }));
  }

  warn(error: Error): void {
    this.#context?.onWarning?.(error);
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    this.#endReport();
    await this.#opening?.catch(() => {});
    if (!this.#isOpen || !this.#isClosing) return;
    this.#isOpen = false;
    await this.storage.close();
  }

  async #openNow(context: SpoolContext): Promise<void> {
    await this.storage.open({
      ...context,
      onCorrupt: ({ where, error }) => context.onCorrupt?.({ where: `shard ${this.name}: ${where}`, error }),
      onWarning: (error) => context.onWarning?.(error),
    });
    this.#isOpen = true;
    this.#openings += 1;
    this.#answered();
    // A storage that was opened again is watched anew, and may have something due.
    for (const one of this.#watching) {
      this.#beginWatch(one);
      tell(one.wake);
    }
  }

  #beginWatch(one: Watching): void {
    this.#endWatch(one);
    try {
      one.end = this.storage.watch?.(one.wake);
    } catch (error) {
      this.failed(error);
    }
  }

  #endWatch(one: Watching): void {
    const { end } = one;
    one.end = undefined;
    tell(() => end?.());
  }

  #answered(): void {
    this.#failures = 0;
    this.#retryAt = Number.NEGATIVE_INFINITY;
  }

  /** @throws {OfflineImError} `SPOOL_CLOSED` for one that nobody opened, or that is being closed */
  async #openAgain(): Promise<void> {
    const context = this.#context;
    // A call may have begun before the closing; nobody would close the storage that is opened for it.
    if (context === undefined || this.#isClosing)
      throw new OfflineImError('SPOOL_CLOSED', `The shard ${this.name} is not open; call open() first.`);
    await this.#openOnce(context);
  }

  #now(): number {
    const clock: Pick<Clock, 'monotonic'> | undefined = this.#context?.clock;
    return clock?.monotonic() ?? 0;
  }
}

/** How far the causes of an error are followed. */
const mostCauses = 10;

/** Whether an error has closed a spool, which may then be opened again: not when somebody else has taken it, or this process has closed it. */
function hasClosedItself(error: unknown): boolean {
  if (!hasCode(error, 'SPOOL_CLOSED')) return false;
  let cause = property(error, 'cause');
  for (let depth = 0; depth < mostCauses && cause !== undefined; depth++) {
    if (hasCode(cause, 'SPOOL_CLOSED') || hasCode(cause, 'SPOOL_LOCKED')) return false;
    cause = property(cause, 'cause');
  }
  return cause === undefined && property(error, 'cause') !== undefined;
}
