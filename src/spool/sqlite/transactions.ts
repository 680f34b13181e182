import { expireLeases } from '../state/unconfirmed.ts';
import type { Connection, Queries } from './connection/connection.ts';
import { DoubtfulCommit, FailedCommit, NothingBegun, UnusableHandle } from './connection/lost.ts';
import { clampExpiries, clampTimes } from './connection/recover.ts';
import { rollBack } from './connection/schema.ts';
import { isBusy, isDamage, isFull, isInputOutput } from './connection/sqlite-error.ts';
import { type CorruptReport, Group } from './group.ts';
import type { SharedClock } from './stores/stores.ts';

/** The outcome of an operation. `kept`: whether part of it may have been kept although it failed. */
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

/** At most this many leases expire in one step. */
const leasesAtOnce = 1_000;
/** ms by which the clocks of two processes may differ. */
const sameTime = 1_000;
/** ms by which the wall clock may be set back before expiries are corrected. */
const toleratedStep = 60_000;

/** Runs one transaction per group of operations, on whichever connection is open. */
export class Transactions {
  readonly #context: TransactionsContext;
  /** The version of the file's data at the last transaction. */
  #seen: unknown;
  /** The file's `appends`: our own, and those already reported. */
  #appends: number | undefined;

  constructor(context: TransactionsContext) {
    this.#context = context;
  }

  /** Whether no other connection has committed since the last transaction. */
  isCurrent(connection: Connection): boolean {
    return connection.dataVersion() === this.#seen;
  }

  /** Forgets the version seen: the next transaction is the first one of another connection. */
  forget(): void {
    this.#seen = undefined;
  }

  /**
   * Runs operations together and returns their results, or throws: then it has returned none, and nothing was kept.
   *
   * @throws {DoubtfulCommit} or {@link FailedCommit} if it is unknown whether it was kept, {@link NothingBegun} for a file that was lost,
   * {@link UnusableHandle} if the connection can no longer be trusted; SQLite's own errors otherwise
   */
  run(connection: Connection, batch: readonly Job[]): void {
    const reads = batch.every((job) => job.reads);
    if (reads && this.#reads(connection, batch)) return;
    try {
      const { file, lock } = connection;
      lock.hold(() => {
        // Another process may have taken the file for unused: writes would go beside its own. Or it has recreated the shared memory, which then looks as it did
        // when this connection began, and pages cached from then would be taken for the file's.
        const loss = file.look();
        if (loss !== undefined) throw new NothingBegun(loss);
        if (!file.watchesLocks) connection.forgetPages();
        this.#transaction(connection, 'BEGIN IMMEDIATE', (group) => {
          this.#expireLeases(group);
          return this.#run(connection, group, batch);
        });
      }, 0);
    } catch (error) {
      // While a full disk prevents expiring leases, reads go on without that.
      if (!reads || !isFull(error) || !this.#read(connection, batch, false)) throw error;
    }
  }

  /** Reads without the write lock. Returns false if there is something to write first, or if its locks were dropped and it read a half-written state. */
  #reads(connection: Connection, batch: readonly Job[]): boolean {
    try {
      return this.#read(connection, batch, true);
    } catch (error) {
      if (error instanceof UnusableHandle || isDamage(error)) return false;
      throw error;
    }
  }

  /** Returns false if there is something to write first, such as an expired lease. */
  #read(connection: Connection, batch: readonly Job[], checksLeases: boolean): boolean {
    return this.#transaction(connection, 'BEGIN', (group) => {
      const { stores } = connection;
      if (checksLeases && stores.notes.lapsed(group.now, 1).length > 0) return undefined;
      const tell = this.#run(connection, group, batch);
      return stores.unreadable.found ? undefined : tell;
    });
  }

  /** Commits the changes of the steps, then returns their results; rolls back if there are none. */
  #transaction(
    connection: Connection,
    begin: 'BEGIN' | 'BEGIN IMMEDIATE',
    steps: (group: Group) => (() => void) | undefined,
  ): boolean {
    const { database, stores, file } = connection;
    try {
      database.exec(begin);
    } catch (error) {
      // A connection whose last transaction was neither committed nor rolled back can never begin another.
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
      // SQLite keeps nothing of a transaction whose commit was prevented by others, or by a full disk.
      if (committing && !isBusy(error) && !isFull(error)) throw new FailedCommit(error);
      throw isInputOutput(error) ? new UnusableHandle(error) : error;
    }
    done();
    return told;
  }

  #begin(connection: Connection, writing: boolean): Group {
    const { stores, database } = connection;
    const row = stores.spool.read();
    // After the first read, which begins the transaction's snapshot: the version changes with commits of other connections.
    const version = connection.dataVersion();
    if (version !== this.#seen) stores.markStale();
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
      const ids = group.stores.notes.lapsed(group.now, leasesAtOnce);
      if (ids.length === 0) return;
      expireLeases(group.tx, ids, group.now);
      group.flush();
    }
  }

  #run({ queries }: Connection, group: Group, batch: readonly Job[]): () => void {
    const results = batch.map((job) => {
      // Reads query the tables, not the pure transaction.
      if (job.reads) group.flush();
      return job.run(group, queries);
    });
    return () => {
      for (const [index, job] of batch.entries()) job.done({ ok: true, value: results[index] });
    };
  }
}
