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
import { hasTable } from './connection/restored.ts';
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

/** What the host chose. */
export interface SessionOptions {
  readonly path: string;
  readonly busyTimeout: number;
  readonly allowNetworkDisk: boolean;
  readonly restored: boolean | 'resume';
}

/** Steps in which one call takes away tombstones at most. */
const cleanUpSteps = 20;
/** ms for which a file is opened again and again, until nobody of this process stands in the way of its locks. */
const relockingTakes = 2_000;

/** Times that emptying the log is tried at once. */
const truncations = 10;

/** The file while it is open: what runs on it, and what happens when it fails. */
export class Session {
  readonly #options: SessionOptions;
  readonly #life = new SerialQueue();
  readonly #watch = new Watch();
  #opened: Opened | undefined;
  #failure: unknown;
  /** The log holds something that was purged. */
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
        await this.#mindCopy(connection.alone, context);
      } catch (error) {
        this.#abandon();
        throw this.errorOf(error);
      }
      // What is left to tidy is left for later; whether the file can be trusted has been seen.
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
      // One that failed meanwhile has closed its file.
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

  /** Uses the connection for something that takes its time; a close waits for it. */
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

  /** Opens the file anew where it was lost. The function returned says whether it is still what it was, and was locked all the time. */
  async hold(): Promise<() => boolean> {
    await this.run(() => undefined);
    const { committer } = this.#assertOpen();
    const { connection } = committer;
    return () =>
      committer.connection === connection && this.#opened?.committer === committer && connection.file.look() === undefined;
  }

  /** Takes away tombstones whose time is over, and gives free pages back while nobody waits. */
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
      // Somebody else is writing, or it was closed meanwhile: another time.
    }
  }

  /** Leaves nothing in the log of what was removed. A reader of this moment puts it off until the next tidying, or the close. */
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
        // A disk that can't be read now: whether anything may be trusted is found out by an operation.
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

  /** Before anybody may claim: what waits in a restored copy is held, unless it is to go on at once. */
  async #mindCopy(alone: boolean, context: SpoolContext): Promise<void> {
    const { path, restored } = this.#options;
    const { database } = this.#assertOpen().committer.connection;
    if (isUnheldCopy(database, path, restored === true)) {
      if (restored === true && !alone && !hasTable(database, 'backup')) {
        const message = `The spool ${quoted(path)} is open elsewhere; whoever opens a restored copy first has to say restored: true.`;
        throw new OfflineImError('SPOOL_BUSY', message);
      }
      if (restored === 'resume') await this.run((group) => resumeCopy(group, database, path));
      else while (await this.run((group) => holdCopy(group, database, path)));
    }
    if (restored === 'resume') await this.releaseRestored();
    const held = heldOfCopy(database);
    if (held > 0) this.#warn(context, restoredWarning(path, held));
  }

  /** Lets go on what was held of a restored copy; how many entries. */
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

  /** Closes what was opened in vain. */
  #abandon(): void {
    const opened = this.#opened;
    this.#opened = undefined;
    opened?.committer.connection.abandon();
  }

  /** What a listener throws is its own fault; nothing of the spool may depend on it. */
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
        onDoubt: (error) => this.#fail(committer, error),
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
   * Opens the file anew, under whatever its path leads to now. The old connection is closed first: SQLite keeps one account of locks for all connections of
   * a process, and would believe that it has what it lost. It folds nothing of a log that others have removed into the file while any of them has it open.
   */
  async #reopen(lost: Connection, loss: Loss | undefined, context: SpoolContext): Promise<Connection> {
    if (loss !== undefined) this.#warn(context, lossError(this.#options.path, loss));
    const { watchesLocks } = lost.file;
    const until = performance.now() + relockingTakes;
    let old = lost;
    for (;;) {
      try {
        await old.close();
      } catch {
        // Closed by what went wrong.
      }
      const connection = await this.#connect(context);
      if (!watchesLocks || connection.file.watchesLocks || performance.now() > until) return connection;
      // Somebody else of this process still has it open, and will notice too: until all have closed it there is no lock to be had.
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
      // Closed already, by whoever was to open it anew.
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
    const message = `The spool ${quoted(this.#options.path)} closed itself after a storage error; what it had accepted is still there.`;
    return new OfflineImError('SPOOL_CLOSED', message, { cause: this.#failure });
  }
}
