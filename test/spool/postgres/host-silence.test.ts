import type { PoolClient } from 'pg';
import { describe, expect, it } from 'vitest';
import type { PgClient } from '../../../src/spool/postgres/connection/pool.ts';
import { newEntry, statesOf } from '../../support/spool-entries.ts';
import { behindProxy, context, deadline, timeOf } from './behind-proxy.ts';
import { until, useServer } from './fixture.ts';

const fixture = useServer();

/** The queries of a client. */
function overheard(client: PoolClient): { readonly client: PgClient; readonly said: string[] } {
  const said: string[] = [];
  const query: PgClient['query'] = (one) => {
    said.push(one.text);
    return client.query(one);
  };
  return { client: { query }, said };
}

describe.concurrent('a host transaction without a response', () => {
  it('delays send() and close() no longer than the deadline; whether the message is kept is unknown', async () => {
    await using scene = await behindProxy(fixture);
    await scene.spool.open(context);
    const client = await scene.pool.connect();
    await client.query('BEGIN');
    scene.proxy.swallowAfter = (said) => said.includes('SAVEPOINT');
    const appending = scene.spool.append([newEntry('a')], { client }).catch((error: unknown) => error);
    expect(await timeOf(scene.spool.close())).toBeLessThan(2 * deadline);
    // Nothing of the message had been sent.
    expect(await appending).toMatchObject({ code: 'SPOOL_FAILED', message: expect.stringContaining('did not respond within') });
    client.release(true);
  });

  it('that is committed after all: repeating the message tells, and nothing is sent to the server after the deadline', async () => {
    await using scene = await behindProxy(fixture);
    await scene.spool.open(context);
    const [holder, host] = await Promise.all([fixture.pool.connect(), fixture.pool.connect()]);
    await holder.query('BEGIN');
    await holder.query(`LOCK TABLE "${scene.schema}".tallies IN EXCLUSIVE MODE`);
    await host.query('BEGIN');
    const { client, said } = overheard(host);
    const [result] = await scene.spool.append([newEntry('a')], { client });
    expect(result).toMatchObject({ status: 'failed', kept: 'unknown', error: { code: 'SPOOL_FAILED' } });
    const before = said.length;
    await holder.query('ROLLBACK');
    await host.query('COMMIT');
    expect(said).toHaveLength(before);
    expect(await statesOf(scene.spool)).toEqual({ a: 'spooled' });
    expect(await scene.spool.append([newEntry('a')])).toMatchObject([{ status: 'duplicate' }]);
    for (const one of [holder, host]) one.release();
  });

  it('that waits for a conversation locked by another: nothing of it remains when the host rolls back', async () => {
    await using scene = await behindProxy(fixture);
    await scene.spool.open(context);
    const [first, second] = await Promise.all([fixture.pool.connect(), fixture.pool.connect()]);
    await Promise.all([first.query('BEGIN'), second.query('BEGIN')]);
    await scene.spool.append([newEntry('a')], { client: first });
    expect(await scene.spool.append([newEntry('b')], { client: second })).toMatchObject([{ status: 'failed', kept: 'unknown' }]);
    await first.query('COMMIT');
    await second.query('ROLLBACK');
    expect(await statesOf(scene.spool)).toEqual({ a: 'spooled' });
    expect(await scene.spool.append([newEntry('b')])).toMatchObject([{ status: 'appended' }]);
    await until(() => scene.pool.totalCount === scene.pool.idleCount);
    for (const one of [first, second]) one.release();
  });
});
