import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { PostgresSpool } from '../../../src/spool/postgres/postgres-spool.ts';
import { sealed } from '../../../src/spool/sealed/sealed-spool.ts';
import { spoolConformance } from '../../../src/testing.ts';
import { PostgresServer } from '../../support/postgres-server.ts';
import { newKey } from '../sealed/support.ts';
import { cleanSchemas, harnessOn } from './clean-schemas.ts';

let pool: Pool;
const cleanSchema = cleanSchemas(() => pool, 'sealed');
const options = { keys: [{ id: 'k1', key: newKey() }], routingKey: newKey() };

beforeAll(async () => {
  pool = (await PostgresServer.shared()).pool({ max: 30 });
});

afterAll(() => pool.end());

// What sealed.test.ts leaves to this file: thousands of seals.
const left = ['read', 'admin'];
describe('lists of a sealed PostgresSpool, and changes of many', () => {
  spoolConformance(
    { it: it.concurrent, describe: (subject, tests) => left.includes(subject) && describe(subject, tests) },
    async () => harnessOn(await cleanSchema(), (schema) => sealed(new PostgresSpool({ pool, schema }), options)),
  );
});
