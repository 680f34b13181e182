import type { Pool } from 'pg';
import { afterAll, beforeAll } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import type { SpoolContext } from '../../../src/spool/contract.ts';
import { PostgresSpool } from '../../../src/spool/postgres/postgres-spool.ts';
import { PostgresServer } from '../../support/postgres-server.ts';

/** Per process: files that share it share the server, though each may have loaded this module again. */
const ofTheProcess: typeof globalThis & { schemasOfTests?: number } = globalThis;

/** A server for the tests of one file; `own` if they restart it, or change more of it than schemas. */
export function useServer({ own = false } = {}) {
  let server: PostgresServer;
  let pool: Pool;
  beforeAll(async () => {
    server = await (own ? PostgresServer.start() : PostgresServer.shared());
    pool = server.pool({ max: 20 });
  });
  afterAll(async () => {
    await pool.end();
    if (own) await server.close();
  });
  return {
    get server(): PostgresServer {
      return server;
    },
    get pool(): Pool {
      return pool;
    },
    /** A schema that no other test uses. */
    newSchema(): string {
      ofTheProcess.schemasOfTests = (ofTheProcess.schemasOfTests ?? 0) + 1;
      return `spool_${ofTheProcess.schemasOfTests}`;
    },
    /** An open spool; several on one schema act like several processes. */
    async open(schema: string, parts: Partial<SpoolContext> = {}, ownPool: Pool = pool): Promise<PostgresSpool> {
      const spool = new PostgresSpool({ pool: ownPool, schema, migrate: true });
      await spool.open({ clock: systemClock, tombstones: 60_000, ...parts });
      return spool;
    },
  };
}

/** Waits until that is true. */
export async function until(check: () => boolean | Promise<boolean>, within = 200_000): Promise<void> {
  const end = Date.now() + within;
  while (!(await check())) {
    if (Date.now() > end) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
