import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import { hasCode } from '../../core/errors/offline-im-error.ts';
import type { Connection, Loss, Queries } from './connection/connection.ts';
import { DoubtfulCommit, FailedCommit, NothingBegun, UnusableHandle } from './connection/lost.ts';
import { isBusy, isDamage } from './connection/sqlite-error.ts';
import type { Group } from './group.ts';
import type { SpoolRowChange } from './stores/stores.ts';
import { type Job, type Outcome, Transactions, type TransactionsContext } from './transactions.ts';

/** The surroundings of a {@link GroupCommitter}. */
export interface CommitterContext extends TransactionsContext {
  /** How long others may keep the file locked, in ms. */
  readonly busyTimeout: number;
  /** Called when the file can no longer be trusted. */
  onFatal(error: unknown): void;
  /** Called when the connection failed and the file is being reopened; once until an operation works again. */
  onFault(error: unknown): void;
  /** Reopens the file after a connection has lost it, or has failed (`undefined`); rejects when it can't be opened. */
  reopen(loss: Loss | undefined): Promise<Connection>;
  /** The error for an operation whose commit went to a file that was lost. */
  lost(loss: Loss): Error;
  /** The error for every operation after {@link CommitterContext.onFatal}. */
  closed(): Error;
}

/** At most this many operations become durable together. */
const groupSize = 256;
/** ms: the longest pause between two attempts to take the lock, beyond 1 ms. No attempt blocks: the event loop has other work. */
const longestPause = 4;

/** Sleeps. Goes on even if a timer fails: nothing else would resume the waiting work. */
async function pause(sleep: () => Promise<unknown>): Promise<void> {
  try {
    await sleep();
  } catch {
    // Goes on at once.
  }
}

/**
 * Group commit: all operations submitted by the time a group begins share one transaction, and with it one fsync.
 * If the group fails, each is tried alone, so that a bad operation fails alone. No result is returned before a check that the file is the
 * one that the path leads to, and still locked.
 *
 * An I/O error before a commit kept nothing: the file is reopened, and the group is tried once more. An error that leaves a commit in doubt,
 * or shows damage, ends all work on the file.
 */
export class GroupCommitter {
  readonly #context: CommitterContext;
  readonly #transactions: Transactions;
  #connection: Connection;
  #jobs: Job[] = [];
  #working: Promise<void> | undefined;
  #failed = false;
  #loss: Loss | undefined;
  /** Whether the connection failed and can't be used any more. */
  #unusable = false;
  /** Whether the host was warned of that. */
  #toldOfFault = false;

  constructor(context: CommitterContext, connection: Connection) {
    this.#context = context;
    this.#connection = connection;
    this.#transactions = new Transactions(context);
  }

  /** The open connection; another one after the file was reopened. */
  get connection(): Connection {
    return this.#connection;
  }

  /** How many operations wait for a group. */
  get waiting(): number {
    return this.#jobs.length;
  }

  /** Runs an operation in the next group. One that only reads waits for no lock. Never rejects. */
  submit<Result>(run: (group: Group, queries: Queries) => Result, { reads = false } = {}): Promise<Outcome<Result>> {
    return new Promise((resolve) => {
      this.#jobs.push({ reads, run, done: (outcome) => resolve(outcome as Outcome<Result>) });
      this.#working ??= this.#work();
    });
  }

  /** Resolves once everything submitted so far is done. */
  async idle(): Promise<void> {
    while (this.#working !== undefined) await this.#working;
  }

  /** Never rejects, and ends only when nothing waits: otherwise all later operations would wait for ever. */
  async #work(): Promise<void> {
    // All operations of this turn of the event loop share the group.
    for (await pause(nextTurn); this.#jobs.length > 0; await pause(nextTurn)) {
      const batch = this.#jobs.splice(0, groupSize);
      try {
        const alone = await this.#together(batch);
        for (const job of alone) await this.#together([job]);
      } catch (error) {
        // No known case. Jobs that are done ignore it.
        for (const job of batch) job.done({ ok: false, error, kept: 'unknown' });
      }
    }
    this.#working = undefined;
  }

  /** Checks the file while nothing is submitted; if others have committed anything, reads the spool's row, which shows their appends. */
  look(): void {
    if (this.#working !== undefined || this.#failed) return;
    if (!this.#unusable) this.#loss ??= this.#connection.file.look();
    if (this.#loss === undefined && !this.#unusable && this.#transactions.isCurrent(this.#connection)) return;
    void this.submit(() => undefined, { reads: true });
  }

  /** Runs a group. Resolves with the jobs to be tried alone. */
  async #together(batch: readonly Job[]): Promise<readonly Job[]> {
    const deadline = performance.now() + this.#context.busyTimeout;
    for (let anew = false; ; ) {
      const refusal = await this.#refusal(batch);
      if (refusal !== undefined) {
        for (const job of batch) job.done({ ok: false, error: refusal.error, kept: 'no' });
        return [];
      }
      try {
        this.#transactions.run(this.#connection, batch);
        this.#toldOfFault = false;
        return [];
      } catch (error) {
        if (error instanceof DoubtfulCommit) return await this.#afterLoss(error, batch);
        const loss = error instanceof NothingBegun ? error.loss : undefined;
        this.#loss ??= loss;
        if ((loss !== undefined || isBusy(error)) && performance.now() < deadline) {
          await pause(() => wait(1 + Math.random() * longestPause));
          continue;
        }
        if (loss !== undefined) {
          // Lost again and again; the next operation reopens it.
          for (const job of batch) job.done({ ok: false, error: this.#context.lost(loss), kept: 'no' });
          return [];
        }
        if (error instanceof UnusableHandle) {
          this.#fault(error.cause);
          if (!anew) {
            anew = true;
            continue;
          }
        }
        const { cause, fatal } = judged(error);
        if (fatal) this.#fail(cause);
        if (batch.length > 1 && !fatal && !isBusy(cause)) return batch;
        for (const job of batch) job.done({ ok: false, error: cause, kept: fatal ? 'unknown' : 'no' });
        return [];
      }
    }
  }

  #fault(cause: unknown): void {
    this.#unusable = true;
    // Before the connection is closed, which removes its log.
    this.#loss ??= this.#connection.file.look();
    if (!this.#toldOfFault) this.#context.onFault(cause);
    this.#toldOfFault = true;
  }

  #fail(error: unknown): void {
    this.#failed = true;
    this.#context.onFatal(error);
  }

  /** Reopens the file if it was lost, or if the connection failed. Resolves with an error if that fails. A group that writes looks at the file itself, under the lock. */
  async #refusal(batch: readonly Job[] = []): Promise<{ readonly error: unknown } | undefined> {
    if (this.#failed) return { error: this.#context.closed() };
    const looks = !this.#unusable && batch.every((job) => job.reads);
    const loss = this.#loss ?? (looks && this.#connection.file.replaced ? 'replaced' : undefined);
    if (loss === undefined && !this.#unusable) return undefined;
    try {
      this.#connection = await this.#context.reopen(loss);
      this.#loss = undefined;
      this.#unusable = false;
      this.#transactions.forget();
      return undefined;
    } catch (error) {
      // A disk that fails may be back by the next operation.
      if (loss === undefined && !isLasting(error)) return { error };
      this.#fail(error);
      return { error: this.#context.closed() };
    }
  }

  /** After a commit to a lost file: a process that took it for unused may have checkpointed the log with this commit, or without. Resolves with the jobs to retry. */
  async #afterLoss({ loss, written, tell }: DoubtfulCommit, batch: readonly Job[]): Promise<readonly Job[]> {
    this.#loss = loss;
    if ((await this.#refusal()) === undefined && this.#holds(written)) {
      tell();
      return [];
    }
    const error = this.#context.lost(loss);
    for (const job of batch) if (!job.reads) job.done({ ok: false, error, kept: 'unknown' });
    return batch.filter((job) => job.reads);
  }

  /** Whether that commit is the file's last one. */
  #holds({ rev, ord, now }: SpoolRowChange): boolean {
    try {
      const row = this.#connection.stores.spool.read();
      return row.rev === rev && row.ord === ord && row.last_now === now;
    } catch {
      return false;
    }
  }
}

/** The error of SQLite, and whether the file can no longer be trusted after it. */
function judged(error: unknown): { readonly cause: unknown; readonly fatal: boolean } {
  if (error instanceof FailedCommit) return { cause: error.cause, fatal: true };
  const cause = error instanceof UnusableHandle ? error.cause : error;
  return { cause, fatal: isDamage(cause) };
}

/** Whether reopening the file would fail again. */
function isLasting(error: unknown): boolean {
  return isDamage(error) || hasCode(error, 'SPOOL_CORRUPT') || hasCode(error, 'SPOOL_VERSION');
}
