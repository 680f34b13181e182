import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PostgresSpool } from '../../../src/spool/postgres/postgres-spool.ts';
import { sealed } from '../../../src/spool/sealed/sealed-spool.ts';
import { type SpoolHarness, spoolConformance } from '../../../src/testing.ts';
import { PostgresServer } from '../../support/postgres-server.ts';
import { aliceSends } from '../../support/sender-fixture.ts';
import { inItsOwnSuite, newKey } from '../sealed/support.ts';
import { cleanSchemas, harnessOn } from './clean-schemas.ts';

let pool: Pool;
const cleanSchema = cleanSchemas(() => pool, 'sealed');

beforeAll(async () => {
  pool = (await PostgresServer.shared()).pool({ max: 30 });
});

afterAll(() => pool.end());

const options = { keys: [{ id: 'k1', key: newKey() }], routingKey: newKey() };

async function create(): Promise<SpoolHarness> {
  return harnessOn(await cleanSchema(), (schema) => sealed(new PostgresSpool({ pool, schema }), options));
}

/** What it does with claims and leases; the rest is in the suite of PostgresSpool, and lists and bulk changes in those of other sealed spools. */
describe('sealed PostgresSpool', () => {
  spoolConformance({ describe, it: it.concurrent }, create, {
    skip: [...inItsOwnSuite, 'read', 'admin'],
  });
});

it('keeps a message in the transaction of the host, and nothing of it is readable in the database', async () => {
  const schema = 'sealed_host';
  const inner = new PostgresSpool({ pool, schema });
  await inner.migrate();
  const { sender, transport } = aliceSends({ spool: sealed(inner, options) });
  const client = await pool.connect();
  for (const end of ['ROLLBACK', 'COMMIT']) {
    await client.query('BEGIN');
    await sender.send({ to: 'bob@contoso.com', text: `topsecret ${end}`, messageId: 'ticket-1' }, { client });
    await client.query(end);
  }
  client.release();
  const { rows } = await pool.query<{ dump: string }>(`SELECT schema_to_xml('${schema}', true, false, '')::text AS dump`);
  expect(rows[0]?.dump).toContain('sealed1.k1.');
  expect(rows[0]?.dump).not.toMatch(/topsecret|bob@|alice@|contoso|ticket-1/i);
  await sender.flush();
  expect(transport.delivered.map(({ body }) => body.content)).toEqual(['topsecret COMMIT']);
  await sender.stop();
});
