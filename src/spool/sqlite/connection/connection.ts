import { closeSync, fstatSync, linkSync, openSync, readdirSync, readSync, renameSync, rmSync, statSync } from 'node:fs';
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

/** SQLite's bytes for the lock that every open connection has on the file, and on its shared memory: the last byte there, alone or after others of ours. */
const sharedLock = '1073741826 1073742335';
const memoryLock = '\\d+ 128';

/**
 * The file of an open connection, its log and its shared memory: whether they still are what the path leads to, and still locked.
 *
 * Closing any descriptor of a file drops all POSIX locks that the process has on it, without a word to SQLite. The next process
 * that closes the file then takes itself for the last one, folds the log in and removes it; whatever is committed to the
 * removed log is gone. A commit counts only when the locks were still there after it: then whoever came later has seen it.
 */
export class OpenFile {
  readonly path: string;
  /** Whether a lock that is lost would be noticed: on Linux, unless it was lost before. */
  readonly watchesLocks: boolean;
  readonly #parts: readonly { readonly path: string; readonly key: string }[];
  #locks: readonly HeldLock[];

  /** To be made when the connection has read something: only then the log is there. */
  constructor(path: string) {
    this.path = path;
    const part = (at: string) => ({ path: at, key: keyOf(at) });
    const [file, log, memory] = [part(path), part(`${path}-wal`), part(`${path}-shm`)];
    this.#parts = [file, log, memory];
    this.#locks = [new HeldLock(file.key, sharedLock), new HeldLock(memory.key, memoryLock)];
    this.watchesLocks = this.#locks.every((lock) => lock.isHeld());
    if (!this.watchesLocks) this.close();
  }

  /** True when the path leads elsewhere by now; some µs. */
  get replaced(): boolean {
    return this.#parts.some(({ path, key }) => keyOf(path) !== key);
  }

  /** `undefined` while all is as it was. */
  look(): Loss | undefined {
    if (this.replaced) return 'replaced';
    return this.#locks.every((lock) => lock.isHeld()) ? undefined : 'unlocked';
  }

  /** Ends the watch over the locks. */
  close(): void {
    for (const lock of this.#locks) lock.close();
    this.#locks = [];
  }
}

/** Device and inode. What can't be looked at is not where it was. */
function keyOf(path: string): string {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats === undefined ? 'missing' : `${stats.dev}:${stats.ino}`;
  } catch {
    return 'missing';
  }
}

/** Bytes of what the kernel says of a descriptor that are read: a line for each lock, some 80 bytes long, and SQLite has three at most through one. */
const mostBytes = 4_096;

/**
 * A lock that this process has on a file, as `/proc/self/fdinfo` shows it beside the descriptor that it was taken through (proc_pid_fdinfo(5)).
 *
 * `/proc/locks` shows it too, but to read that stops everything on the machine that locks a file.
 */
class HeldLock {
  readonly #key: string;
  readonly #line: RegExp;
  /** Opened once: to open it for each look would cost three times as much. */
  #info: number | undefined;
  readonly #buffer = Buffer.alloc(mostBytes);
  /** What was read when it was held last: the same bytes say the same. */
  #held: Buffer = Buffer.alloc(0);

  /** @param key Device and inode of the file. */
  constructor(key: string, range: string) {
    this.#key = key;
    this.#line = new RegExp(`^lock:\\t\\d+: POSIX .* ${range}$`, 'm');
  }

  isHeld(): boolean {
    if (this.#info !== undefined && this.#isShownBy(this.#info)) return true;
    // Taken through another descriptor, or not at all any more.
    this.close();
    return descriptorsOf(this.#key).some((descriptor) => this.#isShownBeside(descriptor));
  }

  close(): void {
    const info = this.#info;
    this.#info = undefined;
    if (info !== undefined) tell(() => closeSync(info));
  }

  #isShownBeside(descriptor: number): boolean {
    try {
      this.#info = openSync(`/proc/self/fdinfo/${descriptor}`, 'r');
    } catch {
      return false;
    }
    if (this.#isShownBy(this.#info)) return true;
    this.close();
    return false;
  }

  #isShownBy(info: number): boolean {
    try {
      const length = readSync(info, this.#buffer, 0, mostBytes, 0);
      if (length > 0 && this.#buffer.compare(this.#held, 0, this.#held.length, 0, length) === 0) return true;
      const isHeld = this.#line.test(this.#buffer.toString('latin1', 0, length));
      if (isHeld) this.#held = Buffer.from(this.#buffer.subarray(0, length));
      return isHeld;
    } catch {
      // Its descriptor was closed.
      return false;
    }
  }
}

/** What of this process leads to a file. */
function descriptorsOf(key: string): readonly number[] {
  if (process.platform !== 'linux') return [];
  const leadsThere = (descriptor: number): boolean => {
    try {
      const { dev, ino } = fstatSync(descriptor);
      return `${dev}:${ino}` === key;
    } catch {
      return false;
    }
  };
  try {
    return readdirSync('/proc/self/fd').map(Number).filter(leadsThere);
  } catch {
    return [];
  }
}

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
    this.file.close();
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
