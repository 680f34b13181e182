import { expect, it } from 'vitest';
import type { SpoolStorage } from '../../../src/spool/contract.ts';
import { MemorySpool } from '../../../src/spool/journaled/memory-spool.ts';
import { sealed } from '../../../src/spool/sealed/sealed-spool.ts';
import { ManualClock } from '../../../src/testing.ts';
import { claimRequest, newEntry, statesOf } from '../../support/spool-entries.ts';
import { newKey } from './support.ts';

const routingKey = newKey();
const minute = 60_000;
const day = 24 * 60 * minute;

async function opened(inner: SpoolStorage, clock: ManualClock, keys = [{ id: 'k1', key: newKey() }]) {
  const spool = sealed(inner, { keys, routingKey });
  const warnings: Error[] = [];
  await spool.open({ clock, tombstones: day, onWarning: (error) => warnings.push(error) });
  return { spool, warnings };
}

/** A spool with one entry sealed with a missing key. */
async function locked() {
  const inner = new MemorySpool();
  const clock = new ManualClock();
  const before = await opened(inner, clock);
  await before.spool.append([newEntry('m', { pickupIn: 0, expiresIn: day })]);
  await before.spool.close();
  return { ...(await opened(inner, clock)), inner, clock };
}

it('does not retry an entry it cannot open in a loop: it is due again after five minutes', async () => {
  const { spool, clock, warnings } = await locked();
  expect(await spool.claim(claimRequest())).toEqual([]);
  expect(warnings).toHaveLength(1);
  expect(await spool.nextDue()).toBe(5 * minute);
  await clock.advance(5 * minute);
  expect(await spool.nextDue()).toBe(0);
  expect(await spool.claim(claimRequest())).toEqual([]);
  expect(await spool.claim(claimRequest({ ignorePickup: true }))).toEqual([]);
  expect(await spool.get('m')).toMatchObject({ state: 'spooled', attempt: 0 });
});

it('lets no entry expire because its key is missing, for however long', async () => {
  const { spool, clock } = await locked();
  for (let today = 0; today < 7; today++) {
    await spool.claim(claimRequest({ owner: 'this run' }));
    await clock.advance(day);
    const reason = { code: 'EXPIRED', text: 'too late' } as const;
    expect(await spool.expire({ owner: 'this run', closedLanes: [], reason })).toEqual([]);
  }
  expect(await statesOf(spool)).toEqual({ m: 'spooled' });
});

it('claims entries it can open, even behind more unopenable ones than a claim takes', async () => {
  const { spool, clock } = await locked();
  const inner = new MemorySpool();
  await spool.close();
  const before = await opened(inner, clock);
  const own = (id: string) => newEntry(id, { pickupIn: 0, conversationId: id });
  for (let n = 0; n < 30; n++) await before.spool.append([own(`old-${n}`)]);
  await before.spool.close();
  const after = await opened(inner, clock);
  await after.spool.append([own('new')]);
  const claimed = await after.spool.claim(claimRequest({ limit: 10, perLane: 10 }));
  expect(claimed.flatMap(({ entries }) => entries.map(({ id }) => id))).toEqual(['new']);
});

it('knows after a crash between the claim and sealing its frozen values that nothing was sent', async () => {
  const clock = new ManualClock();
  const inner = new MemorySpool();
  const keys = [{ id: 'k1', key: newKey() }];
  const dying = Object.assign(Object.create(inner) as MemorySpool, {
    open: inner.open.bind(inner),
    append: inner.append.bind(inner),
    claim: inner.claim.bind(inner),
    close: inner.close.bind(inner),
    refreeze: () => Promise.reject(new Error('killed')),
  });
  const first = await opened(dying, clock, keys);
  await first.spool.append([newEntry('m', { pickupIn: 0 })]);
  await expect(first.spool.claim(claimRequest())).rejects.toThrow('killed');
  await first.spool.close();

  const { spool } = await opened(inner, clock, keys);
  expect(await spool.get('m')).toMatchObject({ state: 'unconfirmed', unknownAttempts: [] });
  const [probe] = await spool.claim(claimRequest({ kind: 'probe' }));
  expect(probe).toMatchObject({ attempt: 1, unknownAttempts: [], frozen: { subject: 'Missed conversation with Alice Example' } });
  const reason = { code: 'OUTCOME_UNKNOWN', text: 'not found' } as const;
  await spool.settle([{ token: probe?.token ?? '', to: 'deferred', after: 0, failure: false, reason }]);
  const [note] = await spool.claim(claimRequest());
  expect(note).toMatchObject({ attempt: 2, unknownAttempts: [], entries: [{ id: 'm', reason }] });
});

it('keeps the order of the calls, however long each takes to seal', async () => {
  const { spool } = await opened(new MemorySpool(), new ManualClock());
  const { message } = newEntry('x');
  await Promise.all(
    [200_000, 10, 60_000, 1].map((length, index) =>
      spool.append([newEntry(`m${index}`, { pickupIn: 0, weight: 1, message: { ...message, text: 'x'.repeat(length) } })]),
    ),
  );
  const [note] = await spool.claim(claimRequest());
  expect(note?.entries.map(({ id }) => id)).toEqual(['m0', 'm1', 'm2', 'm3']);
});

it('uses a fresh nonce for every value', async () => {
  const inner = new MemorySpool();
  const { spool } = await opened(inner, new ManualClock());
  await spool.append(Array.from({ length: 200 }, (_, index) => newEntry(`m${index}`)));
  const nonces: string[] = [];
  for await (const { message, to } of inner.list()) {
    for (const value of [message?.text, to[0]?.name]) nonces.push(value?.split('.')[2] ?? '');
  }
  expect(nonces.every((nonce) => nonce.length === 16)).toBe(true);
  expect(new Set(nonces).size).toBe(400);
});
