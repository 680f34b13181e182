import type { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from '../../core/clock.ts';
import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { quoted } from '../../core/errors/quote.ts';
import { tell } from '../../core/host-calls.ts';
import { SerialQueue } from '../../core/queues.ts';
import type { SpoolContext } from '../contract.ts';
import { restoredWarning } from '../disk/backup.ts';
import { vacuumStep } from './clean-up.ts';
import { type ConnectOptions, connect } from './connection/connect.ts';
import { Connection, type Loss, type Queries } from './connection/connection.ts';
import { truncateLog } from './connection/database-file.ts';
import { faultWarning, lossError, tellOfNoLock } from './connection/lost.ts';
import { isThere } from './connection/schema.ts';
import { asSpoolError } from './connection/sqlite-error.ts';
import type { Group } from './group.ts';
import { GroupCommitter } from './group-committer.ts';
import { heldOfCopy, holdCopy, isUnheldCopy, releaseCopy, resumeCopy } from './restored.ts';
import { SharedClock } from './stores/stores.ts';
import type { Outcome } from './transactions.ts';
import { Watch } from './watch.ts';

interface Opened {
  readonly committer: GroupCommitter;
  readonly clock: Clock;
  readonly time: SharedClock;
  readonly keepTombstones: number;
}

/** The options of the host. */
export interface SessionOptions {
  readonly path: string;
  readonly busyTimeout: number;
  readonly allowNetworkDisk: boolean;
  readonly restored: boolean | 'resume';
}

/** At most this many steps per call remove tombstones. */
const cleanUpSteps = 20;
/** ms for which a file is reopened repeatedly, until nothing in this process prevents its locks. */
const relockTimeout = 2_000;

/** How many times one call tries to empty the log. */
const truncations = 10;

/** An open file: runs operations on it, and reopens or closes it when it fails. */
export class Session {
  readonly #options: SessionOptions;
  readonly #life = new SerialQueue();
  readonly #watch = new Watch();
  #opened: Opened | undefined;
  #failure: unknown;
  /** Whether the log holds something that was purged. */
  #fullLog = false;
  /** Work that must end before the file is closed. */
  readonly #uses = new Set<Promise<unknown>>();

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  open(context: SpoolContext): Promise<void> {
    return this.#life.run(async () => {
      if (this.#opened !== undefined) return;
      this.#failure = undefined;
      try {
        const connection = await this.#connect(context);
        this.#opened = this.#begin(connection, context);
        await this.#holdCopy(connection.alone, context);
      } catch (error) {
        this.#abandon();
        throw this.errorOf(error);
      }
      // A failed clean-up waits for later; the file itself has been checked.
      await this.cleanUp().catch(() => this.#assertOpen());
    });
  }

  close(): Promise<void> {
    return this.#life.run(async () => {
      const opened = this.#opened;
      if (opened === undefined) return;
      this.#opened = undefined;
      this.#watch.end();
      await Promise.allSettled(this.#uses);
      await opened.committer.idle();
      // A session that failed meanwhile has closed its file.
      if (this.#failure !== undefined) return;
      await opened.committer.connection.close().catch((error: unknown) => Promise.reject(this.errorOf(error)));
    });
  }

  /** Runs an operation in the next group; rejects with a coded error. */
  async run<Result>(operation: (group: Group, queries: Queries) => Result): Promise<Result> {
    return this.#valueOf(await this.submit(operation));
  }

  /** Runs an operation that only reads. */
  async read<Result>(operation: (group: Group, queries: Queries) => Result): Promise<Result> {
    const { committer } = this.#assertOpen();
    return this.#valueOf(await committer.submit(operation, { reads: true }));
  }

  async submit<Result>(operation: (group: Group, queries: Queries) => Result): Promise<Outcome<Result>> {
    return await this.#assertOpen().committer.submit(operation);
  }

  /** Uses the connection for long work; a close waits for it. */
  async use<Result>(work: (database: DatabaseSync) => Promise<Result>): Promise<Result> {
    const running = work(this.#assertOpen().committer.connection.database);
    this.#uses.add(running);
    try {
      return await running;
    } catch (error) {
      throw this.errorOf(error);
    } finally {
      this.#uses.delete(running);
    }
  }

  /** Reopens the file if it was lost. The returned function tells whether it is still the same, and has stayed locked since. */
  async hold(): Promise<() => boolean> {
    await this.run(() => undefined);
    const { committer } = this.#assertOpen();
    const { connection } = committer;
    return () =>
      committer.connection === connection && this.#opened?.committer === committer && connection.file.look() === undefined;
  }

  /** Removes expired tombstones, and releases free pages while nothing waits. */
  async cleanUp(): Promise<void> {
    const { committer, time, keepTombstones } = this.#assertOpen();
    for (let step = 0; step < cleanUpSteps; step++) {
      if (!(await this.run((group, { tombstones }) => tombstones.sweep(group, keepTombstones, time.leastSkew)))) break;
    }
    if (committer.waiting > 0) return;
    const { database, file, lock } = committer.connection;
    try {
      lock.try(() => {
        if (file.look() !== undefined) return;
        if (this.#fullLog) this.#fullLog = !truncateLog(database);
        vacuumStep(database);
      });
    } catch {
      // Another process is writing, or the file was closed meanwhile: the next clean-up does it.
    }
  }

  /** Empties the log of removed content. Active readers postpone that until the next {@link Session.cleanUp}, or the close. */
  async truncateLog(): Promise<void> {
    this.#fullLog = true;
    for (let time = 0; time < truncations; time++) {
      const { committer } = this.#assertOpen();
      const { database, file, lock } = committer.connection;
      this.#fullLog = lock.try(() => !file.replaced && truncateLog(database)) !== true;
      if (!this.#fullLog) return;
      await wait(5 + Math.random() * 20);
    }
  }

  watch(wake: () => void): () => void {
    const { committer, clock } = this.#assertOpen();
    return this.#watch.add(wake, clock, () => {
      try {
        committer.look();
      } catch {
        // The disk can't be read now: an operation finds out whether the file can be trusted.
        void committer.submit(() => undefined, { reads: true });
      }
    });
  }

  errorOf(error: unknown): Error {
    return asSpoolError(error, this.#options.path);
  }

  async #connect(context: SpoolContext): Promise<Connection> {
    const options: ConnectOptions = {
      ...this.#options,
      now: () => Math.floor(context.clock.now()),
      warn: (error) => this.#warn(context, error),
      noLock: () => tellOfNoLock(this, this.#options.path, (error) => this.#warn(context, error)),
    };
    return new Connection(await connect(options));
  }

  /** Holds what waits in a restored copy, unless it is to go on at once. Runs before any claim. */
  async #holdCopy(alone: boolean, context: SpoolContext): Promise<void> {
    const { path, restored } = this.#options;
    const { database } = this.#assertOpen().committer.connection;
    if (isUnheldCopy(database, path, restored === true)) {
      if (restored === true && !alone && !isThere(database, 'backup')) {
        const message = `The spool ${quoted(path)} is already open elsewhere; restored: true must be set by the first that opens a restored copy.`;
        throw new OfflineImError('SPOOL_BUSY', message);
      }
      if (restored === 'resume') await this.run((group) => resumeCopy(group, database, path));
      else while (await this.run((group) => holdCopy(group, database, path)));
    }
    if (restored === 'resume') await this.releaseRestored();
    const held = heldOfCopy(database);
    if (held > 0) this.#warn(context, restoredWarning(path, held));
  }

  /** Releases the entries held because the spool is a restored copy. Resolves with their number. */
  async releaseRestored(): Promise<number> {
    let released = 0;
    for (let more = true; more; ) {
      const step = await this.run((group) => releaseCopy(group, this.#assertOpen().committer.connection.database));
      released += step.released;
      more = step.more;
    }
    if (released > 0) this.#watch.wake(() => undefined);
    return released;
  }

  /** Closes the connection of a failed open. */
  #abandon(): void {
    const opened = this.#opened;
    this.#opened = undefined;
    opened?.committer.connection.abandon();
  }

  /** Warns the host. An error thrown by its listener must not disturb the spool. */
  #warn(context: SpoolContext, error: Error): void {
    tell(() => context.onWarning?.(error));
  }

  #begin(connection: Connection, context: SpoolContext): Opened {
    const time = new SharedClock(context.clock);
    const committer: GroupCommitter = new GroupCommitter(
      {
        clock: time,
        busyTimeout: this.#options.busyTimeout,
        onCorrupt: (report) => tell(() => context.onCorrupt?.(report)),
        onAppended: () => this.#watch.wake((error) => this.#warn(context, error)),
        onFatal: (error) => this.#fail(committer, error),
        onFault: (error) => this.#warn(context, faultWarning(this.#options.path, error)),
        reopen: (loss) => this.#reopen(committer.connection, loss, context),
        lost: (loss) => lossError(this.#options.path, loss),
        closed: () => this.#closed(),
      },
      connection,
    );
    return { committer, clock: context.clock, time, keepTombstones: context.tombstones };
  }

  /**
   * Opens the file that the path leads to now. Closes the old connection first: SQLite tracks locks for all connections of a process together, and would assume that
   * it still has those it lost. It checkpoints no log that others have removed while any connection of this process has it open.
   */
  async #reopen(lost: Connection, loss: Loss | undefined, context: SpoolContext): Promise<Connection> {
    if (loss !== undefined) this.#warn(context, lossError(this.#options.path, loss));
    const { watchesLocks } = lost.file;
    const until = performance.now() + relockTimeout;
    let old = lost;
    for (;;) {
      try {
        await old.close();
      } catch {
        // The fault has closed it.
      }
      const connection = await this.#connect(context);
      if (!watchesLocks || connection.file.watchesLocks || performance.now() > until) return connection;
      // Another user in this process still has it open, and will notice too: no lock is available until all have closed it.
      old = connection;
      await connection.close();
      await wait(5 + Math.random() * 50);
    }
  }

  #valueOf<Result>(outcome: Outcome<Result>): Result {
    if (outcome.ok) return outcome.value;
    throw this.errorOf(outcome.error);
  }

  #fail(committer: GroupCommitter, error: unknown): void {
    this.#opened = undefined;
    this.#failure = error;
    this.#watch.end();
    try {
      committer.connection.abandon();
    } catch {
      // Already closed by a reopening.
    }
  }

  #assertOpen(): Opened {
    if (this.#opened === undefined) throw this.#closed();
    return this.#opened;
  }

  #closed(): OfflineImError {
    if (this.#failure === undefined) {
      return new OfflineImError('SPOOL_CLOSED', `The spool ${quoted(this.#options.path)} is not open; call open() first.`);
    }
    const message = `The spool ${quoted(this.#options.path)} closed itself after a storage error; everything accepted earlier is still there.`;
    return new OfflineImError('SPOOL_CLOSED', message, { cause: this.#failure });
  }
}
