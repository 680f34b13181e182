/** Settling delivered notes takes one statement, and is a transaction by itself. */
import type { Pool } from 'pg';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import type { SettleResult } from '../../../src/spool/contract.ts';
import type { PgPool } from '../../../src/spool/postgres/connection/pool.ts';
import { PostgresSpool } from '../../../src/spool/postgres/postgres-spool.ts';
import { aliceSends } from '../../support/sender-fixture.ts';
import { claimRequest, newEntry, statesOf } from '../../support/spool-entries.ts';
import { until, useServer } from './fixture.ts';

const fixture = useServer();
const due = { pickupIn: 0 };
const reason = { code: 'EWS_ERROR', text: 'busy' } as const;
const delivered = (notes: readonly { readonly token: string }[]) =>
  notes.map(({ token }) => ({ token, to: 'delivered' }) as const);
const apart = (ids: readonly string[]) => ids.map((id) => newEntry(id, { ...due, conversationId: id }));
const hundred = Array.from({ length: 100 }, (_, index) => `n${index}`);

/** The pool, and the statements sent on it. */
function overheard(pool: Pool): { readonly pool: PgPool; readonly said: string[] } {
  const said: string[] = [];
  const heard = new WeakSet<object>();
  const connect = async (): Promise<Awaited<ReturnType<PgPool['connect']>>> => {
    const client = await pool.connect();
    if (!heard.has(client)) {
      heard.add(client);
      const query = client.query.bind(client) as (asked: unknown) => unknown;
      Object.assign(client, {
        query: (asked: { readonly text: string }) => {
          // Other processes are notified of an append at some later time.
          if (!asked.text.includes('pg_notify')) said.push(asked.text);
          return query(asked);
        },
      });
    }
    return client;
  };
  return {
    said,
    pool: { connect, on: pool.on.bind(pool), removeListener: pool.removeListener.bind(pool), options: { max: 2 } } as PgPool,
  };
}

/** The result of settling m1, which waits until m2 of the same conversation is committed. */
async function settledBesideAnAppend(spool: PostgresSpool): Promise<SettleResult> {
  await spool.append([newEntry('m1', due)]);
  const notes = await spool.claim(claimRequest());
  const host = await fixture.pool.connect();
  await host.query('BEGIN');
  await spool.append([newEntry('m2', due)], { client: host });
  const settling = spool.settle(delivered(notes));
  await until(async () => (await fixture.pool.query('SELECT 1 FROM pg_locks WHERE NOT granted')).rows.length > 0);
  await host.query('COMMIT');
  host.release();
  return settling;
}

describe('delivered notes', () => {
  it('are claimed in three round trips and settled in one, however many there are', async () => {
    const own = fixture.server.pool({ max: 2 });
    const { pool, said } = overheard(own);
    const spool = await fixture.open(fixture.newSchema(), {}, pool as Pool);
    await spool.append(apart(hundred));
    said.length = 0;
    const notes = await spool.claim(claimRequest({ limit: 100, perLane: 100 }));
    expect(said).toHaveLength(3);
    said.length = 0;
    const { lost, changes } = await spool.settle(delivered(notes));
    expect(said).toHaveLength(1);
    expect(lost).toEqual([]);
    expect(changes.map(({ entryId }) => entryId).sort()).toEqual([...hundred].sort());
    await spool.close();
    await own.end();
  });

  it('leave behind a message committed while they waited for its conversation, and it is due', async () => {
    const spool = await fixture.open(fixture.newSchema());
    const settled = await settledBesideAnAppend(spool);
    expect(settled.changes.map(({ entryId }) => entryId)).toEqual(['m1']);
    const next = await spool.claim(claimRequest());
    expect(next.flatMap(({ entries }) => entries.map(({ id }) => id))).toEqual(['m2']);
    await spool.close();
  });

  it.each([
    ['begun', [`BEGIN`, 'SELECT 1'], true],
    ['begun, without waiting for it', [`BEGIN`], false],
  ] as const)('stay delivered on a connection that a host returned in a transaction it had %s', async (_, said, waits) => {
    const pool = fixture.server.pool({ max: 1 });
    const spool = await fixture.open(fixture.newSchema(), {}, pool);
    await spool.append([newEntry('m1', due)]);
    const notes = await spool.claim(claimRequest());
    const host = await pool.connect();
    for (const one of said) {
      const answer = host.query(one);
      if (waits) await answer;
    }
    host.release();
    expect((await spool.settle(delivered(notes))).changes).toHaveLength(1);
    await pool.query('ROLLBACK');
    expect(await spool.counts()).toMatchObject({ delivered: 1, delivering: 0 });
    await spool.close();
    await pool.end();
  });

  it('are settled at the second attempt on a connection that a host returned in a failed transaction', async () => {
    const pool = fixture.server.pool({ max: 1 });
    const spool = await fixture.open(fixture.newSchema(), {}, pool);
    await spool.append([newEntry('m1', due)]);
    const notes = await spool.claim(claimRequest());
    const host = await pool.connect();
    await host.query('BEGIN');
    await expect(host.query('SELECT nothing')).rejects.toThrow('nothing');
    host.release();
    await expect(spool.settle(delivered(notes))).rejects.toMatchObject({ code: 'SPOOL_FAILED' });
    expect((await spool.settle(delivered(notes))).changes).toHaveLength(1);
    await spool.close();
    await pool.end();
  });

  it.each(['repeatable read', 'serializable'])(
    'are settled without losing what follows if the default is %s',
    async (isolation) => {
      const pool = fixture.server.pool({ options: `-c default_transaction_isolation=${isolation.replace(' ', '\\ ')}` });
      expect((await pool.query('SHOW transaction_isolation')).rows).toEqual([{ transaction_isolation: isolation }]);
      const spool = await fixture.open(fixture.newSchema(), {}, pool);
      expect((await settledBesideAnAppend(spool)).lost).toEqual([]);
      expect((await spool.claim(claimRequest())).flatMap(({ entries }) => entries.map(({ id }) => id))).toEqual(['m2']);
      await spool.close();
      await pool.end();
    },
  );

  it('are on disk even if the database does not wait for that by default, and the settings of the host are restored', async () => {
    const pool = fixture.server.pool({ max: 1, options: '-c synchronous_commit=off' });
    const spool = await fixture.open(fixture.newSchema(), {}, pool);
    await spool.append(apart(['m1']));
    const flushed = async (): Promise<string> =>
      (await fixture.pool.query('SELECT pg_current_wal_flush_lsn()::text AS lsn')).rows[0].lsn as string;
    await spool.settle(delivered(await spool.claim(claimRequest())));
    const { rows } = await fixture.pool.query('SELECT pg_current_wal_insert_lsn() - $1::pg_lsn AS unwritten', [await flushed()]);
    expect(Number(rows[0].unwritten)).toBeLessThan(64);
    const kept = await pool.query(`SELECT current_setting('synchronous_commit') AS one, current_setting('lock_timeout') AS two,
      current_setting('enable_seqscan') AS three, current_setting('plan_cache_mode') AS four`);
    expect(kept.rows).toEqual([{ one: 'off', two: '0', three: 'on', four: 'auto' }]);
    await spool.close();
    await pool.end();
  });

  it('are settled together with one that has a row of its own, one that is lost, and one named twice', async () => {
    const spool = await fixture.open(fixture.newSchema());
    await spool.append(apart(['again', 'lost', 'twice', 'plain']));
    const first = await spool.claim(claimRequest());
    const tokenOf = (id: string): string => first.find(({ entries }) => entries[0]?.id === id)?.token ?? '';
    await spool.settle([{ token: tokenOf('again'), to: 'deferred', after: 0, failure: true, reason }]);
    await spool.settle([{ token: tokenOf('lost'), to: 'dead', sent: 'no', reason }]);
    const [again] = await spool.claim(claimRequest());
    const tokens = [again?.token ?? '', tokenOf('lost'), tokenOf('plain')];
    const result = await spool.settle(delivered(tokens.map((token) => ({ token }))));
    expect(result.lost).toEqual([tokenOf('lost')]);
    expect(result.changes.map(({ entryId }) => entryId).sort()).toEqual(['again', 'plain']);
    const twice = await spool.settle(delivered([{ token: tokenOf('twice') }, { token: tokenOf('twice') }]));
    expect(twice.changes.map(({ entryId }) => entryId)).toEqual(['twice']);
    expect(await statesOf(spool)).toEqual({ again: 'delivered', lost: 'dead', plain: 'delivered', twice: 'delivered' });
    expect((await spool.counts()).delivered).toBe(3);
    await spool.close();
  });
});

it('a result whose row a trigger refuses holds up no other of its request', async () => {
  const schema = fixture.newSchema();
  const spool = new PostgresSpool({ pool: fixture.pool, schema, migrate: true });
  const { sender, transport, eventsOf } = aliceSends({ spool, clock: systemClock as never, pickupDelay: 0 });
  const texts = ['a', 'b', 'c', 'd', 'e'].map((name) => ({ to: `sip:${name}@contoso.com`, text: name, messageId: name }));
  await sender.sendMany(texts);
  await fixture.pool.query(`
    CREATE FUNCTION ${schema}.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF OLD.message_id = 'b' AND NEW.state IN ('delivered', 'deferred', 'unconfirmed') THEN RAISE EXCEPTION 'damaged'; END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER refuse BEFORE UPDATE ON ${schema}.entries FOR EACH ROW EXECUTE FUNCTION ${schema}.refuse()`);
  await sender.start();
  const delivered = () => eventsOf('message:delivered').map(({ messageId }) => messageId);
  await until(() => delivered().length === 4);
  await fixture.pool.query(`DROP TRIGGER refuse ON ${schema}.entries`);
  await until(() => delivered().length === 5);
  expect(delivered().at(-1)).toBe('b');
  expect([transport.delivered.length, transport.probed.length]).toEqual([5, 0]);
  await sender.stop();
});
