/** An expiry ends all it may, however many entries beside it stay unchanged. */
import { expect, it } from 'vitest';
import { ManualClock } from '../../../src/testing.ts';
import { claimRequest, newEntry } from '../../support/spool-entries.ts';
import { world } from './support.ts';

/** More than one step of an expiry reads. */
const many = 600;
const hour = 3_600_000;
const expired = { code: 'EXPIRED', text: 'It expired before it was delivered.' } as const;
const reason = { code: 'EWS_ERROR', text: 'Exchange answered with a code.' } as const;

const tried = { owner: 'run-1', closedLanes: [] };
const closed = { owner: 'run-2', closedLanes: [{ lane: 'bob@contoso.com', closedFor: 10 * hour }] };
const allClosed = { owner: 'run-2', closedLanes: [], allClosedFor: 10 * hour };

it.each([
  ['was tried', tried],
  ['waits in a closed lane', closed],
  ['waits while all lanes are closed', allClosed],
])('entries that %s expire beside hundreds of unconfirmed ones, which stay', async (_, request) => {
  await using files = await world();
  const clock = new ManualClock();
  const spool = await files.open({ clock });
  const lane = request === closed ? { lane: 'bob@contoso.com' } : {};
  const ids = Array.from({ length: many }, (__, index) => `unknown-${index}`);
  await spool.append(ids.map((id) => newEntry(id, { conversationId: id, pickupIn: 0, expiresIn: hour, ...lane })));
  const claimed = await spool.claim(claimRequest({ limit: many, perLane: many }));
  expect(claimed).toHaveLength(many);
  await spool.settle(
    claimed.map(({ token }) => ({ token, to: 'unconfirmed', after: hour, absent: false, counted: 0, reason }) as const),
  );
  await spool.append([newEntry('late', { conversationId: 'late', pickupIn: 0, expiresIn: 4 * hour, ...lane })]);
  const [late] = await spool.claim(claimRequest());
  await spool.settle([{ token: String(late?.token), to: 'deferred', after: 0, failure: true, reason }]);
  // Entries that may have been sent expire first, and are only marked.
  for (const hours of [3, 2]) {
    clock.advance(hours * hour);
    for (let step = 0; step * 500 < many; step++) await spool.expire({ ...request, reason: expired, giveUpAfter: 100 * hour });
  }
  expect((await spool.get('late'))?.state).toBe('dead');
  expect(await spool.counts()).toMatchObject({ unconfirmed: many, dead: 1 });
});

it('a tried entry expires beside a note with unreadable members', async () => {
  await using files = await world();
  const clock = new ManualClock();
  const spool = await files.open({ clock });
  await spool.append(['bad', 'good'].map((id) => newEntry(id, { conversationId: id, pickupIn: 0, expiresIn: hour })));
  const claimed = await spool.claim(claimRequest());
  await spool.settle(
    claimed.map(({ token }) => ({ token, to: 'unconfirmed', after: hour, absent: false, counted: 0, reason }) as const),
  );
  files.raw((database) => database.exec(`UPDATE notes SET entry_ids = '["bad' WHERE entry_ids = '["bad"]'`));
  await clock.advance(2 * hour);
  await spool.expire({ ...tried, reason: expired });
  expect(await spool.get('good')).toMatchObject({ state: 'unconfirmed', expiresAt: 0 });
});
