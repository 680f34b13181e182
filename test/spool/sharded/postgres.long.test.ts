import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { sharded } from '../../../src/index.ts';
import { PostgresSpool } from '../../../src/spool/postgres/postgres-spool.ts';
import { ManualClock, type SpoolHarness, spoolConformance } from '../../../src/testing.ts';
import { PostgresServer } from '../../support/postgres-server.ts';
import { cleanSchemas as cleanSchemasOf } from '../postgres/clean-schemas.ts';

const names = ['a', 'b', 'c'] as const;
let server: PostgresServer;
const pools = new Map<string, Pool>();
const cleanSchemas = new Map<string, ReturnType<typeof cleanSchemasOf>>();
const cleanSchemaOf = (name: string) => {
  const clean = cleanSchemas.get(name);
  if (clean === undefined) throw new Error(`There is no shard ${name}.`);
  return clean();
};

/** Three databases of one server: none can see the others. */
beforeAll(async () => {
  server = await PostgresServer.start();
  const main = server.pool({ max: 1 });
  for (const name of names) {
    await main.query(`CREATE DATABASE shard_${name}`);
    const pool = server.pool({ max: 12, database: `shard_${name}` });
    pools.set(name, pool);
    cleanSchemas.set(
      name,
      cleanSchemasOf(() => pool, 'sharded'),
    );
  }
  await main.end();
});

afterAll(async () => {
  for (const pool of pools.values()) await pool.end();
  await server.close();
});

async function create(): Promise<SpoolHarness> {
  const shards = await Promise.all([...pools].map(async ([name, pool]) => ({ name, pool, clean: await cleanSchemaOf(name) })));
  const open = () =>
    sharded(Object.fromEntries(shards.map(({ name, pool, clean: { schema } }) => [name, new PostgresSpool({ pool, schema })])));
  let storage = open();
  return {
    storage,
    clock: new ManualClock(),
    unit: 30_000,
    async advance(ms) {
      await Promise.all(shards.map(({ clean }) => clean.advance(ms)));
    },
    reopen() {
      storage = open();
      return storage;
    },
    async dispose() {
      await storage.close();
      await Promise.all(shards.map(({ clean }) => clean.giveBack()));
    },
  };
}

describe('three databases of PostgreSQL, sharded', () => {
  spoolConformance({ describe, it: it.concurrent }, create, { skip: ['wall clock'] });
});
