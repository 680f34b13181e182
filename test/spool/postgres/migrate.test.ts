import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import type { PostgresSpoolOptions } from '../../../src/spool/postgres/options.ts';
import { PostgresSpool } from '../../../src/spool/postgres/postgres-spool.ts';
import { schemaVersion } from '../../../src/spool/postgres/tables/schema.ts';
import { paced } from '../../support/pace.ts';
import { claimRequest, newEntry } from '../../support/spool-entries.ts';
import { until, useServer } from './fixture.ts';

const fixture = useServer();
const context = { clock: systemClock, tombstones: 60_000 };

describe('migrate()', () => {
  it('creates the tables, even if several processes start at once; a second call changes nothing', async () => {
    const schema = fixture.newSchema();
    const spools = Array.from({ length: 4 }, () => new PostgresSpool({ pool: fixture.pool, schema }));
    await Promise.all(spools.map((spool) => spool.migrate()));
    await spools[0]?.migrate();
    const { rows } = await fixture.pool.query(`SELECT version FROM "${schema}".meta`);
    expect(rows).toEqual([{ version: schemaVersion }]);
    await spools[1]?.open(context);
    expect((await spools[1]?.counts())?.spooled).toBe(0);
    await spools[1]?.close();
  });

  it('is required by open() if it is missing', async () => {
    const spool = new PostgresSpool({ pool: fixture.pool, schema: fixture.newSchema() });
    await expect(spool.open(context)).rejects.toMatchObject({ code: 'SPOOL_NOT_MIGRATED' });
    await spool.migrate();
    await spool.open(context);
    await spool.close();
  });

  it('is done by open() if requested', async () => {
    const spool = await fixture.open(fixture.newSchema());
    expect((await spool.counts()).spooled).toBe(0);
    await spool.close();
  });

  it('adds what the schema of an earlier library lacks, while that one has it open', async () => {
    const schema = fixture.newSchema();
    const before = await fixture.open(schema);
    await fixture.pool.query(`DROP FUNCTION "${schema}".append_2, "${schema}".due_1, "${schema}".deliver_2`);
    await fixture.pool.query(`ALTER TABLE "${schema}".entries SET (fillfactor = 100)`);
    const spool = new PostgresSpool({ pool: fixture.pool, schema });
    await expect(spool.open(context)).rejects.toMatchObject({ code: 'SPOOL_NOT_MIGRATED' });
    await spool.migrate();
    await spool.open(context);
    const { rows } = await fixture.pool.query('SELECT reloptions FROM pg_class WHERE oid = $1::regclass', [
      `"${schema}".entries`,
    ]);
    expect(rows).toEqual([{ reloptions: ['fillfactor=60'] }]);
    expect((await before.counts()).spooled).toBe(0);
    await Promise.all([before.close(), spool.close()]);
  });

  /** Additions to version 1, step by step; a schema created before a step lacks it and all later ones. */
  const steps = [
    'VIEW entries_now',
    'TABLE admin',
    'FUNCTION deliver_1',
    'FUNCTION due_1',
    'FUNCTION deliver_2',
    'FUNCTION append_1',
    'FUNCTION append_2',
  ].map((one) => one.split(' '));

  it.each(steps.map(([, name], index) => [name, index] as const))(
    'upgrades a schema created before %s to this one, with its waiting entries',
    async (_, index) => {
      const schema = fixture.newSchema();
      const before = await fixture.open(schema);
      await before.append([newEntry('kept', { pickupIn: 0 })]);
      await before.close();
      for (const [kind, name] of steps.slice(index)) await fixture.pool.query(`DROP ${kind} "${schema}".${name}`);
      if (index === 0) await fixture.pool.query(`DROP VIEW "${schema}".notes_now`);
      const spool = await fixture.open(schema);
      const claimed = await spool.claim(claimRequest());
      expect(claimed.map(({ entries }) => entries[0]?.id)).toEqual(['kept']);
      await spool.settle(claimed.map(({ token }) => ({ token, to: 'delivered' })));
      expect((await spool.counts()).delivered).toBe(1);
      await spool.close();
    },
  );

  it('makes functions for settling that work for an earlier library, which opens the schema without a migration of its own', async () => {
    const schema = fixture.newSchema();
    const spool = await fixture.open(schema);
    await spool.append([newEntry('a', { pickupIn: 0 })]);
    const [note] = await spool.claim(claimRequest());
    const { rows } = await fixture.pool.query(
      `SELECT "${schema}".deliver_1(ARRAY[$1::text], ARRAY[$2::text], ARRAY['IPM.Note.Other'], '1000')::json AS done`,
      [note?.noteId, note?.token],
    );
    expect(rows).toEqual([{ done: [['a', newEntry('a').messageId, note?.noteId]] }]);
    expect(await spool.get('a')).toMatchObject({ state: 'delivered' });
    await spool.close();
  });

  it('finds nothing missing if a later library has added functions, overloads, views, tables and indexes', async () => {
    const schema = fixture.newSchema();
    await (await fixture.open(schema)).close();
    await fixture.pool.query(`
      CREATE FUNCTION "${schema}".due_2() RETURNS text LANGUAGE sql AS 'SELECT NULL::text';
      CREATE FUNCTION "${schema}".deliver_2(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
      CREATE FUNCTION "${schema}".due_1(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
      CREATE VIEW "${schema}".later_now AS SELECT 1 AS one;
      CREATE TABLE "${schema}".later (one integer);
      CREATE INDEX later_index ON "${schema}".entries (content_hash);
      ALTER TABLE "${schema}".entries ADD COLUMN later text`);
    const spool = new PostgresSpool({ pool: fixture.pool, schema });
    await spool.open(context);
    await spool.append([newEntry('a', { pickupIn: 0 })]);
    const claimed = await spool.claim(claimRequest());
    await spool.settle(claimed.map(({ token }) => ({ token, to: 'delivered' })));
    expect((await spool.counts()).delivered).toBe(1);
    await spool.close();
  });

  it('leaves the tables of a later version alone', async () => {
    const schema = fixture.newSchema();
    const spool = new PostgresSpool({ pool: fixture.pool, schema });
    await spool.migrate();
    await fixture.pool.query(`UPDATE "${schema}".meta SET version = 99`);
    await expect(spool.migrate()).rejects.toMatchObject({ code: 'SPOOL_VERSION' });
    await expect(spool.open(context)).rejects.toMatchObject({ code: 'SPOOL_VERSION' });
  });

  it('waits for a running migration as long as it takes, and finds it done', async () => {
    const schema = fixture.newSchema();
    const other = await fixture.pool.connect();
    await other.query('BEGIN');
    await other.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`offline-im "${schema}"`]);
    const deadline = paced(1_000);
    const spool = new PostgresSpool({ pool: fixture.pool, schema, migrate: true, statementTimeout: deadline });
    const opening = spool.open(context);
    // Longer than its deadline, and than other waits for a lock.
    await new Promise((resolve) => setTimeout(resolve, 1.5 * deadline));
    await other.query('COMMIT');
    other.release();
    await opening;
    expect((await spool.counts()).spooled).toBe(0);
    await spool.close();
  });

  it('does not wait if there is nothing to do', async () => {
    const schema = fixture.newSchema();
    const spool = new PostgresSpool({ pool: fixture.pool, schema });
    await spool.migrate();
    const other = await fixture.pool.connect();
    await other.query('BEGIN');
    await other.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`offline-im "${schema}"`]);
    await spool.migrate();
    await other.query('ROLLBACK');
    other.release();
  });

  it('sees what another process created while it waited, on a connection without cached catalog data', async () => {
    const schema = fixture.newSchema();
    const pool = fixture.server.pool({ max: 1 });
    const spool = new PostgresSpool({ pool, schema });
    await expect(spool.open(context)).rejects.toMatchObject({ code: 'SPOOL_NOT_MIGRATED' });
    const other = await fixture.pool.connect();
    await other.query('BEGIN');
    await other.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`offline-im "${schema}"`]);
    const migrating = spool.migrate();
    await until(async () => {
      const { rows } = await fixture.pool.query(`SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`);
      return rows.length === 1;
    });
    await other.query('COMMIT');
    other.release();
    await Promise.all([migrating, new PostgresSpool({ pool: fixture.pool, schema }).migrate()]);
    await pool.end();
  });

  it('needs no right to create schemas if its schema was created for the login, or for a role that it takes on', async () => {
    const [schema, owner] = [fixture.newSchema(), 'owner_of_a_schema'];
    await fixture.pool.query(
      `CREATE ROLE ${owner} NOLOGIN; CREATE ROLE of_${owner} LOGIN NOINHERIT PASSWORD 'x' IN ROLE ${owner}`,
    );
    await fixture.pool.query(`CREATE SCHEMA "${schema}" AUTHORIZATION ${owner}`);
    const login = { user: `of_${owner}`, password: 'x' };
    const [without, within] = [fixture.server.pool(login), fixture.server.pool({ ...login, options: `-c role=${owner}` })];
    const refused = { code: 'SPOOL_FAILED', message: expect.stringContaining('Give the login of the pool that right') };
    await expect(new PostgresSpool({ pool: without, schema }).migrate()).rejects.toMatchObject(refused);
    const spool = await fixture.open(schema, {}, within);
    expect(await spool.append([newEntry('a')])).toMatchObject([{ status: 'appended' }]);
    await spool.close();
    await Promise.all([without.end(), within.end()]);
    await fixture.pool.query(`DROP SCHEMA "${schema}" CASCADE; DROP ROLE of_${owner}, ${owner}`);
  });

  it('requires sufficient permissions; other logins get a coded error', async () => {
    const login = `reader_${fixture.newSchema()}`;
    await fixture.pool.query(`CREATE ROLE ${login} LOGIN PASSWORD 'secret'`);
    const pool = fixture.server.pool({ user: login });
    const spool = new PostgresSpool({ pool, schema: fixture.newSchema() });
    await expect(spool.migrate()).rejects.toMatchObject({ code: 'SPOOL_FAILED', details: { sqlState: '42501' } });
    await pool.end();
  });
});

describe('the options of a PostgresSpool', () => {
  it.each(['', 'Offline', 'a b', 'a"b', 'a;b', '1a', 'x'.repeat(49), 7])('reject the schema %j', (schema) => {
    const options = { pool: fixture.pool, schema } as PostgresSpoolOptions;
    expect(() => new PostgresSpool(options)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  });

  it('require a pool', () => {
    expect(() => new PostgresSpool({} as PostgresSpoolOptions)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  });
});
