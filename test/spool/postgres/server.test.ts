import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { PostgresSpool } from '../../../src/spool/postgres/postgres-spool.ts';
import { PostgresServer, poolOn } from '../../support/postgres-server.ts';
import { claimRequest, newEntry } from '../../support/spool-entries.ts';
import { until, useServer } from './fixture.ts';

const context = { clock: systemClock, tombstones: 60_000 };
const fixture = useServer({ own: true });

describe('an unsuitable database', () => {
  it.each(['LATIN1', 'SQL_ASCII', 'WIN1252'])('is refused by open() and migrate(): encoding %s', async (encoding) => {
    const database = `db_${encoding.toLowerCase()}`;
    await fixture.pool.query(`CREATE DATABASE ${database} ENCODING '${encoding}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`);
    const pool = poolOn({ ...fixture.server.address, database });
    const spool = new PostgresSpool({ pool, migrate: true });
    for (const attempt of [() => spool.migrate(), () => spool.open(context)]) {
      await expect(attempt()).rejects.toMatchObject({ code: 'SPOOL_ROOT_UNUSABLE', message: expect.stringContaining(encoding) });
    }
    expect((await pool.query("SELECT 1 FROM pg_namespace WHERE nspname = 'offline_im'")).rows).toEqual([]);
    await pool.end();
  });

  it('is refused if its connections have another encoding', async () => {
    const pool = poolOn(fixture.server.address);
    pool.on('connect', (client) => void client.query("SET client_encoding TO 'LATIN1'"));
    const spool = new PostgresSpool({ pool, schema: fixture.newSchema(), migrate: true });
    await expect(spool.open(context)).rejects.toMatchObject({
      code: 'SPOOL_ROOT_UNUSABLE',
      message: expect.stringContaining('LATIN1'),
    });
    await pool.end();
  });
});

describe('a read-only server', () => {
  it('is reported as such, its connections are not reused, and work continues once it is writable', async () => {
    const server = await PostgresServer.start({ standby: true });
    const pool = server.pool();
    try {
      const spool = new PostgresSpool({ pool, migrate: true });
      await expect(spool.open(context)).rejects.toMatchObject({
        code: 'SPOOL_FAILED',
        message: expect.stringContaining('accepts no writes'),
      });
      await until(() => pool.totalCount === 0);
      await pool.query('SELECT pg_promote()');
      await spool.open(context);
      expect((await spool.append([newEntry('a')]))[0]?.status).toBe('appended');
      await spool.close();
    } finally {
      await pool.end();
      await server.close();
    }
  });
});

describe('many spools on one small pool', () => {
  it('all work, notify each other, and occupy one connection together', async () => {
    const pool = fixture.server.pool({ max: 5 });
    const schema = fixture.newSchema();
    await new PostgresSpool({ pool, schema }).migrate();
    const count = 200;
    const spools = Array.from({ length: count }, () => new PostgresSpool({ pool, schema }));
    await Promise.all(spools.map((spool) => spool.open(context)));
    const woken = new Set<number>();
    for (const [index, spool] of spools.entries()) spool.watch(() => woken.add(index));
    await until(() => woken.size === count, 150_000);
    expect(pool.listenerCount('error') + pool.listenerCount('connect')).toBeLessThan(8);
    expect(pool.totalCount - pool.idleCount).toBe(1);
    const lane = (index: number) => `sender-${index}@contoso.com`;
    const appends = spools.map((spool, index) =>
      spool.append([newEntry(`e${index}`, { pickupIn: 0, lane: lane(index), conversationId: `c${index}` })]),
    );
    expect((await Promise.all(appends)).flat().every(({ status }) => status === 'appended')).toBe(true);
    const claims = await Promise.all(
      spools.map((spool, index) =>
        spool.claim(claimRequest({ lanes: { only: [lane(index)] }, limit: 5, newNoteId: () => `note-${index}` })),
      ),
    );
    expect(claims.map((notes) => notes.length)).toEqual(spools.map(() => 1));
    woken.clear();
    const other = new PostgresSpool({ pool: fixture.pool, schema });
    await other.open(context);
    await other.append([newEntry('other')]);
    await until(() => woken.size === count, 150_000);
    await other.close();
    await Promise.all(spools.map((spool) => spool.close()));
    await nextTurn();
    await until(() => pool.totalCount - pool.idleCount === 0);
    await pool.end();
  });

  it('of several schemas are notified only of their own changes', async () => {
    const pool = fixture.server.pool({ max: 5 });
    const schemas = [fixture.newSchema(), fixture.newSchema()];
    const woken = [0, 0];
    const spools = schemas.map((schema) => new PostgresSpool({ pool, schema, migrate: true }));
    for (const [index, spool] of spools.entries()) {
      await spool.open(context);
      spool.watch(() => {
        woken[index] = (woken[index] ?? 0) + 1;
      });
      await until(() => woken[index] === 1);
    }
    const other = new PostgresSpool({ pool: fixture.pool, schema: schemas[1] });
    await other.open(context);
    await other.append([newEntry('a')]);
    await until(() => woken[1] === 2);
    expect(woken).toEqual([1, 2]);
    await spools[1]?.close();
    await other.append([newEntry('b')]);
    await spools[0]?.close();
    await other.close();
    expect(woken).toEqual([1, 2]);
    await pool.end();
  });
});
