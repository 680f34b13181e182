import type { Pool } from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { PostgresSpool } from '../../../src/spool/postgres/postgres-spool.ts';
import { poolOn } from '../../support/postgres-server.ts';
import { claimRequest, newEntry } from '../../support/spool-entries.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';
import { deadline } from './behind-proxy.ts';
import { useServer } from './fixture.ts';

const fixture = useServer();
const noAnswer = { code: 'SPOOL_FAILED', message: expect.stringContaining(`did not respond within ${deadline} ms`) };

describe('a server that vanishes silently', () => {
  let proxy: TcpProxy;
  let pool: Pool;
  let spool: PostgresSpool;

  beforeEach(async () => {
    proxy = await TcpProxy.to(fixture.server.address.port);
    pool = poolOn({ ...fixture.server.address, port: proxy.port }, { max: 4 });
    spool = new PostgresSpool({ pool, schema: fixture.newSchema(), migrate: true, statementTimeout: deadline });
    await spool.open({ clock: systemClock, tombstones: 60_000 });
  });

  afterEach(async () => {
    proxy.heal();
    await spool.close();
    await pool.end();
    await proxy.close();
  });

  it('fails every call within the deadline, and the next calls work once it is back', async () => {
    await spool.append([newEntry('a', { pickupIn: 0 })]);
    proxy.swallow();
    const [appended, ...others] = await Promise.allSettled([
      spool.append([newEntry('b')]),
      spool.claim(claimRequest()),
      spool.counts(),
    ]);
    expect(appended).toMatchObject({ value: [{ status: 'failed', kept: 'no', error: noAnswer }] });
    for (const other of others) expect(other).toMatchObject({ status: 'rejected', reason: noAnswer });
    proxy.heal();
    expect(await spool.counts()).toMatchObject({ spooled: 1 });
    expect((await spool.claim(claimRequest())).flatMap(({ entries }) => entries.map(({ id }) => id))).toEqual(['a']);
    expect(pool.totalCount - pool.idleCount).toBe(0);
  });

  it('after COMMIT was sent leaves the outcome unknown, and repeating the message tells', async () => {
    proxy.swallowAfter = (said) => said.includes('COMMIT\0');
    expect(await spool.append([newEntry('a')])).toMatchObject([{ status: 'failed', kept: 'unknown', error: noAnswer }]);
    proxy.heal();
    expect(await spool.append([newEntry('a')])).toMatchObject([{ status: 'duplicate' }]);
  });
});

it('an exhausted pool fails the call, and gets every connection back', async () => {
  const pool = fixture.server.pool({ max: 1 });
  const spool = new PostgresSpool({ pool, schema: fixture.newSchema(), migrate: true, statementTimeout: deadline });
  await spool.open({ clock: systemClock, tombstones: 60_000 });
  const busy = await pool.connect();
  await expect(spool.counts()).rejects.toMatchObject(noAnswer);
  busy.release();
  expect(await spool.counts()).toMatchObject({ spooled: 0 });
  await expect.poll(() => pool.idleCount).toBe(1);
  await spool.close();
  await pool.end();
});

it('an exhausted pool does not prevent a spool from closing', async () => {
  const pool = fixture.server.pool({ max: 3 });
  const spool = new PostgresSpool({ pool, schema: fixture.newSchema(), migrate: true, statementTimeout: deadline });
  await spool.open({ clock: systemClock, tombstones: 60_000 });
  const busy = await Promise.all([pool.connect(), pool.connect(), pool.connect()]);
  spool.watch(() => undefined);
  await spool.close();
  for (const client of busy) client.release();
  await expect.poll(() => pool.idleCount).toBe(3);
  await pool.end();
});

it.each([0, 999, Number.NaN])('a deadline of %s is refused', (given) => {
  expect(() => new PostgresSpool({ pool: fixture.pool, statementTimeout: given })).toThrow(
    expect.objectContaining({ code: 'OPTION_INVALID' }),
  );
});
