import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { PostgresSpool } from '../../../src/spool/postgres/postgres-spool.ts';
import { type SpoolHarness, spoolConformance } from '../../../src/testing.ts';
import { PostgresServer } from '../../support/postgres-server.ts';
import { cleanSchemas, harnessOn } from './clean-schemas.ts';

let pool: Pool;
const cleanSchema = cleanSchemas(() => pool, 'conformance');

beforeAll(async () => {
  pool = (await PostgresServer.shared()).pool({ max: 30 });
});

afterAll(() => pool.end());

async function create(): Promise<SpoolHarness> {
  return harnessOn(await cleanSchema(), (schema) => new PostgresSpool({ pool, schema }));
}

describe('PostgresSpool', () => {
  // Changes of the server's clock are tested in clock-set-back.test.ts.
  spoolConformance({ describe, it: it.concurrent }, create, { skip: ['wall clock'] });
});
