import { expireLeases } from '../state/unconfirmed.ts';
import type { Connection, Queries } from './connection/connection.ts';
import { DoubtfulCommit, FailedCommit, NothingBegun, UnusableHandle } from './connection/lost.ts';
import { clampExpiries, clampTimes } from './connection/recover.ts';
import { rollBack } from './connection/schema.ts';
import { isBusy, isDamage, isFull, isInputOutput } from './connection/sqlite-error.ts';
import { type CorruptReport, Group } from './group.ts';
import type { SharedClock } from './stores/stores.ts';

/** The outcome of an operation. `kept`: whether any of it may have been kept although it failed. */
export type Outcome<Result> =
  | { readonly ok: true; readonly value: Result }
  | { readonly ok: false; readonly error: unknown; readonly kept: 'no' | 'unknown' };

/** An operation that waits for its group. */
export interface Job {
  readonly reads: boolean;
  run(group: Group, queries: Queries): unknown;
  done(outcome: Outcome<unknown>): void;
}

/** The surroundings of {@link Transactions}. */
export interface TransactionsContext {
  readonly clock: SharedClock;
  /** Never throws: it is called after a commit. */
  onCorrupt(report: CorruptReport): void;
  /** Called when another process has appended. */
  onAppended(): void;
}

/** How many leases one step ends at most. */
const lapsesAtOnce = 1_000;
/** ms by which the clocks of two processes may differ. */
const sameTime = 1_000;
/** ms by which the wall clock may go back before expiries are corrected. */
const toleratedStep = 60_000;

/** Runs one transaction per group of operations, on whichever connection is open. */
export class Transactions {
  readonly #context: TransactionsContext;
  /** The version of the file's data at the last transaction. */
  #seen: unknown;
  /** The `appends` of the file, as far as they are our own or were reported. */
  #appends: number | undefined;

  constructor(context: TransactionsContext) {
    this.#context = context;
  }

  /** Whether nobody else has committed anything since the last transaction. */
  isCurrent(connection: Connection): boolean {
    return connection.dataVersion() === this.#seen;
  }

  /** Forgets what it has seen: the next transaction is the first one of another connection. */
  forget(): void {
    this.#seen = undefined;
  }

  /**
   * Runs operations together and gives out their results, or throws: then it has given out none, and nothing was kept.
   *
   * @throws {DoubtfulCommit} or {@link FailedCommit} where it can't be told whether it was kept, {@link NothingBegun} for a file that was lost,
   * {@link UnusableHandle} when the connection may no longer be trusted; SQLite's own errors otherwise
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

  /** Reads without the write lock. Returns false when there is something to write first, or when its locks were dropped and it read what somebody was writing. */
  #reads(connection: Connection, batch: readonly Job[]): boolean {
    try {
      return this.#read(connection, batch, true);
    } catch (error) {
      if (error instanceof UnusableHandle || isDamage(error)) return false;
      throw error;
    }
  }

  /** Returns false when there is something to write first, such as a lease that has run out. */
  #read(connection: Connection, batch: readonly Job[], lapses: boolean): boolean {
    return this.#transaction(connection, 'BEGIN', (group) => {
      const { stores } = connection;
      if (lapses && stores.notes.lapsed(group.now, 1).length > 0) return undefined;
      const tell = this.#run(connection, group, batch);
      return stores.unreadable.found ? undefined : tell;
    });
  }

  /** Commits the changes of the steps, then gives out their results; rolls back when they return none. */
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
    if (writing && time.offset > row.clock_offset + toleratedStep) {
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
