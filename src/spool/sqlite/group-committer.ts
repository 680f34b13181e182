import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import { expireLeases } from '../state/unconfirmed.ts';
import type { Connection, Loss, Queries } from './connection/connection.ts';
import { clampExpiries, clampTimes } from './connection/recover.ts';
import { rollBack } from './connection/schema.ts';
import { isAmbiguousWrite, isBusy, isFull } from './connection/sqlite-error.ts';
import { type CorruptReport, Group } from './group.ts';
import { DoubtfulCommit, NothingBegun } from './lost.ts';
import type { SharedClock, SpoolRowChange } from './stores/stores.ts';

/** What became of an operation. `kept`: whether anything of one that failed may have been kept. */
export type Outcome<Result> =
  | { readonly ok: true; readonly value: Result }
  | { readonly ok: false; readonly error: unknown; readonly kept: 'no' | 'unknown' };

interface Job {
  readonly reads: boolean;
  run(group: Group, queries: Queries): unknown;
  done(outcome: Outcome<unknown>): void;
}

/** What a {@link GroupCommitter} works with. */
export interface CommitterContext {
  readonly clock: SharedClock;
  /** How long others may keep the file locked, in ms. */
  readonly busyTimeout: number;
  onCorrupt(report: CorruptReport): void;
  /** Another process has appended. */
  onAppended(): void;
  /** Nothing may be trusted on this connection any more. */
  onDoubt(error: unknown): void;
  /** Opens the file anew in place of a connection that has lost it; rejects when it can't be opened. */
  reopen(loss: Loss): Promise<Connection>;
  /** What an operation is told whose commit went to a file that was lost. */
  lost(loss: Loss): Error;
  /** What every operation is told after doubt. */
  closed(): Error;
}

/** Operations made durable together at most. */
const groupSize = 256;
/** Work that waits goes on whatever a timer does: nobody else would take it up. */
const turn = (): Promise<void> => nextTurn().catch(() => undefined);
/** Leases that run out together at most in one step. */
const lapsesAtOnce = 1_000;
/** ms by which the clocks of two processes may differ. */
const sameTime = 1_000;
/** ms by which the wall clock may go back without expiries being looked through. */
const mindedStep = 60_000;

/**
 * Group commit: all operations that were asked for by the time a group begins share one transaction, and with it one fsync.
 * Where the group fails each is tried alone, so that one bad operation fails alone. No result is told before it is seen that
 * the file is the one that the path leads to, and still locked.
 */
export class GroupCommitter {
  readonly #context: CommitterContext;
  #connection: Connection;
  #seen: unknown;
  #jobs: Job[] = [];
  #working: Promise<void> | undefined;
  #failed = false;
  #loss: Loss | undefined;
  /** The `appends` of the file that are our own or have been told. */
  #appends: number | undefined;

  constructor(context: CommitterContext, connection: Connection) {
    this.#context = context;
    this.#connection = connection;
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

  async #work(): Promise<void> {
    // Whatever else is asked for in this turn of the event loop shares the group.
    for (await turn(); this.#jobs.length > 0; await turn()) {
      const batch = this.#jobs.splice(0, groupSize);
      const alone = await this.#together(batch);
      for (const job of alone) await this.#together([job]);
    }
    this.#working = undefined;
  }

  /** Looks at the file while nothing is asked for; reads the spool's row when others have committed anything, and with it whether they have appended. */
  look(): void {
    if (this.#working !== undefined || this.#failed) return;
    this.#loss ??= this.#connection.file.look();
    if (this.#loss === undefined && this.#connection.dataVersion() === this.#seen) return;
    void this.submit(() => undefined, { reads: true });
  }

  /** Resolves with the jobs that are to be tried alone. */
  async #together(batch: readonly Job[]): Promise<readonly Job[]> {
    const deadline = performance.now() + this.#context.busyTimeout;
    for (;;) {
      if (!(await this.#hasFile())) {
        for (const job of batch) job.done({ ok: false, error: this.#context.closed(), kept: 'no' });
        return [];
      }
      try {
        this.#attempt(batch);
        return [];
      } catch (error) {
        if (error instanceof DoubtfulCommit) return await this.#afterLoss(error, batch);
        const loss = error instanceof NothingBegun ? error.loss : undefined;
        this.#loss ??= loss;
        if ((loss !== undefined || isBusy(error)) && performance.now() < deadline) {
          await wait(1 + Math.random() * 15);
          continue;
        }
        if (loss !== undefined) {
          // It is lost again and again; the next operation opens it anew.
          for (const job of batch) job.done({ ok: false, error: this.#context.lost(loss), kept: 'no' });
          return [];
        }
        const doubt = isAmbiguousWrite(error);
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

  /** Opens the file anew where it was lost; false when nothing can be done any more. */
  async #hasFile(): Promise<boolean> {
    if (this.#failed) return false;
    const loss = this.#loss ?? (this.#connection.file.replaced ? 'replaced' : undefined);
    if (loss === undefined) return true;
    try {
      this.#connection = await this.#context.reopen(loss);
      this.#loss = undefined;
      this.#seen = undefined;
    } catch (error) {
      this.#failed = true;
      this.#context.onDoubt(error);
    }
    return !this.#failed;
  }

  /** Whoever took the file for unused may have folded the log in with this commit, or without. Resolves with what is to be tried again. */
  async #afterLoss({ loss, written, tell }: DoubtfulCommit, batch: readonly Job[]): Promise<readonly Job[]> {
    this.#loss = loss;
    if ((await this.#hasFile()) && this.#holds(written)) {
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

  #attempt(batch: readonly Job[]): void {
    const reads = batch.every((job) => job.reads);
    if (reads && this.#reads(batch)) return;
    try {
      const { file, lock } = this.#connection;
      lock.hold(() => {
        // Somebody may have taken the file for unused by now: what is written then would go beside what they write. Or they have made its shared memory anew,
        // which then looks as it did when this connection began, and pages that it remembers from there would be taken for those of the file.
        const loss = file.look();
        if (loss !== undefined) throw new NothingBegun(loss);
        if (!file.watchesLocks) this.#connection.forgetPages();
        this.#transaction('BEGIN IMMEDIATE', (group) => {
          this.#expireLeases(group);
          return this.#run(group, batch);
        });
      });
    } catch (error) {
      // As long as a full disk can't take in that a lease has run out, reading goes on without that.
      if (!reads || !isFull(error) || !this.#read(batch, false)) throw error;
    }
  }

  /** False too when it read what somebody was writing, since its locks were dropped: with the lock that can't happen. */
  #reads(batch: readonly Job[]): boolean {
    try {
      return this.#read(batch, true);
    } catch (error) {
      if (!isAmbiguousWrite(error)) throw error;
      return false;
    }
  }

  /** False when there is something to write first, such as a lease that has run out. */
  #read(batch: readonly Job[], lapses: boolean): boolean {
    return this.#transaction('BEGIN', (group) => {
      const { stores } = this.#connection;
      if (lapses && stores.notes.lapsed(group.now, 1).length > 0) return undefined;
      const tell = this.#run(group, batch);
      return stores.unreadable.found ? undefined : tell;
    });
  }

  /** Commits what the steps changed, then tells their results; they give none to be rolled back. */
  #transaction(begin: string, steps: (group: Group) => (() => void) | undefined): boolean {
    const { database, stores, file } = this.#connection;
    database.exec(begin);
    try {
      const group = this.#begin(begin === 'BEGIN IMMEDIATE');
      const tell = steps(group);
      const writing = tell !== undefined && group.dirty && begin !== 'BEGIN';
      const written = writing ? group.finish() : undefined;
      database.exec(written === undefined ? 'ROLLBACK' : 'COMMIT');
      const done = (): void => {
        if (written?.appended === true && this.#appends !== undefined) this.#appends += 1;
        for (const report of group.reports) if (written !== undefined) this.#context.onCorrupt(report);
        tell?.();
      };
      const loss = written === undefined ? undefined : file.look();
      if (written !== undefined && loss !== undefined) throw new DoubtfulCommit(loss, written, done);
      if (written !== undefined || !group.dirty) stores.endGroup();
      else stores.forgetAll();
      done();
      return tell !== undefined;
    } catch (error) {
      stores.forgetAll();
      rollBack(database);
      throw error;
    }
  }

  #begin(writing: boolean): Group {
    const { stores, database } = this.#connection;
    const row = stores.spool.read();
    // Asked after the first read, which begins the transaction's view: it changes with what other connections commit.
    const version = this.#connection.dataVersion();
    if (version !== this.#seen) stores.forgetAll();
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

  #run(group: Group, batch: readonly Job[]): () => void {
    const results = batch.map((job) => {
      // It asks the tables, not the transaction.
      if (job.reads) group.flush();
      return job.run(group, this.#connection.queries);
    });
    return () => {
      for (const [index, job] of batch.entries()) job.done({ ok: true, value: results[index] });
    };
  }
}
