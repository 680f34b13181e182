/** How many rows a claim and its settlement touch, counted by the server: a plan that reads all waiting rows is an outage once there are many. */
import type { Pool } from 'pg';
import { describe, expect, it } from 'vitest';
import type { ClaimRequest, NewSpoolEntry, SpoolStorage } from '../../../src/spool/contract.ts';
import { claimRequest, newEntry } from '../../support/spool-entries.ts';
import { useServer } from './fixture.ts';

const fixture = useServer();
const notes = 20;
/** More than twice what a plan may read that looks at each row once. */
const waiting = 2_500;
/** Each note is found, locked, read and written; a few rows are read to see that nothing else is due. */
const most = notes * 30 + 500;

/** Rows read from all tables of a schema since it was created, on a pool of one connection. */
async function rowsRead(pool: Pool, schema: string): Promise<number> {
  await pool.query('SELECT pg_stat_force_next_flush()');
  const { rows } = await pool.query(
    `SELECT (SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) FROM pg_stat_user_tables WHERE schemaname = $1)
      + (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE schemaname = $1) AS read`,
    [schema],
  );
  return Number((rows[0] as { read: string }).read);
}

async function fill(spool: SpoolStorage, entryOf: (index: number) => Partial<NewSpoolEntry>, count = waiting): Promise<void> {
  for (let from = 0; from < count; from += 1_000) {
    const entries = Array.from({ length: Math.min(1_000, count - from) }, (_, index) => {
      const number = from + index;
      return newEntry(`w${number}`, { pickupIn: 0, conversationId: `c${number}`, ...entryOf(number) });
    });
    await spool.append(entries);
  }
}

async function claimAndSettle(spool: SpoolStorage, request: Partial<ClaimRequest>): Promise<number> {
  const claimed = await spool.claim(claimRequest({ limit: notes, perLane: notes, ...request }));
  await spool.settle(claimed.map(({ token }) => ({ token, to: 'delivered' })));
  return claimed.length;
}

const [most90, few] = ['alice@contoso.com', 'bob@contoso.com'];
interface Shape {
  readonly lane?: (index: number) => string;
  readonly pickupIn?: (lane: string, index: number) => number;
  readonly request?: Partial<ClaimRequest>;
}

const shapes: Readonly<Record<string, Shape>> = {
  'one mailbox has all of it': {},
  'one mailbox has nine of ten': { lane: (index) => (index % 10 === 0 ? few : most90) },
  'one mailbox has nine of ten, and the other is asked for': {
    lane: (index) => (index % 10 === 0 ? few : most90),
    request: { lanes: { only: [few] } },
  },
  'one mailbox has nine of ten, and is left out': {
    lane: (index) => (index % 10 === 0 ? few : most90),
    request: { lanes: { except: [most90] } },
  },
  'one mailbox has nine of ten, whose time has not come': {
    lane: (index) => (index % 10 === 0 ? few : most90),
    pickupIn: (lane) => (lane === most90 ? 600_000 : 0),
  },
  'the time of nine of ten in one mailbox has not come': { pickupIn: (_, index) => (index % 10 === 0 ? 0 : 600_000) },
  'a hundred mailboxes': { lane: (index) => `sender-${index % 100}@contoso.com` },
  'pickup times are ignored': { pickupIn: () => 600_000, request: { ignorePickup: true } },
};

describe.each(Object.entries(shapes))('a claim reads a fixed number of rows per note if %s', (_, shape) => {
  /** A spool of that shape; `begun` runs while it is empty. */
  async function filled(begun?: (spool: SpoolStorage, pool: Pool, schema: string) => Promise<void>) {
    const schema = fixture.newSchema();
    const pool = fixture.server.pool({ max: 1 });
    const spool = await fixture.open(schema, {}, pool);
    await pool.query(`ALTER TABLE "${schema}".entries SET (autovacuum_enabled = false)`);
    await pool.query(`ALTER TABLE "${schema}".streams SET (autovacuum_enabled = false)`);
    await begun?.(spool, pool, schema);
    await fill(spool, (index) => {
      const lane = shape.lane?.(index) ?? most90;
      return { lane, pickupIn: shape.pickupIn?.(lane, index) ?? 0 };
    });
    return {
      schema,
      pool,
      /** Rows read by a claim and its settlement. */
      async read(): Promise<number> {
        const before = await rowsRead(pool, schema);
        expect(await claimAndSettle(spool, shape.request ?? {})).toBe(notes);
        return (await rowsRead(pool, schema)) - before;
      },
      async [Symbol.asyncDispose]() {
        await spool.close();
        await pool.end();
      },
    };
  }

  it('with tables never analyzed, and with the same tables once analyzed', async () => {
    await using at = await filled();
    expect(await at.read()).toBeLessThan(most);
    await at.pool.query(`ANALYZE "${at.schema}".entries, "${at.schema}".streams`);
    // A connection plans its prepared statements again once statistics change.
    expect(await at.read()).toBeLessThan(most);
  });

  it('with plans made while the tables were empty', async () => {
    await using at = await filled(async (spool, pool, schema) => {
      await spool.append([newEntry('first', { pickupIn: 0 })]);
      await pool.query(`ANALYZE "${schema}".entries, "${schema}".streams, "${schema}".notes`);
      for (let again = 0; again < 7; again++) await claimAndSettle(spool, shape.request ?? {});
    });
    expect(await at.read()).toBeLessThan(most);
  });
});

it('a claim reads only the part of a long conversation that fits into a note, and its settlement only the next head', async () => {
  const schema = fixture.newSchema();
  const pool = fixture.server.pool({ max: 1 });
  const spool = await fixture.open(schema, {}, pool);
  await fill(spool, () => ({ conversationId: 'long' }));
  const before = await rowsRead(pool, schema);
  expect(await claimAndSettle(spool, { maxEntries: 10 })).toBe(1);
  expect((await rowsRead(pool, schema)) - before).toBeLessThan(200);
  await spool.close();
  await pool.end();
});

it.each(['never analyzed', 'planned while it was empty'])(
  'a renewal and a refreeze read nothing that waits (%s)',
  async (statistics) => {
    const schema = fixture.newSchema();
    const pool = fixture.server.pool({ max: 1 });
    const spool = await fixture.open(schema, {}, pool);
    const act = async (): Promise<void> => {
      const claimed = await spool.claim(claimRequest({ limit: notes, perLane: notes }));
      const tokens = claimed.map(({ token }) => token);
      expect(await spool.renew(tokens, 60_000)).toEqual([]);
      await spool.refreeze(claimed.map(({ token, frozen }) => ({ token, frozen })));
      await spool.settle(tokens.map((token) => ({ token, to: 'unclaim' })));
    };
    if (statistics === 'planned while it was empty') {
      await spool.append([newEntry('first', { pickupIn: 0 })]);
      await pool.query(`ANALYZE "${schema}".entries, "${schema}".streams, "${schema}".notes`);
      for (let again = 0; again < 7; again++) await act();
    }
    await fill(spool, () => ({}), 4_000);
    const before = await rowsRead(pool, schema);
    await act();
    expect((await rowsRead(pool, schema)) - before).toBeLessThan(2 * most);
    await spool.close();
    await pool.end();
  },
);

it('a settlement reads nothing of deferred or unconfirmed notes', async () => {
  const schema = fixture.newSchema();
  const pool = fixture.server.pool({ max: 1 });
  const spool = await fixture.open(schema, {}, pool);
  const reason = { code: 'EWS_ERROR', text: 'busy' } as const;
  await fill(spool, () => ({}), 2_000);
  for (let claimed = 1; claimed > 0; ) {
    const off = await spool.claim(claimRequest({ limit: 250, perLane: 250 }));
    claimed = off.length;
    const half = claimed / 2;
    await spool.settle(
      off.map(({ token }, index) =>
        index < half
          ? { token, to: 'deferred', after: 600_000, failure: true, reason }
          : { token, to: 'unconfirmed', after: 600_000, absent: false, counted: 0, reason },
      ),
    );
  }
  await spool.append(
    Array.from({ length: notes }, (_, index) => newEntry(`n${index}`, { pickupIn: 0, conversationId: `n${index}` })),
  );
  const before = await rowsRead(pool, schema);
  expect(await claimAndSettle(spool, {})).toBe(notes);
  expect((await rowsRead(pool, schema)) - before).toBeLessThan(most);
  await spool.close();
  await pool.end();
});
