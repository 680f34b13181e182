import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { sharded } from '../../../src/index.ts';
import { PostgresSpool } from '../../../src/spool/postgres/postgres-spool.ts';
import { ManualClock, type SpoolHarness, spoolConformance } from '../../../src/testing.ts';
import { PostgresServer } from '../../support/postgres-server.ts';
import { stopClock } from '../postgres/database-clock.ts';

const names = ['a', 'b', 'c'] as const;
let server: PostgresServer;
const pools = new Map<string, Pool>();
let made = 0;

/** Three databases of one server: nothing of one can be seen from another. */
beforeAll(async () => {
  server = await PostgresServer.start();
  const main = server.pool({ max: 1 });
  for (const name of names) {
    await main.query(`CREATE DATABASE shard_${name}`);
    pools.set(name, server.pool({ max: 12, database: `shard_${name}` }));
  }
  await main.end();
});

afterAll(async () => {
  for (const pool of pools.values()) await pool.end();
  await server.close();
});

async function create(): Promise<SpoolHarness> {
  made += 1;
  const schema = `spool_${made}`;
  const spools = (): [string, PostgresSpool][] => [...pools].map(([name, pool]) => [name, new PostgresSpool({ pool, schema })]);
  const advances: ((ms: number) => Promise<void>)[] = [];
  for (const [, spool] of spools()) await spool.migrate();
  for (const pool of pools.values()) advances.push(await stopClock(pool, schema));
  let storage = sharded(Object.fromEntries(spools()));
  return {
    storage,
    clock: new ManualClock(),
    unit: 30_000,
    async advance(ms) {
      await Promise.all(advances.map((advance) => advance(ms)));
    },
    reopen() {
      storage = sharded(Object.fromEntries(spools()));
      return storage;
    },
    async dispose() {
      await storage.close();
      for (const pool of pools.values()) await pool.query(`DROP SCHEMA "${schema}" CASCADE`);
    },
  };
}

describe('three databases of PostgreSQL, sharded', () => {
  spoolConformance({ describe, it: it.concurrent }, create, { skip: ['wall clock'] });
});
