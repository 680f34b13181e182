import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import type { PgPool, PgPoolClient, PgQuery } from '../../../src/spool/postgres/connection/pool.ts';
import { PostgresSpool } from '../../../src/spool/postgres/postgres-spool.ts';
import { aliceSends } from '../../support/sender-fixture.ts';
import { claimRequest, newEntry, statesOf } from '../../support/spool-entries.ts';
import { until, useServer } from './fixture.ts';

const fixture = useServer({ own: true });
const context = { clock: systemClock, tombstones: 60_000 };

/** Ends every other connection of this pool. */
async function terminate(): Promise<void> {
  await fixture.pool.query(
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = $1',
    ['client backend'],
  );
}

/** A pool whose queries a test may intercept. */
function meddling(before: (query: PgQuery, client: PgPoolClient) => Promise<void>, after = before): PgPool {
  const pool: PgPool = fixture.pool;
  return {
    on: pool.on.bind(pool) as PgPool['on'],
    removeListener: pool.removeListener.bind(pool) as PgPool['removeListener'],
    async connect() {
      const client = await pool.connect();
      return new Proxy(client, {
        get(target, name) {
          if (name === 'query') {
            return async (query: PgQuery) => {
              if (before !== after) await before(query, target);
              const result = await target.query(query);
              await after(query, target);
              return result;
            };
          }
          const value: unknown = Reflect.get(target, name);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
    },
  };
}

const none = async (): Promise<void> => undefined;

describe('connections that break', () => {
  it('while their login completes: a listener exists from the first moment, and only as long as the spool is open', async () => {
    const schema = fixture.newSchema();
    const before = fixture.pool.listenerCount('connect');
    const spool = await fixture.open(schema);
    const listeners = fixture.pool.listeners('connect');
    expect(listeners).toHaveLength(before + 1);
    const heard: string[] = [];
    listeners.at(-1)?.({ on: (event: string) => heard.push(event) });
    expect(heard).toEqual(['error']);
    await spool.close();
    expect(fixture.pool.listenerCount('connect')).toBe(before);
  });

  it('before COMMIT: the message was not kept, is retried, and is kept once', async () => {
    const schema = fixture.newSchema();
    let breaks = 0;
    const breaking = async (query: PgQuery, client: PgPoolClient): Promise<void> => {
      if (query.name?.startsWith('oim_append_new') !== true || breaks-- <= 0) return;
      const heard = new Promise((resolve) => client.on('error', resolve));
      await Promise.all([heard, terminate()]);
    };
    const spool = new PostgresSpool({ pool: meddling(none, breaking), schema });
    await fixture.open(schema).then((other) => other.close());
    await spool.open(context);
    breaks = 1;
    const [result] = await spool.append([newEntry('m')]);
    expect(result).toMatchObject({ status: 'appended' });
    expect(breaks).toBeLessThan(1);
    expect(await statesOf(spool)).toEqual({ m: 'spooled' });
    await spool.close();
  });

  it('because the process was suspended in a transaction that the server ended: each operation is repeated', async () => {
    const schema = fixture.newSchema();
    let stands: 'and has not heard of the end' | 'and has heard of the end' | undefined;
    const standing = async (query: PgQuery, client: PgPoolClient): Promise<void> => {
      if (stands === undefined || !query.text.startsWith('BEGIN')) return;
      const heard = stands === 'and has heard of the end' && new Promise((resolve) => client.on('error', resolve));
      stands = undefined;
      await client.query({ text: `SET LOCAL idle_in_transaction_session_timeout = '20ms'` });
      // Longer than that, without reading the socket.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
      await heard;
    };
    const spool = new PostgresSpool({ pool: meddling(none, standing), schema });
    await fixture.open(schema).then((other) => other.close());
    await spool.open(context);
    for (const how of ['and has not heard of the end', 'and has heard of the end'] as const) {
      stands = how;
      expect(await spool.append([newEntry(how, { pickupIn: 0, conversationId: how })])).toMatchObject([{ status: 'appended' }]);
      stands = how;
      expect(await statesOf(spool)).toMatchObject({ [how]: 'spooled' });
      stands = how;
      expect(await spool.claim(claimRequest())).toHaveLength(1);
      expect(stands).toBeUndefined();
    }
    await spool.close();
  });

  it('after COMMIT, with a lost response: the outcome is unknown, and repeating the id tells', async () => {
    const schema = fixture.newSchema();
    let breaks = 0;
    const losing = async (query: PgQuery): Promise<void> => {
      if (query.text !== 'COMMIT' || breaks-- <= 0) return;
      throw new Error('Connection terminated unexpectedly');
    };
    const spool = new PostgresSpool({ pool: meddling(none, losing), schema, migrate: true });
    await spool.open(context);
    breaks = 1;
    expect(await spool.append([newEntry('m')])).toMatchObject([{ status: 'failed', kept: 'unknown' }]);
    expect(await spool.append([newEntry('again', { messageId: 'm-m', contentHash: 'hash of m' })])).toMatchObject([
      { status: 'duplicate', entries: [{ id: 'm' }] },
    ]);
    await spool.close();
  });

  it.each([
    ['40003', 'unknown'],
    ['40001', 'no'],
  ])('with SQLSTATE %s in response to COMMIT: kept is %s', async (code, kept) => {
    let refusals = 0;
    const refusing = async (query: PgQuery): Promise<void> => {
      if (query.text !== 'COMMIT' || refusals-- <= 0) return;
      throw Object.assign(new Error('refused'), { code, severity: 'ERROR' });
    };
    const spool = new PostgresSpool({ pool: meddling(refusing, none), schema: fixture.newSchema(), migrate: true });
    await spool.open(context);
    refusals = 10;
    expect(await spool.append([newEntry('m')])).toMatchObject([{ status: 'failed', kept }]);
    await spool.close();
  });

  it('while COMMIT waits for a lock: nothing is kept, and it is retried', async () => {
    let refusals = 0;
    const refusing = async (query: PgQuery): Promise<void> => {
      if (query.text !== 'COMMIT' || refusals-- <= 0) return;
      throw Object.assign(new Error('canceling statement due to lock timeout'), { code: '55P03', severity: 'ERROR' });
    };
    const spool = new PostgresSpool({ pool: meddling(refusing, none), schema: fixture.newSchema(), migrate: true });
    await spool.open(context);
    refusals = 1;
    expect(await spool.append([newEntry('m')])).toMatchObject([{ status: 'appended' }]);
    await spool.close();
  });

  it('during a claim or a settle: the call fails with a code, and the next one works', async () => {
    const schema = fixture.newSchema();
    let breaks = 0;
    const breaking = async (query: PgQuery): Promise<void> => {
      if ((query.text === 'COMMIT' || query.text.includes('deliver_2')) && breaks-- > 0) await terminate();
    };
    const spool = new PostgresSpool({ pool: meddling(breaking, none), schema, migrate: true });
    await spool.open(context);
    await spool.append([newEntry('m', { pickupIn: 0 })]);
    breaks = 1;
    await expect(spool.claim(claimRequest())).rejects.toMatchObject({ code: 'SPOOL_FAILED' });
    const [note] = await spool.claim(claimRequest());
    expect(note?.attempt).toBe(1);
    breaks = 1;
    const settlement = { token: note?.token ?? '', to: 'delivered' } as const;
    await expect(spool.settle([settlement])).rejects.toMatchObject({ code: 'SPOOL_FAILED' });
    expect(await spool.settle([settlement])).toMatchObject({ lost: [], changes: [{ to: 'delivered' }] });
    await spool.close();
  });

  it('after a settlement, with a lost response: its events are emitted all the same, once', async () => {
    const schema = fixture.newSchema();
    let breaks = 0;
    const losing = async (query: PgQuery): Promise<void> => {
      if (query.text.includes('deliver_2') && breaks-- > 0) throw new Error('Connection terminated unexpectedly');
    };
    const spool = new PostgresSpool({ pool: meddling(none, losing), schema, migrate: true });
    const { sender, eventsOf } = aliceSends({ spool, clock: systemClock as never });
    const { messageId } = await sender.send({ to: 'sip:bob@contoso.com', text: 'x' });
    breaks = 1;
    expect(await sender.flush()).toEqual({ delivered: 1 });
    expect(eventsOf('message:delivered')).toMatchObject([{ messageId, attempt: 1, foundByProbe: false }]);
    expect(breaks).toBeLessThanOrEqual(0);
    await sender.stop();
  });

  it('while listening: it listens again, and polls at once', async () => {
    const schema = fixture.newSchema();
    const spool = await fixture.open(schema);
    const other = await fixture.open(schema);
    let woken = 0;
    const unwatch = spool.watch(() => {
      woken += 1;
    });
    await until(() => woken > 0);
    await other.append([newEntry('a')]);
    await until(() => woken > 1);
    await terminate();
    const before = woken;
    await until(() => woken > before);
    const again = woken;
    await other.append([newEntry('b')]);
    await until(() => woken > again);
    unwatch();
    await Promise.all([spool.close(), other.close()]);
  });

  it('do not let the spool wake itself', async () => {
    const spool = await fixture.open(fixture.newSchema());
    let woken = 0;
    spool.watch(() => {
      woken += 1;
    });
    await until(() => woken > 0);
    const before = woken;
    await spool.append([newEntry('a')]);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(woken).toBe(before);
    await spool.close();
  });

  it('with the whole server, which restarts: accepted messages are there, and work continues', async () => {
    const spool = await fixture.open(fixture.newSchema());
    let accepted = 0;
    let stopping = false;
    const sending = (async () => {
      for (let index = 0; !stopping; index++) {
        const [result] = await spool.append([newEntry(`m${index}`)]);
        if (result?.status === 'appended') accepted += 1;
      }
    })();
    await until(() => accepted > 5);
    await fixture.server.restart();
    const before = accepted;
    await until(() => accepted > before + 5);
    stopping = true;
    await sending;
    expect((await spool.counts()).spooled).toBeGreaterThanOrEqual(accepted);
    expect((await spool.counts()).spooled).toBeLessThanOrEqual(accepted + 1);
    await spool.close();
  });

  it('and no server listens: the call fails with a code', async () => {
    const pool = fixture.server.pool({ port: 1, connectionTimeoutMillis: 500 });
    const spool = new PostgresSpool({ pool });
    await expect(spool.open(context)).rejects.toMatchObject({ code: 'SPOOL_FAILED' });
    await pool.end();
  });

  it('or arrive only after the spool was closed: they have a listener until they are released', async () => {
    const late = Promise.withResolvers<PgPoolClient>();
    const listeners = new Set<unknown>();
    let released = false;
    const pool: PgPool = {
      on: (_, listener: unknown) => listeners.add(listener),
      removeListener: (_, listener: unknown) => listeners.delete(listener),
      connect: () => late.promise,
    };
    const spool = new PostgresSpool({ pool, schema: fixture.newSchema() });
    const opening = spool.open(context).catch((error: unknown) => error);
    await new Promise((resolve) => setTimeout(resolve, 10));
    await spool.close();
    expect(await opening).toMatchObject({ code: 'SPOOL_CLOSED' });
    expect(listeners.size).toBe(2);
    late.resolve({ release: () => (released = true) } as unknown as PgPoolClient);
    await until(() => released);
    expect(listeners.size).toBe(0);
  });
});
