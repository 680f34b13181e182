import { chmodSync, linkSync, lstatSync, mkdirSync, rmSync, type Stats, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { tell } from '../../../core/host-calls.ts';
import { openDatabase } from './database-file.ts';
import { isBusy, isDamage } from './sqlite-error.ts';

/** Where lock files may lie. All processes of a user have to agree, so what an environment variable chooses comes last. */
const places: readonly string[] = process.platform === 'win32' ? [] : ['/dev/shm', '/tmp', tmpdir()];

/** ms that SQLite waits for the lock, as for any other: it blocks the event loop. */
const blockingWait = 5;
/** Times that a lock file is opened anew which somebody has removed meanwhile. */
const openings = 5;

interface Opened {
  readonly database: DatabaseSync;
  readonly begin: StatementSync;
  readonly end: StatementSync;
  readonly path: string;
  /** Device and inode of the lock file. */
  readonly key: string;
  /** ms that SQLite waits for it. */
  patience: number;
}

/**
 * Excludes whoever else writes, opens or closes a spool, for as long as one of these takes.
 *
 * It is SQLite's own lock on an empty file outside the spool's folder, so nothing that copies or reads that folder drops it, as it drops the locks on the
 * spool's files (POSIX). Connections and threads of one process exclude each other too. It ends with the process. Windows drops no locks, and needs none of this.
 */
export class WriteLock {
  /** Device and inode of the spool. */
  readonly #spool: string | undefined;
  readonly #places: readonly string[];
  readonly #noLock: () => void;
  #opened: Opened | undefined;
  #held = false;
  #missed = false;

  /**
   * @param path The spool, which is there.
   * @param options `among`: where a lock file may lie. `noLock`: called once where none can be had: nothing is excluded then.
   */
  constructor(path: string, { among = places, noLock = () => {} }: { among?: readonly string[]; noLock?: () => void } = {}) {
    this.#places = among;
    this.#noLock = noLock;
    this.#spool = keyOf(statSync(path, { throwIfNoEntry: false }));
  }

  /** False when the path leads to another spool by now, which has a lock of its own. */
  isFor(path: string): boolean {
    return this.#spool === keyOf(statSync(path, { throwIfNoEntry: false }));
  }

  /** Runs something that nobody else runs meanwhile. @throws SQLite's SQLITE_BUSY while somebody does, after `patience` ms. */
  hold<Result>(work: () => Result, patience = blockingWait): Result {
    if (this.#held) return work();
    const taken = this.#take(patience);
    this.#held = true;
    try {
      return work();
    } finally {
      this.#release(taken);
    }
  }

  /** `undefined` while somebody else holds it. */
  try<Result>(work: () => Result): Result | undefined {
    let began = false;
    try {
      return this.hold(() => {
        began = true;
        return work();
      });
    } catch (error) {
      if (!began && isBusy(error)) return undefined;
      throw error;
    }
  }

  /** The same until something has ended that takes its time. Nothing else may be done with this lock meanwhile. */
  async during<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
    let taken: Opened | undefined;
    try {
      taken = this.#take();
    } catch (error) {
      if (isBusy(error)) return undefined;
      throw error;
    }
    this.#held = true;
    try {
      return await work();
    } finally {
      this.#release(taken);
    }
  }

  /** Removes the lock file. To be called while it is held: whoever waits for it sees that it is gone, and begins another. */
  remove(): void {
    if (this.#held && this.#opened !== undefined) rmSync(this.#opened.path, { force: true });
  }

  close(): void {
    this.#opened?.database.close();
    this.#opened = undefined;
  }

  /** A lock on a file that its path no longer leads to excludes nobody. `undefined` where no lock file can be had at all. */
  #take(patience = blockingWait): Opened | undefined {
    for (let time = 0; time < openings; time++) {
      this.#opened ??= this.#open();
      if (this.#opened === undefined) return undefined;
      const { begin, path, key } = this.#opened;
      if (this.#opened.patience !== patience) {
        this.#opened.database.exec(`PRAGMA busy_timeout = ${patience}`);
        this.#opened.patience = patience;
      }
      try {
        begin.run();
      } catch (error) {
        if (isBusy(error)) throw error;
        if (isDamage(error)) removeDamaged(path, key);
        this.close();
        continue;
      }
      if (keyOf(statSync(path, { throwIfNoEntry: false })) === key) return this.#opened;
      this.#end(this.#opened);
      this.close();
    }
    throw busy();
  }

  /** Never throws: what was done under the lock is done. */
  #release(taken: Opened | undefined): void {
    this.#held = false;
    if (taken !== undefined) this.#end(taken);
  }

  /** One that can't be given back goes with its connection. */
  #end(taken: Opened): void {
    try {
      taken.end.run();
    } catch {
      if (this.#opened === taken) this.#opened = undefined;
      tell(() => taken.database.close());
    }
  }

  #open(): Opened | undefined {
    if (this.#spool === undefined) return undefined;
    for (const place of this.#places) {
      const folder = lockFolder(place);
      const opened = folder === undefined ? undefined : openIn(folder, `spool-${this.#spool}.lock`);
      if (opened !== undefined) return opened;
    }
    // None is needed on Windows.
    if (this.#places.length > 0 && !this.#missed) this.#noLock();
    this.#missed = true;
    return undefined;
  }
}

function keyOf(stats: Pick<Stats, 'dev' | 'ino'>): string;
function keyOf(stats: Pick<Stats, 'dev' | 'ino'> | undefined): string | undefined;
function keyOf(stats: Pick<Stats, 'dev' | 'ino'> | undefined): string | undefined {
  return stats === undefined ? undefined : `${stats.dev}-${stats.ino}`;
}

const userId = (): number => process.getuid?.() ?? 0;

/** A folder that nobody but this user can put anything in, made where it is missing; `undefined` where there is none to be had. */
function lockFolder(place: string): string | undefined {
  const folder = join(place, `offline-im-${userId()}`);
  try {
    try {
      mkdirSync(folder, { mode: 0o700 });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return undefined;
    }
    const stats = lstatSync(folder);
    if (!stats.isDirectory() || stats.uid !== userId()) return undefined;
    if ((stats.mode & 0o077) !== 0) chmodSync(folder, 0o700);
    return folder;
  } catch {
    return undefined;
  }
}

/** `undefined` where the file can't be made or is none of ours. It stays empty: nothing of it can be damaged. */
function openIn(folder: string, name: string): Opened | undefined {
  const path = join(folder, name);
  try {
    for (let time = 0; time < openings; time++) {
      const before = ownFile(path) ?? make(path);
      const opened = before === undefined ? undefined : openFile(path, keyOf(before));
      if (opened !== undefined) return opened;
    }
  } catch (error) {
    if (isBusy(error)) throw error;
    return undefined;
  }
  // Others make and remove it all the time: it is theirs at this moment, not absent.
  throw busy();
}

/** `undefined` where it has been replaced meanwhile, or was written to. */
function openFile(path: string, key: string): Opened | undefined {
  const database = openDatabase(path);
  let opened: Opened | undefined;
  try {
    // A journal in memory: the file stays as it is, and no other is made.
    database.exec(`PRAGMA busy_timeout = ${blockingWait}; PRAGMA journal_mode = MEMORY`);
    const [begin, end] = [database.prepare('BEGIN EXCLUSIVE'), database.prepare('ROLLBACK')];
    if (keyOf(ownFile(path)) === key) opened = { database, begin, end, path, key, patience: blockingWait };
  } catch (error) {
    if (!isDamage(error)) throw error;
    removeDamaged(path, key);
  } finally {
    if (opened === undefined) database.close();
  }
  return opened;
}

/** Nobody can hold one that was written to. Another one that has taken its place is somebody's. */
function removeDamaged(path: string, key: string): void {
  if (keyOf(ownFile(path)) === key) rmSync(path, { force: true });
}

function busy(): Error {
  return Object.assign(new Error('database is locked'), { code: 'ERR_SQLITE_ERROR', errcode: 5 });
}

function ownFile(path: string): Stats | undefined {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats !== undefined && (!stats.isFile() || stats.uid !== userId())) throw new Error('The lock file is none of ours.');
  return stats;
}

/** Under another name first: closing a descriptor of a lock file would drop the lock that another thread has on it by then. */
function make(path: string): Stats | undefined {
  const made = `${path}.${process.pid}-${Math.random().toString(36).slice(2)}`;
  try {
    writeFileSync(made, '', { mode: 0o600, flag: 'wx' });
    linkSync(made, path);
  } catch (error) {
    // Somebody else has made it in this moment.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(made, { force: true });
  }
  return ownFile(path);
}
