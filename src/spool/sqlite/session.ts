import type { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../../core/clock.ts';
import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { quoted } from '../../core/errors/quote.ts';
import { SerialQueue } from '../../core/queues.ts';
import type { SpoolContext } from '../contract.ts';
import { LeaseEnds, Picker } from './claim.ts';
import { SharedClock } from './connection/clock.ts';
import { connect } from './connection/connect.ts';
import { vacuumStep } from './connection/database-file.ts';
import { asSpoolError } from './connection/sqlite-error.ts';
import type { Group } from './group.ts';
import { type Outcome, Runner } from './group-commit.ts';
import { Reading } from './read.ts';
import { Expiry, Tombstones } from './tidy.ts';
import { Watch } from './watch.ts';

/** Queries of an open spool. */
export interface Queries {
  readonly picker: Picker;
  readonly expiry: Expiry;
  readonly reading: Reading;
  readonly leases: LeaseEnds;
  readonly tombstones: Tombstones;
}

interface Opened {
  readonly database: DatabaseSync;
  readonly runner: Runner;
  readonly queries: Queries;
  readonly clock: Clock;
  readonly keepTombstones: number;
}

/** Steps in which one call takes away tombstones at most. */
const tidyingSteps = 20;

/** The file while it is open: what runs on it, and what happens when it fails. */
export class Session {
  readonly #path: string;
  readonly #patience: number;
  readonly #life = new SerialQueue();
  readonly #watch = new Watch();
  #opened: Opened | undefined;
  #failure: unknown;
  /** Work that must end before the file is closed. */
  readonly #uses = new Set<Promise<unknown>>();

  constructor(path: string, patience: number) {
    this.#path = path;
    this.#patience = patience;
  }

  open(context: SpoolContext): Promise<void> {
    return this.#life.run(async () => {
      if (this.#opened !== undefined) return;
      this.#failure = undefined;
      try {
        const database = await connect(
          this.#path,
          () => Math.floor(context.clock.now()),
          this.#patience,
          (error) => context.onWarning?.(error),
        );
        this.#opened = this.#begin(database, context);
      } catch (error) {
        throw this.errorOf(error);
      }
      // What is left to tidy is left for later; whether the file can be trusted has been seen.
      await this.tidy().catch(() => this.#assertOpen());
    });
  }

  close(): Promise<void> {
    return this.#life.run(async () => {
      const opened = this.#opened;
      if (opened === undefined) return;
      this.#opened = undefined;
      this.#watch.end();
      await Promise.allSettled(this.#uses);
      await opened.runner.idle();
      opened.database.close();
    });
  }

  /** Runs an operation in the next group; rejects with a coded error. */
  async run<Result>(operation: (group: Group, queries: Queries) => Result): Promise<Result> {
    return this.#valueOf(await this.submit(operation));
  }

  /** Runs an operation that only reads. */
  async read<Result>(operation: (group: Group, queries: Queries) => Result): Promise<Result> {
    const { runner, queries } = this.#assertOpen();
    return this.#valueOf(await runner.submit((group) => operation(group, queries), { reads: true }));
  }

  async submit<Result>(operation: (group: Group, queries: Queries) => Result): Promise<Outcome<Result>> {
    const { runner, queries } = this.#assertOpen();
    return await runner.submit((group) => operation(group, queries));
  }

  /** Uses the connection for something that takes its time; a close waits for it. */
  async use<Result>(work: (database: DatabaseSync) => Promise<Result>): Promise<Result> {
    const running = work(this.#assertOpen().database);
    this.#uses.add(running);
    try {
      return await running;
    } catch (error) {
      throw this.errorOf(error);
    } finally {
      this.#uses.delete(running);
    }
  }

  /** Takes away tombstones whose time is over, and gives free pages back while nobody waits. */
  async tidy(): Promise<void> {
    const { runner, database, keepTombstones } = this.#assertOpen();
    for (let step = 0; step < tidyingSteps; step++) {
      if (!(await this.run((group, { tombstones }) => tombstones.sweep(group, keepTombstones)))) break;
    }
    if (runner.waiting > 0) return;
    try {
      vacuumStep(database);
    } catch {
      // Somebody else is writing, or it was closed meanwhile: another time.
    }
  }

  watch(wake: () => void): () => void {
    const { database, runner, clock } = this.#assertOpen();
    return this.#watch.add(wake, { clock, database, look: () => void runner.submit(() => undefined, { reads: true }) });
  }

  errorOf(error: unknown): Error {
    return asSpoolError(error, this.#path);
  }

  #begin(database: DatabaseSync, context: SpoolContext): Opened {
    const runner = new Runner({
      database,
      clock: new SharedClock(context.clock),
      patience: this.#patience,
      onCorrupt: (report) => context.onCorrupt?.(report),
      onAppended: () => this.#watch.wake(),
      onDoubt: (error) => this.#fail(error),
      closed: () => this.#closed(),
    });
    const queries: Queries = {
      picker: new Picker(database),
      expiry: new Expiry(database),
      reading: new Reading(database),
      leases: new LeaseEnds(database),
      tombstones: new Tombstones(database),
    };
    return { database, runner, queries, clock: context.clock, keepTombstones: context.tombstones };
  }

  #valueOf<Result>(outcome: Outcome<Result>): Result {
    if (outcome.ok) return outcome.value;
    throw this.errorOf(outcome.error);
  }

  #fail(error: unknown): void {
    const opened = this.#opened;
    this.#opened = undefined;
    this.#failure = error;
    this.#watch.end();
    opened?.database.close();
  }

  #assertOpen(): Opened {
    if (this.#opened === undefined) throw this.#closed();
    return this.#opened;
  }

  #closed(): OfflineImError {
    if (this.#failure === undefined) {
      return new OfflineImError('SPOOL_CLOSED', `The spool ${quoted(this.#path)} is not open; call open() first.`);
    }
    const message = `The spool ${quoted(this.#path)} closed itself after a storage error; what it had accepted is still there.`;
    return new OfflineImError('SPOOL_CLOSED', message, { cause: this.#failure });
  }
}
