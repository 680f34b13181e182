import { describe, expect, it } from 'vitest';
import { claimRequest, newEntry } from '../../support/spool-entries.ts';
import { stopClock } from './database-clock.ts';
import { useServer } from './fixture.ts';

const fixture = useServer();
const hour = 3_600_000;
const expire = { owner: 'run-1', closedLanes: [], reason: { code: 'EXPIRED', text: 'too late' } } as const;
const reason = { code: 'EWS_ERROR', text: 'busy' } as const;

describe('a database whose clock is set back', () => {
  it('strands no entry: each is due within its own delay, and leases keep their length', async () => {
    const schema = fixture.newSchema();
    const spool = await fixture.open(schema);
    const advance = await stopClock(fixture.pool, schema);
    const own = (id: string, pickupIn: number) => newEntry(id, { conversationId: id, pickupIn });
    await spool.append([own('deferred', 0), own('unconfirmed', 0), own('delivering', 0), own('spooled', 40_000)]);
    for (const { token, entries } of await spool.claim(claimRequest({ lease: 60_000 }))) {
      const after = 40_000;
      if (entries[0]?.id === 'deferred') await spool.settle([{ token, to: 'deferred', after, failure: true, reason }]);
      if (entries[0]?.id === 'unconfirmed') {
        await spool.settle([{ token, to: 'unconfirmed', after, absent: false, counted: 0, reason }]);
      }
    }
    await spool.expire(expire);
    await advance(-hour);
    await spool.expire(expire);
    expect(await spool.nextDue()).toBeLessThanOrEqual(60_000);
    await advance(40_000);
    expect((await spool.claim(claimRequest())).flatMap(({ entries }) => entries.map(({ id }) => id)).sort()).toEqual([
      'deferred',
      'spooled',
    ]);
    expect((await spool.claim(claimRequest({ kind: 'probe' }))).flatMap(({ entries }) => entries.map(({ id }) => id))).toEqual([
      'unconfirmed',
    ]);
    expect((await spool.get('delivering'))?.state).toBe('delivering');
    await advance(20_001);
    expect((await spool.get('delivering'))?.state).toBe('unconfirmed');
    await spool.close();
  });

  it('expires entries within their time, and keeps tombstones no longer than theirs', async () => {
    const schema = fixture.newSchema();
    const spool = await fixture.open(schema);
    const advance = await stopClock(fixture.pool, schema);
    await spool.append([
      newEntry('late', { pickupIn: 0, expiresIn: 30_000, conversationId: 'late' }),
      newEntry('sent', { pickupIn: 0, conversationId: 'sent' }),
    ]);
    for (const { token, entries } of await spool.claim(claimRequest())) {
      if (entries[0]?.id === 'late') await spool.settle([{ token, to: 'deferred', after: 0, failure: true, reason }]);
      else await spool.settle([{ token, to: 'delivered' }]);
    }
    await spool.expire(expire);
    await advance(-hour);
    expect(await spool.expire(expire)).toEqual([]);
    await advance(30_000);
    expect(await spool.expire(expire)).toMatchObject([{ entryId: 'late', to: 'dead' }]);
    expect(await spool.get('sent')).toMatchObject({ state: 'delivered' });
    await advance(31_000);
    await spool.expire(expire);
    expect(await spool.get('sent')).toBeUndefined();
    await spool.close();
  });

  it('uses no clock other than that of the database', async () => {
    const schema = fixture.newSchema();
    const wrong = { now: () => 0, monotonic: () => 0, setTimer: () => () => undefined };
    const spool = await fixture.open(schema, { clock: wrong });
    await spool.append([newEntry('m', { pickupIn: 0 })]);
    const { acceptedAt } = (await spool.get('m')) ?? { acceptedAt: 0 };
    expect(Math.abs(acceptedAt - Date.now())).toBeLessThan(60_000);
    expect(await spool.claim(claimRequest())).toHaveLength(1);
    await spool.close();
  });
});

it('a database whose clock is set forward ends leases, and gives the notes in hand their whole grace period: their requests may be on their way', async () => {
  const schema = fixture.newSchema();
  const spool = await fixture.open(schema);
  const advance = await stopClock(fixture.pool, schema);
  await spool.append([newEntry('m', { pickupIn: 0 })]);
  expect(await spool.claim(claimRequest({ lease: 120_000 }))).toHaveLength(1);
  await advance(hour);
  const probe = claimRequest({ kind: 'probe' });
  const [first] = await spool.claim(probe);
  expect(first?.quietFor).toBe(0);
  await spool.settle([{ token: first?.token ?? '', to: 'unconfirmed', after: 5_000, absent: true, counted: 0, reason }]);
  await advance(5_000);
  expect(await spool.claim(probe)).toMatchObject([{ absences: 1, quietFor: 5_000 }]);
  await spool.close();
});
