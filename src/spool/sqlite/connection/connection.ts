import { linkSync, openSync, readSync, renameSync, rmSync, type Stats, statSync } from 'node:fs';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import { tell } from '../../../core/host-calls.ts';
import { AdminReading } from '../admin-read.ts';
import { LeaseEnds, Picker } from '../claim.ts';
import { Expiry, Tombstones } from '../clean-up.ts';
import { Reading } from '../read.ts';
import { Stores } from '../stores/stores.ts';
import { companionsOf, truncateLog } from './database-file.ts';
import type { WriteLock } from './write-lock.ts';

/** What has become of a file beneath its open connection. */
export type Loss =
  /** Its path, or that of its log or shared memory, leads to another file by now, or to none. */
  | 'replaced'
  /** Its locks are gone: some code of this process has opened and closed the file past SQLite (POSIX). Others take it for unused. */
  | 'unlocked';

/** How the file system and the kernel's locks are looked at. */
export interface FileLooks {
  /** `undefined` for a missing file. */
  stat(path: string): Pick<Stats, 'dev' | 'ino'> | undefined;
  /** The kernel's table of locks as `/proc/locks` has it; `undefined` where there is none. */
  locks(): string | undefined;
}

/** SQLite's bytes for the lock that every open connection has on the file, and on its shared memory. */
const sharedLock = '1073741826 1073742335';
const memoryLock = '128';

/**
 * The file of an open connection, its log and its shared memory: whether they still are what the path leads to, and still locked.
 *
 * Closing any descriptor of a file drops all POSIX locks that the process has on it, without a word to SQLite. The next process
 * that closes the file then takes itself for the last one, folds the log in and removes it; whatever is committed to the
 * removed log is gone. A commit counts only when the locks were still there after it: then whoever came later has seen it.
 */
export class OpenFile {
  readonly path: string;
  readonly #parts: readonly { readonly path: string; readonly key: string }[];
  readonly #looks: FileLooks;
  /** What the table of locks has to show; `undefined` where it does not. */
  readonly #locks: readonly RegExp[] | undefined;

  /** To be made when the connection has read something: only then the log is there. */
  constructor(path: string, looks: FileLooks = systemLooks) {
    this.path = path;
    this.#looks = looks;
    this.#parts = [path, `${path}-wal`, `${path}-shm`].map((part) => ({ path: part, key: keyOf(looks.stat(part)) }));
    const [file, , memory] = this.#parts.map(({ path: part }) => looks.stat(part)?.ino);
    const ours = (ino: number | undefined, range: string) =>
      new RegExp(`^\\d+: POSIX +\\S+ +\\S+ +${process.pid} \\S+:${ino} ${range}$`, 'm');
    const locks = [ours(file, sharedLock), ours(memory, `\\d+ ${memoryLock}`)];
    this.#locks = file !== undefined && memory !== undefined && shows(looks.locks(), locks) ? locks : undefined;
  }

  /** Whether a lock that is lost would be noticed: on Linux, unless it was lost before. */
  get watchesLocks(): boolean {
    return this.#locks !== undefined;
  }

  /** True when the path leads elsewhere by now; some µs. */
  get replaced(): boolean {
    return this.#parts.some(({ path, key }) => keyOf(this.#looks.stat(path)) !== key);
  }

  /** `undefined` while all is as it was. */
  look(): Loss | undefined {
    if (this.replaced) return 'replaced';
    return this.#locks === undefined || this.#isLocked(this.#locks) ? undefined : 'unlocked';
  }

  #isLocked(locks: readonly RegExp[]): boolean {
    // Other locks that come and go while the table is read can push ours out of sight.
    for (let time = 0; time < 3; time++) {
      const table = this.#looks.locks();
      if (table === undefined || shows(table, locks)) return true;
    }
    return false;
  }
}

function keyOf(stats: Pick<Stats, 'dev' | 'ino'> | undefined): string {
  return stats === undefined ? 'missing' : `${stats.dev}:${stats.ino}`;
}

function shows(table: string | undefined, locks: readonly RegExp[]): boolean {
  return table !== undefined && locks.every((lock) => lock.test(table));
}

/** Bytes of the table that are looked at; one that is longer can't tell. */
const mostBytes = 65_536;

/** Opened once: reading it again from its beginning costs a third of opening it. */
let lockTable: { readonly fd: number; readonly buffer: Buffer } | undefined;

function readLocks(): string | undefined {
  try {
    lockTable ??= { fd: openSync('/proc/locks', 'r'), buffer: Buffer.alloc(mostBytes) };
    const { fd, buffer } = lockTable;
    let end = 0;
    for (;;) {
      const read = readSync(fd, buffer, end, mostBytes - end, end);
      if (read === 0) return buffer.toString('latin1', 0, end);
      end += read;
      if (end === mostBytes) return undefined;
    }
  } catch {
    return undefined;
  }
}

const systemLooks: FileLooks = {
  stat(path) {
    try {
      return statSync(path, { throwIfNoEntry: false });
    } catch {
      // What can't be looked at any more is not where it was.
      return undefined;
    }
  },
  locks: () => (process.platform === 'linux' ? readLocks() : undefined),
};

/** Queries of an open spool. */
export interface Queries {
  readonly picker: Picker;
  readonly expiry: Expiry;
  readonly reading: Reading;
  readonly leases: LeaseEnds;
  readonly tombstones: Tombstones;
  readonly admin: AdminReading;
}

/** ms that others may write before a close goes on without the lock. */
const closingTakes = 10_000;
/** Times that a failed one waits for others, for as long as SQLite itself does. */
const abandonings = 20;

/** An open file with all that is prepared on it; another one after the file had to be opened anew. */
export class Connection {
  readonly database: DatabaseSync;
  readonly file: OpenFile;
  readonly lock: WriteLock;
  /** Nobody else had the file open. */
  readonly alone: boolean;
  readonly stores: Stores;
  readonly queries: Queries;
  readonly #version: StatementSync;
  #closed = false;

  constructor({ database, file, lock, alone }: Pick<Connection, 'database' | 'file' | 'lock' | 'alone'>) {
    this.database = database;
    this.file = file;
    this.lock = lock;
    this.alone = alone;
    try {
      this.stores = new Stores(database);
      this.queries = {
        picker: new Picker(database),
        expiry: new Expiry(database),
        reading: new Reading(database),
        leases: new LeaseEnds(database),
        tombstones: new Tombstones(database),
        admin: new AdminReading(database),
      };
      this.#version = database.prepare('PRAGMA data_version');
    } catch (error) {
      // A table that was altered, say: nobody else has the handles yet.
      this.abandon();
      throw error;
    }
  }

  /** Changes when another connection has committed anything: a look at shared memory, some µs. */
  dataVersion(): unknown {
    return this.#version.get()?.data_version;
  }

  /** Where nobody sees that locks were dropped: what is remembered of the file may be older than it looks. No lock is dropped on Windows. */
  forgetPages(): void {
    if (process.platform === 'win32') return;
    this.database.exec('PRAGMA shrink_memory');
    this.stores.forgetAll();
  }

  /**
   * The last one folds the log into the file. Where somebody else is writing it is not the last one, unless locks were dropped: then it waits, at most until nobody
   * can be writing any more.
   */
  async close(): Promise<void> {
    const until = performance.now() + closingTakes;
    const close = (): void => {
      // A log that others have removed must not be folded over what they have written since.
      if (!this.file.replaced) truncateLog(this.database);
      this.#end();
    };
    try {
      while (!this.#closed && !this.#closes(close) && performance.now() < until) await wait(1 + Math.random() * 10);
    } finally {
      this.#letGo();
    }
  }

  /** Without waiting for more than a moment, for one that failed. */
  abandon(): void {
    const close = (): void => this.#end();
    try {
      for (let time = 0; time < abandonings && !this.#closed && !this.#closes(close); time++);
    } finally {
      this.#letGo();
    }
  }

  /** Whatever failed before: no handle stays. */
  #letGo(): void {
    try {
      this.#end();
    } finally {
      this.lock.close();
    }
  }

  /** False while somebody else is writing. */
  #closes(close: () => void): boolean {
    return (
      this.lock.try(() => {
        close();
        return true;
      }) === true
    );
  }

  /** SQLite removes whatever its log's path leads to when it takes itself for the last one: where that is the log of others by now, it is put back. */
  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    const wasReplaced = this.file.replaced;
    const kept = wasReplaced ? companionsOf(this.file.path).filter((one) => keeps(one)) : [];
    this.database.close();
    for (const one of kept) {
      if (isMissing(one)) renameSync(aside(one), one);
      else rmSync(aside(one), { force: true });
    }
    // The last one takes it along, if it can: it holds nothing.
    tell(() => {
      if (!wasReplaced && companionsOf(this.file.path).every((one) => isMissing(one))) this.lock.remove();
    });
  }
}

const isMissing = (path: string): boolean => statSync(path, { throwIfNoEntry: false }) === undefined;

const aside = (path: string): string => `${path}-kept`;

function keeps(path: string): boolean {
  try {
    rmSync(aside(path), { force: true });
    linkSync(path, aside(path));
    return true;
  } catch {
    return false;
  }
}
