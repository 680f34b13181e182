import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { PostgresSpool } from '../../../src/spool/postgres/postgres-spool.ts';
import { hasPgBouncer, PgBouncer } from '../../support/pgbouncer.ts';
import { poolOn } from '../../support/postgres-server.ts';
import { claimRequest, newEntry } from '../../support/spool-entries.ts';
import { useServer } from './fixture.ts';
import { conformsBehindPooler } from './pooler-conformance.ts';

const context = { clock: systemClock, tombstones: 60_000 };
const entries = (name: string, count: number) =>
  Array.from({ length: count }, (_, index) => newEntry(`${name}-${index}`, { pickupIn: 0, conversationId: `${name}-${index}` }));

/** The same pool, of clients that do not know the process of their server. */
function unknowing(pool: Pool): Pool {
  return new Proxy(pool, {
    get(target, name) {
      const value = Reflect.get(target, name);
      if (name !== 'connect') return typeof value === 'function' ? value.bind(target) : value;
      return async () => {
        const client = await target.connect();
        return new Proxy(client, {
          get(inner, part) {
            const own = part === 'processID' ? undefined : Reflect.get(inner, part);
            return typeof own === 'function' ? own.bind(inner) : own;
          },
        });
      };
    },
  });
}

// Reported as skipped if Debian's package is missing.
describe.skipIf(!hasPgBouncer)('behind PgBouncer in transaction mode (apt-get install pgbouncer)', () => {
  const fixture = useServer();
  let bouncer: PgBouncer;
  const pools: Pool[] = [];
  const newPool = (max = 5) => {
    const pool = poolOn(bouncer.address, { max });
    pools.push(pool);
    return pool;
  };
  beforeAll(async () => {
    bouncer = await PgBouncer.before(fixture.server.address);
  });
  afterAll(async () => {
    for (const pool of pools) await pool.end();
    await bouncer[Symbol.asyncDispose]();
  });

  it.each([
    ['found out by itself', undefined, (pool: Pool) => pool],
    ['as stated by the host', 'transaction' as const, unknowing],
    ['detected by a refusal of the server', undefined, unknowing],
  ])('three processes share the work, and nothing is refused, lost or claimed twice: %s', async (_how, pooler, made) => {
    const schema = fixture.newSchema();
    const spools = Array.from({ length: 3 }, () => new PostgresSpool({ pool: made(newPool()), schema, migrate: true, pooler }));
    await Promise.all(spools.map((spool) => spool.open(context)));
    const appends = spools.flatMap((spool, index) => entries(`p${index}`, 100).map((entry) => spool.append([entry])));
    const results = (await Promise.all(appends)).flat();
    expect(results.filter(({ status }) => status !== 'appended')).toEqual([]);
    const claimed: string[] = [];
    await Promise.all(
      spools.map(async (spool, index) => {
        let made = 0;
        const request = claimRequest({ limit: 20, perLane: 20, newNoteId: () => `note-${index}-${made++}` });
        for (;;) {
          const notes = await spool.claim(request);
          claimed.push(...notes.flatMap(({ entries: members }) => members.map(({ id }) => id)));
          const { lost } = await spool.settle(notes.map(({ token }) => ({ token, to: 'delivered' })));
          expect(lost).toEqual([]);
          const { spooled, delivering } = await spool.counts();
          if (spooled + delivering === 0) return;
        }
      }),
    );
    expect(claimed.sort()).toEqual([0, 1, 2].flatMap((index) => entries(`p${index}`, 100).map(({ id }) => id)).sort());
    expect(await spools[0]?.counts()).toMatchObject({ delivered: 300 });
    for (const spool of spools) await spool.close();
  });

  it('joins a transaction of the host', async () => {
    const pool = newPool();
    const spool = new PostgresSpool({ pool, schema: fixture.newSchema(), migrate: true });
    await spool.open(context);
    for (const [index, end] of (['COMMIT', 'ROLLBACK', 'COMMIT', 'COMMIT'] as const).entries()) {
      const client = await pool.connect();
      await client.query('BEGIN');
      const [result] = await spool.append(entries(`host-${index}`, 1), { client });
      expect(result?.status).toBe('appended');
      await client.query(end);
      client.release();
    }
    expect(await spool.counts()).toMatchObject({ spooled: 3 });
    await spool.close();
  });

  it('does not listen, so that it occupies no connection', async () => {
    const pool = newPool(3);
    const spool = new PostgresSpool({ pool, schema: fixture.newSchema(), migrate: true });
    await spool.open(context);
    const unwatch = spool.watch(() => undefined);
    await spool.append(entries('a', 1));
    expect(pool.totalCount - pool.idleCount).toBe(0);
    unwatch();
    await spool.close();
  });

  it('keeps accepted messages when the pooler dies, and goes on', async () => {
    const spool = new PostgresSpool({ pool: newPool(), schema: fixture.newSchema(), migrate: true });
    await spool.open(context);
    const kept: string[] = [];
    let over = false;
    const appending = Array.from({ length: 8 }, async (_, line) => {
      for (let index = 0; !over; index++) {
        const [entry] = entries(`${line}-${index}`, 1);
        if (entry === undefined) return;
        const [result] = await spool.append([entry]);
        if (result?.status === 'appended') kept.push(entry.id);
      }
    });
    for (let crash = 0; crash < 3; crash++) {
      const before = kept.length;
      while (kept.length < before + 20) await new Promise((resolve) => setTimeout(resolve, 5));
      await bouncer.crash();
    }
    over = true;
    await Promise.all(appending);
    const found = new Set<string>();
    for await (const { id } of spool.list()) found.add(id);
    expect(kept.filter((id) => !found.has(id))).toEqual([]);
    await spool.close();
  });
});

/** What it does with the sessions and transactions of several processes; the rest is in the suite of PostgresSpool. */
conformsBehindPooler([
  ...(['life', 'host actions', 'cancel', 'expiry', 'tombstones', 'next due', 'wall clock', 'merge', 'settle'] as const),
  ...(['read', 'admin', 'values'] as const),
]);
