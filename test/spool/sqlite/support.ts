import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { systemClock } from '../../../src/core/clock.ts';
import type { SpoolContext } from '../../../src/spool/contract.ts';
import { SqliteSpool } from '../../../src/sqlite.ts';

export interface World {
  readonly folder: string;
  readonly path: string;
  /** Opens another spool on the file. */
  open(context?: Partial<SpoolContext>, busyTimeout?: number): Promise<SqliteSpool>;
  /** Accesses the file directly, without a spool. */
  raw<Result>(work: (database: DatabaseSync) => Result): Result;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A folder of its own, and spools that are closed at the end. */
export async function world(): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'offline-im-sqlite-'));
  const path = join(folder, 'spool.db');
  const spools: SqliteSpool[] = [];
  return {
    folder,
    path,
    async open(context = {}, busyTimeout = 10_000) {
      const spool = new SqliteSpool({ path, busyTimeout });
      spools.push(spool);
      await spool.open({ clock: systemClock, tombstones: 86_400_000, ...context });
      return spool;
    },
    raw(work) {
      const database = new DatabaseSync(path);
      try {
        return work(database);
      } finally {
        database.close();
      }
    },
    async [Symbol.asyncDispose]() {
      for (const spool of spools) await spool.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
