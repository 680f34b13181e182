import { chmodSync, linkSync, lstatSync, mkdirSync, rmSync, type Stats, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { tell } from '../../../core/host-calls.ts';
import { openDatabase } from './database-file.ts';
import { isBusy, isDamage } from './sqlite-error.ts';

/** Folders for lock files. All processes of a user must agree, so one chosen by an environment variable comes last. */
const places: readonly string[] = process.platform === 'win32' ? [] : ['/dev/shm', '/tmp', tmpdir()];

/** ms that SQLite waits for the lock, as for any other: it blocks the event loop. */
const blockingWait = 5;
/** Attempts to open a lock file that other processes keep removing. */
const openings = 5;

interface Opened {
  readonly database: DatabaseSync;
  readonly begin: StatementSync;
  readonly end: StatementSync;
  readonly path: string;
  /** Device and inode of the lock file. */
  readonly key: string;
  /** ms that SQLite waits for it. */
  timeout: number;
}

/**
 * Excludes other connections while one writes, opens or closes a spool.
 *
 * It is SQLite's own lock on an empty file outside the spool's folder: code that copies or reads that folder drops the locks on the spool's files (POSIX), but not
 * this one. Connections and threads of one process exclude each other too. It ends with the process. Windows drops no locks, and doesn't need this.
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
   * @param path The spool, which must exist.
   * @param options `among`: folders for the lock file. `noLock`: called once if none can be created; then nothing is excluded.
   */
  constructor(path: string, { among = places, noLock = () => {} }: { among?: readonly string[]; noLock?: () => void } = {}) {
    this.#places = among;
    this.#noLock = noLock;
    this.#spool = keyOf(statSync(path, { throwIfNoEntry: false }));
  }

  /** False if the path leads to another spool by now, which has its own lock. */
  isFor(path: string): boolean {
    return this.#spool === keyOf(statSync(path, { throwIfNoEntry: false }));
  }

  /** Runs work under the lock. @throws SQLite's SQLITE_BUSY if another holder keeps it for `timeout` ms. */
  hold<Result>(work: () => Result, timeout = blockingWait): Result {
    if (this.#held) return work();
    const taken = this.#take(timeout);
    this.#held = true;
    try {
      return work();
    } finally {
      this.#release(taken);
    }
  }

  /** The same, but returns `undefined` while another holder keeps the lock. */
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

  /** The same for asynchronous work. The lock must not be used otherwise meanwhile. */
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

  /** Removes the lock file. Call it while the lock is held: a waiting process sees that the file is gone, and creates another. */
  remove(): void {
    if (this.#held && this.#opened !== undefined) rmSync(this.#opened.path, { force: true });
  }

  close(): void {
    this.#opened?.database.close();
    this.#opened = undefined;
  }

  /** Checks that the path still leads to the locked file, which otherwise excludes nothing. Returns `undefined` if no lock file can be created. */
  #take(timeout = blockingWait): Opened | undefined {
    for (let time = 0; time < openings; time++) {
      this.#opened ??= this.#open();
      if (this.#opened === undefined) return undefined;
      const { begin, path, key } = this.#opened;
      if (this.#opened.timeout !== timeout) {
        this.#opened.database.exec(`PRAGMA busy_timeout = ${timeout}`);
        this.#opened.timeout = timeout;
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

  /** Never throws: the work under the lock is done. */
  #release(taken: Opened | undefined): void {
    this.#held = false;
    if (taken !== undefined) this.#end(taken);
  }

  /** Closes the connection if the lock can't be released. */
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
    // Windows needs none.
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

/** A folder that only this user can write to, created if missing; `undefined` if there can be none. */
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

/** `undefined` if the file can't be created or is not ours. It stays empty, so nothing in it can be damaged. */
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
  // Other processes keep creating and removing it: it is in use, not missing.
  throw busy();
}

/** `undefined` if it was replaced meanwhile, or was written to. */
function openFile(path: string, key: string): Opened | undefined {
  const database = openDatabase(path);
  let opened: Opened | undefined;
  try {
    // With the journal in memory the file stays unchanged, and no other is created.
    database.exec(`PRAGMA busy_timeout = ${blockingWait}; PRAGMA journal_mode = MEMORY`);
    // One such lock at a time, and none beside the exclusive one of earlier versions.
    const [begin, end] = [database.prepare('BEGIN IMMEDIATE'), database.prepare('ROLLBACK')];
    if (keyOf(ownFile(path)) === key) opened = { database, begin, end, path, key, timeout: blockingWait };
  } catch (error) {
    if (!isDamage(error)) throw error;
    removeDamaged(path, key);
  } finally {
    if (opened === undefined) database.close();
  }
  return opened;
}

/** A lock file that was written to can't be locked. One that has replaced it is in use. */
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

/** Creates it under another name first: closing a descriptor of a lock file would drop a lock that another thread already has on it. */
function make(path: string): Stats | undefined {
  const made = `${path}.${process.pid}-${Math.random().toString(36).slice(2)}`;
  try {
    writeFileSync(made, '', { mode: 0o600, flag: 'wx' });
    linkSync(made, path);
  } catch (error) {
    // Another process has just created it.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(made, { force: true });
  }
  return ownFile(path);
}
