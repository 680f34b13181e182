import type { PoolClient } from 'pg';
import { describe, expect, it } from 'vitest';
import type { Settlement } from '../../../src/spool/contract.ts';
import { PostgresSpool } from '../../../src/spool/postgres/postgres-spool.ts';
import { claimRequest, newEntry } from '../../support/spool-entries.ts';
import { behindProxy, context, deadline, livedTime, timeOf } from './behind-proxy.ts';
import { until, useServer } from './fixture.ts';

const fixture = useServer();
const noAnswer = { code: 'SPOOL_FAILED', message: expect.stringContaining('did not respond within') };
const failed = { status: 'failed', kept: 'no', error: noAnswer };
/** Two deadlines, and what happens between them. */
const atMost = 3.5 * deadline;
/** Ends with the test, whatever became of that: the pool's end waits for it. */
async function hostTransaction(): Promise<{ client: PoolClient } & AsyncDisposable> {
  const client = await fixture.pool.connect();
  await client.query('BEGIN');
  return {
    client,
    async [Symbol.asyncDispose]() {
      await client.query('ROLLBACK');
      client.release();
    },
  };
}

const here = (id: string) => newEntry(id, { pickupIn: 0, conversationId: id });

describe.concurrent('a server that vanishes while many calls wait', () => {
  it('fails all sends within two deadlines, even those that arrived meanwhile, and delays no close', async () => {
    await using scene = await behindProxy(fixture);
    await scene.spool.open(context);
    await scene.spool.append([newEntry('before')]);
    scene.proxy.swallow();
    using time = livedTime();
    const first = scene.spool.append([here('first')]);
    const many = Array.from({ length: 3_000 }, (_, index) => scene.spool.append([here(`many-${index}`)]));
    await first;
    expect(time.passed()).toBeLessThan(1.9 * deadline);
    const closed = scene.spool.close();
    const kinds = (await Promise.all(many)).flat().map((one) => (one.status === 'failed' ? one.kept : one.status));
    expect(new Set(kinds)).toEqual(new Set(['no']));
    await closed;
    expect(time.passed()).toBeLessThan(atMost);
  });

  it('gets later messages once it is back', async () => {
    await using scene = await behindProxy(fixture);
    await scene.spool.open(context);
    await scene.spool.append([newEntry('before')]);
    scene.proxy.swallow();
    const many = Array.from({ length: 8 }, (_, index) => scene.spool.append([here(`m-${index}`)]));
    expect((await Promise.all(many)).flat()).toMatchObject(many.map(() => failed));
    scene.proxy.heal();
    const again = Array.from({ length: 8 }, (_, index) => scene.spool.append([here(`m-${index}`)]));
    expect((await Promise.all(again)).flat()).toMatchObject(again.map(() => ({ status: 'appended' })));
  });

  it('fails sends that wait for a conversation locked by a transaction of the host within one deadline more', async () => {
    await using scene = await behindProxy(fixture, { max: 6 });
    await scene.spool.open(context);
    const owner = new PostgresSpool({ pool: fixture.pool, schema: scene.schema });
    await owner.open(context);
    await using host = await hostTransaction();
    await owner.append([newEntry('held')], { client: host.client });
    const waiting = Array.from({ length: 8 }, (_, index) => scene.spool.append([newEntry(`w-${index}`)]));
    await new Promise((resolve) => setTimeout(resolve, 600));
    scene.proxy.swallow();
    expect(await timeOf(Promise.all(waiting))).toBeLessThan(atMost);
    // On a busy machine the wait for the conversation may end before the proxy is silent.
    const error = { code: expect.stringMatching(/^SPOOL_(FAILED|BUSY)$/) };
    expect((await Promise.all(waiting)).flat()).toMatchObject(waiting.map(() => ({ ...failed, error })));
    await owner.close();
  });

  it('fails all pending settlements within two deadlines', async () => {
    await using scene = await behindProxy(fixture);
    await scene.spool.open(context);
    await Promise.all(Array.from({ length: 16 }, (_, index) => scene.spool.append([here(`s-${index}`)])));
    const settlements = (await scene.spool.claim(claimRequest())).map(
      ({ token }): Settlement => ({ token, to: 'delivered', messageClass: 'IM.Note' }),
    );
    expect(settlements).toHaveLength(16);
    scene.proxy.swallow();
    using time = livedTime();
    const first = scene.spool.settle(settlements.slice(0, 1));
    await new Promise((resolve) => setTimeout(resolve, deadline / 2));
    const outcomes = await Promise.allSettled([first, ...settlements.slice(1).map((one) => scene.spool.settle([one]))]);
    expect(time.passed()).toBeLessThan(atMost);
    expect(outcomes).toMatchObject(outcomes.map(() => ({ status: 'rejected', reason: noAnswer })));
  });

  it('and refuses connections: all calls in one group fail together, after the attempts of one', async () => {
    await using scene = await behindProxy(fixture);
    await scene.spool.open(context);
    await scene.proxy.close();
    const sends = Array.from({ length: 64 }, (_, index) => scene.spool.append([here(`r-${index}`)]));
    expect(await timeOf(Promise.all(sends))).toBeLessThan(atMost);
    expect((await Promise.all(sends)).flat()).toMatchObject(sends.map(() => ({ status: 'failed', kept: 'no' })));
  });
});

describe.concurrent('waits for locks', () => {
  it('do not count as silence, however short the deadline: a locked conversation is awaited', async () => {
    // Half of it is left for the machine: a lock is waited for as long at a time. A wait for a held conversation ends by itself after 10 s.
    const within = 6_000;
    await using scene = await behindProxy(fixture, { within });
    await scene.spool.open(context);
    await using host = await hostTransaction();
    await scene.spool.append([newEntry('held')], { client: host.client });
    const waiting = scene.spool.append([newEntry('behind it')]);
    await new Promise((resolve) => setTimeout(resolve, 1.25 * within));
    await host.client.query('COMMIT');
    expect(await waiting).toMatchObject([{ status: 'appended' }]);
  });
});

describe.concurrent('an open() without a response', () => {
  it.each([true, false])('rejects after the deadline, with migrate: %s', async (migrate) => {
    await using scene = await behindProxy(fixture);
    const spool = new PostgresSpool({ pool: scene.pool, schema: scene.schema, migrate, statementTimeout: deadline });
    scene.proxy.swallow();
    await expect(spool.open(context)).rejects.toMatchObject(noAnswer);
  });

  it('rejects after the deadline if the pool has no free connection', async () => {
    await using scene = await behindProxy(fixture, { max: 1 });
    const busy = await scene.pool.connect();
    await expect(scene.spool.open(context)).rejects.toMatchObject(noAnswer);
    busy.release();
    await scene.spool.open(context);
  });

  it('rejects at once if the spool is closed, and so does a queued one; the next one works', async () => {
    await using scene = await behindProxy(fixture, { within: undefined });
    scene.proxy.swallow();
    const opening = [scene.spool.open(context), scene.spool.open(context)];
    const outcomes = Promise.allSettled(opening);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await timeOf(scene.spool.close())).toBeLessThan(1_500);
    expect(await outcomes).toMatchObject(opening.map(() => ({ status: 'rejected', reason: { code: 'SPOOL_CLOSED' } })));
    scene.proxy.heal();
    await scene.spool.open(context);
    expect(await scene.spool.counts()).toMatchObject({ spooled: 0 });
  });

  it('releases its connection if the spool is closed meanwhile', async () => {
    await using scene = await behindProxy(fixture, { within: undefined });
    scene.proxy.swallowAfter = (said) => said.includes('BEGIN');
    const opening = scene.spool.open(context).catch((error: unknown) => error);
    await until(() => scene.proxy.isSilent);
    await scene.spool.close();
    expect(await opening).toMatchObject({ code: 'SPOOL_CLOSED' });
    await until(() => scene.pool.totalCount === 0);
  });
});

describe.concurrent('a listening connection', () => {
  it('is replaced when its server has vanished, followed by a poll', async () => {
    await using scene = await behindProxy(fixture);
    await scene.spool.open(context);
    let woken = 0;
    scene.spool.watch(() => {
      woken += 1;
    });
    await until(() => woken === 1);
    scene.proxy.swallow();
    await expect(scene.spool.counts()).rejects.toMatchObject(noAnswer);
    // heal() would break the old connection, which would be noticed: without that only the failed call can tell.
    scene.proxy.pass();
    await until(() => woken === 2);
    const other = new PostgresSpool({ pool: fixture.pool, schema: scene.schema });
    await other.open(context);
    await other.append([newEntry('a')]);
    await until(() => woken === 3);
    await other.close();
  });

  it.each([
    ['to the login', ''],
    ['to LISTEN', 'LISTEN'],
  ])('without a response %s is given up after the deadline, and replaced', async (_, word) => {
    await using scene = await behindProxy(fixture);
    await scene.spool.open(context);
    // So that it needs a new connection, as it would after an hour.
    await until(() => scene.pool.idleCount === 1);
    const idle = await scene.pool.connect();
    scene.proxy.swallowAfter = (said) => said.includes(word);
    let woken = 0;
    scene.spool.watch(() => {
      woken += 1;
    });
    await until(() => scene.pool.totalCount === 2);
    await new Promise((resolve) => setTimeout(resolve, deadline / 2));
    scene.proxy.swallowAfter = undefined;
    scene.proxy.pass();
    expect(woken).toBe(0);
    await until(() => woken === 1);
    idle.release();
  });
});
