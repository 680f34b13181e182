import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { PostgresSpool } from '../../../src/spool/postgres/postgres-spool.ts';
import { ManualClock, type SpoolHarness, spoolConformance } from '../../../src/testing.ts';
import { PostgresServer } from '../../support/postgres-server.ts';
import { cleanSchemas } from './clean-schemas.ts';

let pool: Pool;
const cleanSchema = cleanSchemas(() => pool, 'conformance');

beforeAll(async () => {
  pool = (await PostgresServer.shared()).pool({ max: 30 });
});

afterAll(() => pool.end());

async function create(): Promise<SpoolHarness> {
  const { schema, advance, giveBack } = await cleanSchema();
  let storage = new PostgresSpool({ pool, schema });
  return {
    storage,
    clock: new ManualClock(),
    unit: 30_000,
    advance,
    reopen: () => {
      storage = new PostgresSpool({ pool, schema });
      return storage;
    },
    async dispose() {
      await storage.close();
      await giveBack();
    },
  };
}

describe('PostgresSpool', () => {
  // What becomes of a server's clock that is set, clock-set-back.test.ts shows.
  spoolConformance({ describe, it: it.concurrent }, create, { skip: ['wall clock'] });
});
