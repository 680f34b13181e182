import { copyFileSync, existsSync, mkdtempSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync, StatementSync } from 'node:sqlite';
import type { SpoolStorage } from '../../../src/spool/contract.ts';
import { SqliteSpool } from '../../../src/sqlite.ts';
import type { Disk } from '../../model/disk.ts';
import { pickFrom } from '../../support/forgetful-disk.ts';
import { Lives } from './lives.ts';

/** Files in memory: the way SQLite syncs is not under test here. */
const folder = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** One file at a time: the file of a killed process is copied as it is, and the next process gets the copy. */
interface Life {
  readonly path: string;
  readonly databases: Set<DatabaseSync>;
  /** Called before each statement. */
  readonly pass: () => boolean;
  /** Bytes of the log that are synced. */
  synced: number;
}

const livesByPath = new Map<string, Life>();
const lifeOf = new WeakMap<StatementSync, Life>();

/**
 * The file of a {@link SqliteSpool}. A process can die before any statement, even inside a transaction; a power cut may lose any
 * part of the log that was not synced.
 */
export class SqliteDisk implements Disk {
  readonly name = 'sqlite';
  readonly endsHalfway = true;
  readonly #root = mkdtempSync(join(folder, 'offline-im-simulation-'));
  readonly #lives = new Lives();
  #count = 0;
  #life: Life | undefined;

  constructor() {
    if (disks === 0) unpatch = patch();
    disks += 1;
  }

  begin(died: () => void): SpoolStorage {
    const path = this.#pathOf(this.#count);
    const alive = this.#lives.begin(died);
    const life: Life = { path, databases: new Set(), pass: alive, synced: sizeOf(`${path}-wal`) };
    this.#life = life;
    livesByPath.set(path, life);
    return new SqliteSpool({ path });
  }

  async end(): Promise<void> {
    this.#lives.end();
    const { powerSeed } = this.#lives.takeFaults();
    const life = this.#life;
    if (life === undefined) return;
    this.#count += 1;
    const next = this.#pathOf(this.#count);
    for (const suffix of ['', '-wal', '-damaged']) {
      if (existsSync(life.path + suffix)) copyFileSync(life.path + suffix, next + suffix);
    }
    if (powerSeed !== undefined) loseUnsynced(`${next}-wal`, life.synced, powerSeed);
    this.#bury(life);
  }

  dieAt(operation: number): void {
    this.#lives.dieAt(operation);
  }

  losePower(seed: number): void {
    this.#lives.losePower(seed);
  }

  calm(): void {
    this.#lives.takeFaults();
  }

  remove(): void {
    if (this.#life !== undefined) this.#bury(this.#life);
    rmSync(this.#root, { recursive: true, force: true });
    disks -= 1;
    if (disks === 0) unpatch();
  }

  #bury(life: Life): void {
    for (const database of life.databases) if (database.isOpen) database.close();
    livesByPath.delete(life.path);
    for (const suffix of ['', '-wal', '-shm', '-damaged']) rmSync(life.path + suffix, { force: true });
  }

  #pathOf(count: number): string {
    return join(this.#root, `spool-${count}.db`);
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function loseUnsynced(log: string, synced: number, seed: number): void {
  const size = sizeOf(log);
  if (size > synced) truncateSync(log, synced + pickFrom(seed)(size - synced + 1));
}

class ProcessWasKilled extends Error {}

/** Runs a statement of a live process; its file is identified by its path. */
function step<Result>(life: Life | undefined, sql: string, run: () => Result): Result {
  if (life === undefined) return run();
  if (!life.pass()) throw new ProcessWasKilled('The process was killed.');
  const result = run();
  if (/^\s*(COMMIT|PRAGMA)/i.test(sql)) life.synced = sizeOf(`${life.path}-wal`);
  return result;
}

/** Files not yet removed. */
let disks = 0;
let unpatch = (): void => undefined;

/** SQLite's file layer cannot be replaced from JavaScript, but its statements can be intercepted. Returns a function that undoes this. */
function patch(): () => void {
  const { exec, prepare, location } = DatabaseSync.prototype;
  const lifeAt = (database: DatabaseSync): Life | undefined => {
    const life = livesByPath.get(location.call(database) ?? '');
    life?.databases.add(database);
    return life;
  };
  DatabaseSync.prototype.exec = function (this: DatabaseSync, sql) {
    step(lifeAt(this), sql, () => exec.call(this, sql));
  };
  DatabaseSync.prototype.prepare = function (this: DatabaseSync, ...args) {
    const statement = prepare.apply(this, args);
    const life = lifeAt(this);
    if (life !== undefined) lifeOf.set(statement, life);
    return statement;
  };
  const { run, get, all, iterate } = StatementSync.prototype;
  const through = <Method extends (...args: never[]) => unknown>(method: Method): Method =>
    function (this: StatementSync, ...args: never[]) {
      return step(lifeOf.get(this), '', () => Reflect.apply(method, this, args));
    } as Method;
  StatementSync.prototype.run = through(run);
  StatementSync.prototype.get = through(get);
  StatementSync.prototype.all = through(all);
  StatementSync.prototype.iterate = through(iterate);
  return () => {
    Object.assign(DatabaseSync.prototype, { exec, prepare });
    Object.assign(StatementSync.prototype, { run, get, all, iterate });
  };
}
