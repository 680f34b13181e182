import { expect, it } from 'vitest';
import { claimRequest, newEntry } from '../../support/spool-entries.ts';
import { useServer } from './fixture.ts';

const fixture = useServer();

it.each([10, 5, 2])('concurrent claims share the due notes, on a pool of %i connections', async (max) => {
  const pool = fixture.server.pool({ max });
  const spool = await fixture.open(fixture.newSchema(), {}, pool);
  const entries = Array.from({ length: 60 }, (_, index) => newEntry(`e${index}`, { pickupIn: 0, conversationId: `c${index}` }));
  await spool.append(entries);
  const claimed = await Promise.all(Array.from({ length: 12 }, () => spool.claim(claimRequest({ limit: 5, perLane: 5 }))));
  const ids = claimed.flat().flatMap(({ entries: members }) => members.map(({ id }) => id));
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids).toHaveLength(60);
  await spool.settle(claimed.flat().map(({ token }) => ({ token, to: 'delivered' })));
  expect((await spool.counts()).delivered).toBe(60);
  await spool.close();
  await pool.end();
});

it('a failed claim does not hold up those waiting for their turn', async () => {
  const spool = await fixture.open(fixture.newSchema());
  await spool.append([newEntry('e', { pickupIn: 0 })]);
  const broken = claimRequest({
    freeze: () => {
      throw new Error('no wording');
    },
  });
  const failed = await Promise.allSettled(Array.from({ length: 8 }, () => spool.claim(broken)));
  expect(failed.some(({ status }) => status === 'rejected')).toBe(true);
  expect(await spool.claim(claimRequest())).toHaveLength(1);
  await spool.close();
});

it('finds a mailbox beside many excluded ones, and none of those', async () => {
  const spool = await fixture.open(fixture.newSchema());
  const lanes = Array.from({ length: 200 }, (_, index) => `user-${index}@contoso.com`);
  const entries = [...lanes, `it's "free"\\`].map((lane, index) =>
    newEntry(`e${index}`, { lane, pickupIn: 0, conversationId: `c${index}` }),
  );
  await spool.append(entries);
  for (const except of [lanes, lanes.slice(0, 10)]) {
    const claimed = await spool.claim(claimRequest({ limit: 500, perLane: 500, lanes: { except } }));
    expect(claimed.map(({ lane }) => lane).sort()).toEqual(
      [...lanes, `it's "free"\\`].filter((lane) => !except.includes(lane)).sort(),
    );
    await spool.settle(claimed.map(({ token }) => ({ token, to: 'unclaim' })));
  }
  await spool.close();
});

it('takes mailboxes in turn while each has more than a claim scans, also after the last one taken is gone', async () => {
  const schema = fixture.newSchema();
  const spool = await fixture.open(schema);
  const lanes = ['a@contoso.com', 'b@contoso.com', 'c@contoso.com'];
  const entries = Array.from({ length: 360 }, (_, index) =>
    newEntry(`e${index}`, { lane: lanes[index % 3] ?? '', pickupIn: 0, conversationId: `c${index}` }),
  );
  await spool.append(entries);
  const claim = async (ignorePickup = false): Promise<string | undefined> => {
    const [note] = await spool.claim(claimRequest({ limit: 1, perLane: 1, ignorePickup }));
    await spool.settle(note === undefined ? [] : [{ token: note.token, to: 'delivered' }]);
    return note?.lane;
  };
  const taken: unknown[] = [];
  // A note claimed early counts as a turn too.
  for (const early of [false, false, false, false, true, false, false]) taken.push(await claim(early));
  expect(taken).toEqual([...lanes, ...lanes, lanes[0]]);
  await fixture.pool.query(`DELETE FROM "${schema}".entries WHERE state = 'delivered'`);
  expect(await claim()).toBe(lanes[0]);
  expect(await claim()).toBe(lanes[1]);
  await spool.close();
});
