/** Notes that lie in the row of their stream while they are being delivered, see src/spooler/postgres/running.ts. */
import { describe, expect, it } from 'vitest';
import { claimRequest, newEntry, statesOf } from '../../support/spool-entries.ts';
import { useServer } from './fixture.ts';

const fixture = useServer();
const due = { pickupIn: 0 };
const reason = { code: 'EWS_ERROR', text: 'busy' } as const;

describe('a running note', () => {
  it('has no row of its own, and leaves its entries unchanged, until it is delivered', async () => {
    const schema = fixture.newSchema();
    const spool = await fixture.open(schema);
    await spool.append([newEntry('m1', due), newEntry('m2', due), newEntry('n1', { ...due, conversationId: 'n' })]);
    const notes = await spool.claim(claimRequest());
    const rows = async (sql: string) => (await fixture.pool.query(sql.replaceAll('$', `"${schema}"`))).rows;
    expect(await rows('SELECT 1 FROM $.notes')).toEqual([]);
    expect(await rows('SELECT DISTINCT state, note_id FROM $.entries')).toEqual([{ state: 'spooled', note_id: null }]);
    await spool.append([newEntry('m3', due)]);
    expect(await statesOf(spool)).toEqual({ m1: 'delivering', m2: 'delivering', m3: 'spooled', n1: 'delivering' });
    const listed = [];
    for await (const { id } of spool.list({ state: 'delivering' })) listed.push(id);
    expect(listed).toEqual(['m1', 'm2', 'n1']);
    await spool.settle(notes.map(({ token }) => ({ token, to: 'delivered' })));
    expect(await rows('SELECT note_id, due_at IS NOT NULL AS due FROM $.streams')).toEqual([{ note_id: null, due: true }]);
    expect((await spool.claim(claimRequest())).map(({ entries }) => entries.map(({ id }) => id))).toEqual([['m3']]);
    await spool.close();
  });

  const meanwhile = {
    'a younger message is held': (spool) => spool.hold(['m3']),
    'a younger message is cancelled': (spool) => spool.cancel(['m3']),
    'its cancel is asked for, and taken as too late': (spool) => spool.cancel(['m1']),
    'its lease is renewed': (spool, token) => spool.renew([token], 60_000),
    'its wording is frozen anew': (spool, token) =>
      spool.refreeze([
        {
          token,
          frozen: { messageClass: 'IPM.Note', subject: 's', wording: 1, place: { endpoint: 'e', mailbox: 'm', folder: 'f' } },
        },
      ]),
    'it is looked at, and nothing expires': (spool) =>
      spool.expire({ owner: 'test', closedLanes: [], reason: { code: 'EXPIRED', text: 'too late' } }),
  } satisfies Record<string, (spool: Awaited<ReturnType<typeof fixture.open>>, token: string) => Promise<unknown>>;

  it.each(Object.entries(meanwhile))('is settled by its token even if meanwhile %s', async (_, act) => {
    const spool = await fixture.open(fixture.newSchema());
    await spool.append([newEntry('m1', { ...due, expiresIn: 1 }), newEntry('m2', { ...due, expiresIn: 1 })]);
    const [note] = await spool.claim(claimRequest());
    await spool.append([newEntry('m3', due)]);
    const token = note?.token ?? '';
    await act(spool, token);
    expect(await statesOf(spool)).toMatchObject({ m1: 'delivering', m2: 'delivering' });
    const { lost, changes } = await spool.settle([{ token, to: 'delivered' }]);
    expect(lost).toEqual([]);
    expect(changes.map(({ entryId, from, to }) => `${entryId}: ${from} → ${to}`)).toEqual([
      'm1: delivering → delivered',
      'm2: delivering → delivered',
    ]);
    expect((await spool.counts()).delivered).toBe(2);
    await spool.close();
  });

  it('is settled together with others in every possible way, each correctly', async () => {
    const spool = await fixture.open(fixture.newSchema());
    const ids = ['delivered', 'deferred', 'unconfirmed', 'dead', 'held', 'cancelled', 'unclaim', 'again'];
    await spool.append(ids.map((id) => newEntry(id, { ...due, conversationId: id })));
    const first = await spool.claim(claimRequest());
    const tokenOf = (id: string): string => first.find(({ entries }) => entries[0]?.id === id)?.token ?? '';
    await spool.settle([{ token: tokenOf('again'), to: 'deferred', after: 0, failure: true, reason }]);
    const [again] = await spool.claim(claimRequest());
    const { lost } = await spool.settle([
      { token: tokenOf('delivered'), to: 'delivered' },
      { token: tokenOf('deferred'), to: 'deferred', after: 0, failure: true, reason },
      { token: tokenOf('unconfirmed'), to: 'unconfirmed', after: 0, absent: false, counted: 0, reason },
      { token: tokenOf('dead'), to: 'dead', sent: 'no', reason },
      { token: tokenOf('held'), to: 'held' },
      { token: tokenOf('cancelled'), to: 'cancelled' },
      { token: tokenOf('unclaim'), to: 'unclaim' },
      { token: again?.token ?? '', to: 'delivered' },
    ]);
    expect(lost).toEqual([]);
    expect(await statesOf(spool)).toEqual({
      ...Object.fromEntries(ids.map((id) => [id, id])),
      unclaim: 'spooled',
      again: 'delivered',
    });
    const counts = await spool.counts();
    expect(Object.values(counts).reduce((sum, count) => sum + count)).toBe(ids.length);
    await spool.close();
  });

  it.each(['recipients', 'unknown_attempts'])('continues without a message whose %s cannot be read', async (column) => {
    const schema = fixture.newSchema();
    const reports: string[] = [];
    const spool = await fixture.open(schema, { onCorrupt: ({ where }) => reports.push(where) });
    await spool.append([newEntry('m1', due), newEntry('m2', due), newEntry('m3', due)]);
    const [note] = await spool.claim(claimRequest());
    await fixture.pool.query(`UPDATE "${schema}".entries SET ${column} = '[' WHERE id IN ('m1', 'm3')`);
    expect(await spool.get('m1')).toBeUndefined();
    expect(reports.sort()).toEqual(['m1', 'm3']);
    expect(await spool.counts()).toMatchObject({ spooled: 0, delivering: 1 });
    const { changes } = await spool.settle([{ token: note?.token ?? '', to: 'delivered' }]);
    expect(changes.map(({ entryId }) => entryId)).toEqual(['m2']);
    expect(await spool.counts()).toMatchObject({ delivering: 0, delivered: 1 });
    await spool.close();
  });

  it('disappears if none of its messages can be read', async () => {
    const schema = fixture.newSchema();
    const spool = await fixture.open(schema);
    await spool.append([newEntry('m1', due)]);
    const [note] = await spool.claim(claimRequest());
    await fixture.pool.query(`UPDATE "${schema}".entries SET recipients = '['`);
    expect(await spool.get('m1')).toBeUndefined();
    expect(await spool.counts()).toMatchObject({ spooled: 0, delivering: 0 });
    expect((await spool.settle([{ token: note?.token ?? '', to: 'delivered' }])).lost).toHaveLength(1);
    expect((await fixture.pool.query(`SELECT 1 FROM "${schema}".streams`)).rows).toEqual([]);
    await spool.close();
  });
});

describe('a renewal', () => {
  it('waits only briefly for a conversation locked by a transaction of the host, and renews the others', async () => {
    const schema = fixture.newSchema();
    const spool = await fixture.open(schema);
    const ids = ['held', 'free'];
    await spool.append(ids.map((id) => newEntry(id, { ...due, conversationId: id })));
    const notes = await spool.claim(claimRequest({ lease: 60_000 }));
    const tokenOf = (id: string): string => notes.find(({ entries }) => entries[0]?.id === id)?.token ?? '';
    const host = await fixture.pool.connect();
    await host.query('BEGIN');
    await spool.append([newEntry('of the host', { ...due, conversationId: 'held' })], { client: host });
    // A lease that cannot be renewed now is reported as lost: nothing more is sent for it, but its outcome still counts.
    expect(await spool.renew(ids.map(tokenOf), 120_000)).toEqual([tokenOf('held')]);
    const { rows } = await fixture.pool.query(
      `SELECT note_id = ANY($1) AS free, lease_until - "${schema}".now_ms() > 60000 AS renewed FROM "${schema}".streams ORDER BY 1`,
      [[tokenOf('free').split(':')[0]]],
    );
    expect(rows).toEqual([
      { free: false, renewed: false },
      { free: true, renewed: true },
    ]);
    await host.query('COMMIT');
    host.release();
    expect(await spool.renew(ids.map(tokenOf), 120_000)).toEqual([]);
    expect((await spool.settle(ids.map((id) => ({ token: tokenOf(id), to: 'delivered' })))).lost).toEqual([]);
    expect((await spool.claim(claimRequest())).flatMap(({ entries }) => entries.map(({ id }) => id))).toEqual(['of the host']);
    await spool.close();
  });
});

const bigints = { getTypeParser: (oid: number) => (value: string) => (oid === 20 ? BigInt(value) : value) };

it.each([
  ['with any type parsers of pg', { types: bigints as never }],
  // In which pg itself reads a bigint wrongly, by years where it is a time.
  ['in binary', { binary: true } as object],
])('numbers are read correctly %s', async (_how, options) => {
  const schema = fixture.newSchema();
  const pool = fixture.server.pool(options);
  const spool = await fixture.open(schema, {}, pool);
  const [first] = await spool.append([newEntry('m1', due), newEntry('m2', due)]);
  const entry = first?.status === 'appended' ? first.entries[0] : undefined;
  const times = { acceptedAt: entry?.acceptedAt, expiresAt: entry?.expiresAt };
  expect(await spool.get('m1')).toMatchObject(times);
  const [note] = await spool.claim(claimRequest());
  expect(note?.entries.map(({ id, weight, state }) => ({ id, weight, state }))).toEqual([
    { id: 'm1', weight: 600, state: 'delivering' },
    { id: 'm2', weight: 600, state: 'delivering' },
  ]);
  expect(note?.entries[0]).toMatchObject(times);
  await spool.settle([{ token: note?.token ?? '', to: 'delivered' }]);
  expect(await spool.get('m2')).toMatchObject({ state: 'delivered', attempt: 1 });
  await spool.close();
  await pool.end();
});
