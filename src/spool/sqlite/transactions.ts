import { expireLeases } from '../state/unconfirmed.ts';
import type { Connection, Queries } from './connection/connection.ts';
import { DoubtfulCommit, FailedCommit, NothingBegun, UnusableHandle } from './connection/lost.ts';
import { clampExpiries, clampTimes } from './connection/recover.ts';
import { rollBack } from './connection/schema.ts';
import { isBusy, isDamage, isFull, isInputOutput } from './connection/sqlite-error.ts';
import { type CorruptReport, Group } from './group.ts';
import type { SharedClock } from './stores/stores.ts';

/** What became of an operation. `kept`: whether anything of one that failed may have been kept. */
export type Outcome<Result> =
  | { readonly ok: true; readonly value: Result }
  | { readonly ok: false; readonly error: unknown; readonly kept: 'no' | 'unknown' };

/** An operation that waits for its group. */
export interface Job {
  readonly reads: boolean;
  run(group: Group, queries: Queries): unknown;
  done(outcome: Outcome<unknown>): void;
}

/** What {@link Transactions} work with. */
export interface TransactionsContext {
  readonly clock: SharedClock;
  /** Never throws: it is called after a commit. */
  onCorrupt(report: CorruptReport): void;
  /** Another process has appended. */
  onAppended(): void;
}

/** Leases that run out together at most in one step. */
const lapsesAtOnce = 1_000;
/** ms by which the clocks of two processes may differ. */
const sameTime = 1_000;
/** ms by which the wall clock may go back without expiries being looked through. */
const mindedStep = 60_000;

/** One transaction for each group of operations, whichever connection is open. */
export class Transactions {
  readonly #context: TransactionsContext;
  /** The version of the file's data that is known. */
  #seen: unknown;
  /** The `appends` of the file that are our own or have been told. */
  #appends: number | undefined;

  constructor(context: TransactionsContext) {
    this.#context = context;
  }

  /** False when others have committed anything since the last transaction. */
  isCurrent(connection: Connection): boolean {
    return connection.dataVersion() === this.#seen;
  }

  /** The next transaction is the first one of another connection. */
  forget(): void {
    this.#seen = undefined;
  }

  /**
   * Runs operations together and tells their results, or throws: then nothing was kept and none has been told.
   *
   * @throws {DoubtfulCommit} or {@link FailedCommit} where it can't be told whether it was kept, {@link NothingBegun} for a file that was lost,
   * {@link UnusableHandle} when the connection is no longer to be trusted; SQLite's own errors otherwise
   */
  run(connection: Connection, batch: readonly Job[]): void {
    const reads = batch.every((job) => job.reads);
    if (reads && this.#reads(connection, batch)) return;
    try {
      const { file, lock } = connection;
      lock.hold(() => {
        // Somebody may have taken the file for unused by now: what is written then would go beside what they write. Or they have made its shared memory anew,
        // which then looks as it did when this connection began, and pages that it remembers from there would be taken for those of the file.
        const loss = file.look();
        if (loss !== undefined) throw new NothingBegun(loss);
        if (!file.watchesLocks) connection.forgetPages();
        this.#transaction(connection, 'BEGIN IMMEDIATE', (group) => {
          this.#expireLeases(group);
          return this.#run(connection, group, batch);
        });
      }, 0);
    } catch (error) {
      // As long as a full disk can't take in that a lease has run out, reading goes on without that.
      if (!reads || !isFull(error) || !this.#read(connection, batch, false)) throw error;
    }
  }

  /** False too when it read what somebody was writing, since its locks were dropped: with the lock that can't happen. */
  #reads(connection: Connection, batch: readonly Job[]): boolean {
    try {
      return this.#read(connection, batch, true);
    } catch (error) {
      if (error instanceof UnusableHandle || isDamage(error)) return false;
      throw error;
    }
  }

  /** False when there is something to write first, such as a lease that has run out. */
  #read(connection: Connection, batch: readonly Job[], lapses: boolean): boolean {
    return this.#transaction(connection, 'BEGIN', (group) => {
      const { stores } = connection;
      if (lapses && stores.notes.lapsed(group.now, 1).length > 0) return undefined;
      const tell = this.#run(connection, group, batch);
      return stores.unreadable.found ? undefined : tell;
    });
  }

  /** Commits what the steps changed, then tells their results; they give none to be rolled back. */
  #transaction(
    connection: Connection,
    begin: 'BEGIN' | 'BEGIN IMMEDIATE',
    steps: (group: Group) => (() => void) | undefined,
  ): boolean {
    const { database, stores, file } = connection;
    try {
      database.exec(begin);
    } catch (error) {
      // One that can't begin another transaction, since the last one was neither committed nor rolled back, never could again.
      throw isBusy(error) || isFull(error) || isDamage(error) ? error : new UnusableHandle(error);
    }
    let committing = false;
    let done: () => void;
    let told: boolean;
    try {
      const group = this.#begin(connection, begin === 'BEGIN IMMEDIATE');
      const tell = steps(group);
      const writing = tell !== undefined && group.dirty && begin !== 'BEGIN';
      const written = writing ? group.finish() : undefined;
      committing = writing;
      database.exec(written === undefined ? 'ROLLBACK' : 'COMMIT');
      done = () => {
        if (written?.appended === true && this.#appends !== undefined) this.#appends += 1;
        for (const report of group.reports) if (written !== undefined) this.#context.onCorrupt(report);
        tell?.();
      };
      const loss = written === undefined ? undefined : file.look();
      if (written !== undefined && loss !== undefined) throw new DoubtfulCommit(loss, written, done);
      if (written !== undefined || !group.dirty) stores.endGroup();
      else stores.forgetAll();
      told = tell !== undefined;
    } catch (error) {
      stores.forgetAll();
      rollBack(database);
      if (error instanceof DoubtfulCommit) throw error;
      // SQLite keeps nothing of a transaction that others, or a full disk, kept it from committing.
      if (committing && !isBusy(error) && !isFull(error)) throw new FailedCommit(error);
      throw isInputOutput(error) ? new UnusableHandle(error) : error;
    }
    done();
    return told;
  }

  #begin(connection: Connection, writing: boolean): Group {
    const { stores, database } = connection;
    const row = stores.spool.read();
    // Asked after the first read, which begins the transaction's view: it changes with what other connections commit.
    const version = connection.dataVersion();
    if (version !== this.#seen) stores.doubtAll();
    this.#seen = version;
    const time = this.#context.clock.read(row.clock_offset);
    if (this.#appends !== undefined && row.appends !== this.#appends) this.#context.onAppended();
    this.#appends = row.appends;
    const group = new Group(stores, row, time, writing);
    if (writing && time.now < row.last_now - sameTime) {
      clampTimes(database, { now: time.now, wall: group.wall, before: row.last_now });
      stores.forgetAll();
      group.changed();
    }
    if (writing && time.offset > row.clock_offset + mindedStep) {
      clampExpiries(database, group.wall);
      stores.forgetAll();
      group.changed();
    }
    return group;
  }

  #expireLeases(group: Group): void {
    for (;;) {
      const ids = group.stores.notes.lapsed(group.now, lapsesAtOnce);
      if (ids.length === 0) return;
      expireLeases(group.tx, ids, group.now);
      group.flush();
    }
  }

  #run({ queries }: Connection, group: Group, batch: readonly Job[]): () => void {
    const results = batch.map((job) => {
      // It asks the tables, not the transaction.
      if (job.reads) group.flush();
      return job.run(group, queries);
    });
    return () => {
      for (const [index, job] of batch.entries()) job.done({ ok: true, value: results[index] });
    };
  }
}
