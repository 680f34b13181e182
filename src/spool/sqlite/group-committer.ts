import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import { hasCode } from '../../core/errors/offline-im-error.ts';
import type { Connection, Loss, Queries } from './connection/connection.ts';
import { DoubtfulCommit, FailedCommit, NothingBegun, UnusableHandle } from './connection/lost.ts';
import { isBusy, isDamage } from './connection/sqlite-error.ts';
import type { Group } from './group.ts';
import type { SpoolRowChange } from './stores/stores.ts';
import { type Job, type Outcome, Transactions, type TransactionsContext } from './transactions.ts';

/** What a {@link GroupCommitter} works with. */
export interface CommitterContext extends TransactionsContext {
  /** How long others may keep the file locked, in ms. */
  readonly busyTimeout: number;
  /** Nothing may be trusted on this file any more. */
  onDoubt(error: unknown): void;
  /** The connection failed, and the file is opened anew; once until an operation works again. */
  onFault(error: unknown): void;
  /** Opens the file anew in place of a connection that has lost it, or that failed (`undefined`); rejects when it can't be opened. */
  reopen(loss: Loss | undefined): Promise<Connection>;
  /** What an operation is told whose commit went to a file that was lost. */
  lost(loss: Loss): Error;
  /** What every operation is told after doubt. */
  closed(): Error;
}

/** Operations made durable together at most. */
const groupSize = 256;
/** ms, and one more, between two looks for the lock. None waits for it: the event loop has results to take in meanwhile. */
const longestPause = 4;

/** Work that waits goes on whatever a timer does: nobody else would take it up. */
async function pause(sleep: () => Promise<unknown>): Promise<void> {
  try {
    await sleep();
  } catch {
    // Then it goes on at once.
  }
}

/**
 * Group commit: all operations that were asked for by the time a group begins share one transaction, and with it one fsync.
 * Where the group fails each is tried alone, so that one bad operation fails alone. No result is told before it is seen that
 * the file is the one that the path leads to, and still locked.
 *
 * An I/O error before a commit kept nothing: the file is opened anew, and what failed is tried once more. One that leaves a commit in doubt,
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
  /** The connection failed, and can't be used any more. */
  #unusable = false;
  /** It was said that it did. */
  #toldOfFault = false;

  constructor(context: CommitterContext, connection: Connection) {
    this.#context = context;
    this.#connection = connection;
    this.#transactions = new Transactions(context);
  }

  /** The file as it is open now. */
  get connection(): Connection {
    return this.#connection;
  }

  /** How many operations wait. */
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

  /** Resolves when everything that was asked for so far is done. */
  async idle(): Promise<void> {
    while (this.#working !== undefined) await this.#working;
  }

  /** Never rejects, and ends only when nothing waits: whatever else happened, all operations after it would wait for ever. */
  async #work(): Promise<void> {
    // Whatever else is asked for in this turn of the event loop shares the group.
    for (await pause(nextTurn); this.#jobs.length > 0; await pause(nextTurn)) {
      const batch = this.#jobs.splice(0, groupSize);
      try {
        const alone = await this.#together(batch);
        for (const job of alone) await this.#together([job]);
      } catch (error) {
        // Nothing that is known leads here; those that were told already take no notice.
        for (const job of batch) job.done({ ok: false, error, kept: 'unknown' });
      }
    }
    this.#working = undefined;
  }

  /** Looks at the file while nothing is asked for; reads the spool's row when others have committed anything, and with it whether they have appended. */
  look(): void {
    if (this.#working !== undefined || this.#failed) return;
    if (!this.#unusable) this.#loss ??= this.#connection.file.look();
    if (this.#loss === undefined && !this.#unusable && this.#transactions.isCurrent(this.#connection)) return;
    void this.submit(() => undefined, { reads: true });
  }

  /** Resolves with the jobs that are to be tried alone. */
  async #together(batch: readonly Job[]): Promise<readonly Job[]> {
    const deadline = performance.now() + this.#context.busyTimeout;
    for (let anew = false; ; ) {
      const refusal = await this.#refusal();
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
          // It is lost again and again; the next operation opens it anew.
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
        const { cause, doubtful } = judged(error);
        if (doubtful) this.#doubt(cause);
        if (batch.length > 1 && !doubtful && !isBusy(cause)) return batch;
        for (const job of batch) job.done({ ok: false, error: cause, kept: doubtful ? 'unknown' : 'no' });
        return [];
      }
    }
  }

  #fault(cause: unknown): void {
    this.#unusable = true;
    // Before it is closed: then its log is gone, too.
    this.#loss ??= this.#connection.file.look();
    if (!this.#toldOfFault) this.#context.onFault(cause);
    this.#toldOfFault = true;
  }

  #doubt(error: unknown): void {
    this.#failed = true;
    this.#context.onDoubt(error);
  }

  /** Opens the file anew where it was lost, or where the connection failed; why nothing can be done, if it can't. */
  async #refusal(): Promise<{ readonly error: unknown } | undefined> {
    if (this.#failed) return { error: this.#context.closed() };
    const loss = this.#loss ?? (!this.#unusable && this.#connection.file.replaced ? 'replaced' : undefined);
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
      this.#doubt(error);
      return { error: this.#context.closed() };
    }
  }

  /** Whoever took the file for unused may have folded the log in with this commit, or without. Resolves with what is to be tried again. */
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

  /** True when that commit is the last one of the file. */
  #holds({ rev, ord, now }: SpoolRowChange): boolean {
    try {
      const row = this.#connection.stores.spool.read();
      return row.rev === rev && row.ord === ord && row.last_now === now;
    } catch {
      return false;
    }
  }
}

/** What SQLite said, and whether nothing on this file may be trusted after it. */
function judged(error: unknown): { readonly cause: unknown; readonly doubtful: boolean } {
  if (error instanceof FailedCommit) return { cause: error.cause, doubtful: true };
  const cause = error instanceof UnusableHandle ? error.cause : error;
  return { cause, doubtful: isDamage(cause) };
}

/** Opening the file again would fail in the same way. */
function isLasting(error: unknown): boolean {
  return isDamage(error) || hasCode(error, 'SPOOL_CORRUPT') || hasCode(error, 'SPOOL_VERSION');
}
