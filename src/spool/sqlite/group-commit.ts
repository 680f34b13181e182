import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import { RowError } from '../rows/cells.ts';
import { lapse } from '../state/unconfirmed.ts';
import { clampTimes, type SharedClock } from './connection/clock.ts';
import { rollBack } from './connection/schema.ts';
import { isBusy, isFull, leavesDoubt } from './connection/sqlite-error.ts';
import { type CorruptReport, Group } from './group.ts';
import { Stores } from './stores/stores.ts';

/** What became of an operation. `kept`: whether anything of one that failed may have been kept. */
export type Outcome<Result> =
  | { readonly ok: true; readonly value: Result }
  | { readonly ok: false; readonly error: unknown; readonly kept: 'no' | 'unknown' };

interface Job {
  readonly reads: boolean;
  run(group: Group): unknown;
  done(outcome: Outcome<unknown>): void;
}

/** What a {@link Runner} works with. */
export interface RunnerContext {
  readonly database: DatabaseSync;
  readonly clock: SharedClock;
  /** How long others may keep the file locked, in ms. */
  readonly patience: number;
  onCorrupt(report: CorruptReport): void;
  /** Another process has appended. */
  onAppended(): void;
  /** Nothing may be trusted on this connection any more. */
  onDoubt(error: unknown): void;
  /** What every operation is told after that. */
  closed(): Error;
}

/** Operations made durable together at most. */
const groupSize = 256;
/** Leases that run out together at most in one step. */
const lapsesAtOnce = 1_000;
/** ms by which the clocks of two processes may differ. */
const sameTime = 1_000;

/**
 * Group commit: all operations that were asked for by the time a group begins share one transaction, and with it one fsync.
 * Where the group fails each is tried alone, so that one bad operation fails alone.
 */
export class Runner {
  readonly #context: RunnerContext;
  readonly #stores: Stores;
  readonly #dataVersion: StatementSync;
  #seen: unknown;
  #jobs: Job[] = [];
  #working: Promise<void> | undefined;
  #failed = false;
  /** The `appends` of the file that are our own or have been told. */
  #appends: number | undefined;

  constructor(context: RunnerContext) {
    this.#context = context;
    this.#stores = new Stores(context.database);
    this.#dataVersion = context.database.prepare('PRAGMA data_version');
  }

  /** How many operations wait. */
  get waiting(): number {
    return this.#jobs.length;
  }

  /** Runs an operation in the next group. One that only reads waits for no lock. Never rejects. */
  submit<Result>(run: (group: Group) => Result, { reads = false } = {}): Promise<Outcome<Result>> {
    return new Promise((resolve) => {
      this.#jobs.push({ reads, run, done: (outcome) => resolve(outcome as Outcome<Result>) });
      this.#working ??= this.#work();
    });
  }

  /** Resolves when everything that was asked for so far is done. */
  async idle(): Promise<void> {
    while (this.#working !== undefined) await this.#working;
  }

  async #work(): Promise<void> {
    // Whatever else is asked for in this turn of the event loop shares the group.
    for (await nextTurn(); this.#jobs.length > 0; await nextTurn()) {
      const batch = this.#jobs.splice(0, groupSize);
      const alone = await this.#together(batch);
      for (const job of alone) await this.#together([job]);
    }
    this.#working = undefined;
  }

  /** Resolves with the jobs that are to be tried alone. */
  async #together(batch: readonly Job[]): Promise<readonly Job[]> {
    const deadline = performance.now() + this.#context.patience;
    for (;;) {
      if (this.#failed) {
        for (const job of batch) job.done({ ok: false, error: this.#context.closed(), kept: 'no' });
        return [];
      }
      try {
        this.#attempt(batch);
        return [];
      } catch (error) {
        if (isBusy(error) && performance.now() < deadline) {
          await wait(1 + Math.random() * 15);
          continue;
        }
        const doubt = leavesDoubt(error);
        if (doubt) {
          this.#failed = true;
          this.#context.onDoubt(error);
        }
        if (batch.length > 1 && !doubt && !isBusy(error)) return batch;
        for (const job of batch) job.done({ ok: false, error, kept: doubt ? 'unknown' : 'no' });
        return [];
      }
    }
  }

  #attempt(batch: readonly Job[]): void {
    const reads = batch.every((job) => job.reads);
    if (reads && this.#read(batch, true)) return;
    try {
      this.#transaction('BEGIN IMMEDIATE', (group) => {
        this.#lapse(group);
        return this.#run(group, batch);
      });
    } catch (error) {
      // As long as a full disk can't take in that a lease has run out, reading goes on without that.
      if (!reads || !isFull(error) || !this.#read(batch, false)) throw error;
    }
  }

  /** False when there is something to write first, such as a lease that has run out. */
  #read(batch: readonly Job[], lapses: boolean): boolean {
    return this.#transaction('BEGIN', (group) => {
      if (lapses && this.#stores.notes.lapsed(group.now, 1).length > 0) return undefined;
      this.#stores.entries.onUnreadable = undefined;
      this.#stores.notes.onUnreadable = undefined;
      try {
        return this.#run(group, batch);
      } catch (error) {
        if (error instanceof RowError) return undefined;
        throw error;
      }
    });
  }

  /** Commits what the steps changed, then tells their results; they give none to be rolled back. */
  #transaction(begin: string, steps: (group: Group) => (() => void) | undefined): boolean {
    const { database } = this.#context;
    const stores = this.#stores;
    database.exec(begin);
    try {
      const group = this.#begin(begin === 'BEGIN IMMEDIATE');
      const tell = steps(group);
      const writing = tell !== undefined && group.dirty && begin !== 'BEGIN';
      if (writing) group.finish();
      database.exec(writing ? 'COMMIT' : 'ROLLBACK');
      if (writing && group.appended && this.#appends !== undefined) this.#appends += 1;
      for (const report of group.reports) if (writing) this.#context.onCorrupt(report);
      if (writing || !group.dirty) stores.endGroup();
      else stores.forgetAll();
      tell?.();
      return tell !== undefined;
    } catch (error) {
      stores.forgetAll();
      rollBack(database);
      throw error;
    }
  }

  #begin(writing: boolean): Group {
    const row = this.#stores.spool.read();
    // Asked after the first read, which begins the transaction's view: it changes with what other connections commit.
    const version = this.#dataVersion.get()?.data_version;
    if (version !== this.#seen) this.#stores.forgetAll();
    this.#seen = version;
    const time = this.#context.clock.read(row.clock_offset);
    if (this.#appends !== undefined && row.appends !== this.#appends) this.#context.onAppended();
    this.#appends = row.appends;
    const group = new Group(this.#stores, row, time);
    if (writing && time.now < row.last_now - sameTime) {
      clampTimes(this.#context.database, time.now, row.last_now);
      this.#stores.forgetAll();
      group.changed();
    }
    return group;
  }

  #lapse(group: Group): void {
    for (;;) {
      const ids = this.#stores.notes.lapsed(group.now, lapsesAtOnce);
      if (ids.length === 0) return;
      lapse(group.tx, ids, group.now);
      group.flush();
    }
  }

  #run(group: Group, batch: readonly Job[]): () => void {
    const results = batch.map((job) => {
      // It asks the tables, not the transaction.
      if (job.reads) group.flush();
      return job.run(group);
    });
    return () => {
      for (const [index, job] of batch.entries()) job.done({ ok: true, value: results[index] });
    };
  }
}
