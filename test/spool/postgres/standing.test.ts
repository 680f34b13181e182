import { expect, it } from 'vitest';
import { claimRequest, newEntry } from '../../support/spool-entries.ts';
import { useServer } from './fixture.ts';

const fixture = useServer();

it('shows the standing of an entry: due by itself, due with its head, behind a note, and none once held', async () => {
  const spool = await fixture.open(fixture.newSchema());
  await spool.append([newEntry('a', { pickupIn: 60_000 })]);
  await spool.append([newEntry('b', { pickupIn: 120_000 })]);
  for (const id of ['a', 'b']) {
    const standing = await spool.standing(id);
    expect(standing?.behind).toBe(false);
    expect(standing?.dueIn).toBeGreaterThan(40_000);
    expect(standing?.dueIn).toBeLessThanOrEqual(60_000);
  }
  const [note] = await spool.claim(claimRequest({ ignorePickup: true, maxEntries: 1, limit: 1 }));
  expect(await spool.standing('a')).toEqual({ behind: false });
  expect(await spool.standing('b')).toMatchObject({ behind: true });
  const reason = { code: 'EWS_ERROR', text: 'busy' } as const;
  await spool.settle([{ token: note?.token ?? '', to: 'deferred', after: 30_000, failure: true, reason }]);
  expect((await spool.standing('a'))?.dueIn).toBeGreaterThan(10_000);
  expect(await spool.standing('b')).toMatchObject({ behind: true });
  await spool.hold(['b']);
  expect(await spool.standing('b')).toBeUndefined();
  await spool.close();
});
