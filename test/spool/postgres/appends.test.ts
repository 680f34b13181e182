/** Appends of a spool: two transactions may be written concurrently, and new messages are sent to the server differently from those of a host's transaction. */
import type { Pool, PoolClient } from 'pg';
import { describe, expect, it, vi } from 'vitest';
import type { NewSpoolEntry } from '../../../src/spool/contract.ts';
import { claimRequest, newEntry } from '../../support/spool-entries.ts';
import { until, useServer } from './fixture.ts';

const fixture = useServer();

/** The maximum of connections taken from a pool at once, from now on. */
function mostAtOnce(pool: Pool): () => number {
  let [now, most] = [0, 0];
  pool.on('acquire', () => {
    now += 1;
    most = Math.max(most, now);
  });
  pool.on('release', () => {
    now -= 1;
  });
  return () => most;
}

describe('groups written concurrently', () => {
  it.each([1, 7, 200])('keep the order of the calls in each of %i conversations', async (conversations) => {
    const schema = fixture.newSchema();
    const pool = fixture.server.pool({ max: 8 });
    const spool = await fixture.open(schema, {}, pool);
    const most = mostAtOnce(pool);
    const results: Promise<unknown>[] = [];
    for (let index = 0; index < 600; index++) {
      const conversationId = `c${(index * 31) % conversations}`;
      results.push(spool.append([newEntry(`e${String(index).padStart(3, '0')}`, { conversationId, pickupIn: 0 })]));
      if (index % 40 === 39) await results[index - 39];
    }
    await Promise.all(results);
    const { rows } = await pool.query<{ ids: string[] }>(
      `SELECT array_agg(id ORDER BY ord) AS ids FROM "${schema}".entries GROUP BY stream`,
    );
    expect(rows.length).toBe(conversations);
    for (const { ids } of rows) expect(ids).toEqual([...ids].sort());
    // Messages of few conversations are grouped. A third connection notifies other processes.
    if (conversations > 100) expect([2, 3]).toContain(most());
    await spool.close();
    await pool.end();
  });

  it('order a message for several conversations after its predecessors in each of them', async () => {
    const schema = fixture.newSchema();
    const spool = await fixture.open(schema);
    const entryOf = (id: string, conversationId: string, messageId = id): NewSpoolEntry =>
      newEntry(id, { messageId, conversationId, pickupIn: 0 });
    const results: Promise<unknown>[] = [];
    for (let index = 0; index < 200; index++) {
      const id = `m${String(index).padStart(3, '0')}`;
      const [one, other] = [`c${index % 5}`, `c${(index * 3 + 1) % 50}`];
      results.push(spool.append(one === other ? [entryOf(id, one)] : [entryOf(`${id}a`, one, id), entryOf(`${id}b`, other, id)]));
      if (index % 50 === 49) await results[index - 40];
    }
    await Promise.all(results);
    const { rows } = await fixture.pool.query<{ ids: string[] }>(
      `SELECT array_agg(message_id ORDER BY ord) AS ids FROM "${schema}".entries GROUP BY stream`,
    );
    for (const { ids } of rows) expect(ids).toEqual([...ids].sort());
    await spool.close();
  });

  it('are on disk when reported, whatever the setting of the database, also with a duplicate id', async () => {
    const schema = fixture.newSchema();
    const pool = fixture.server.pool({ max: 8, options: '-c synchronous_commit=off' });
    const spool = await fixture.open(schema, {}, pool);
    await pool.query(`CREATE TABLE "${schema}".settings (id text, durable text, idle text);
      CREATE FUNCTION "${schema}".note_settings() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO "${schema}".settings VALUES
          (new.id, current_setting('synchronous_commit'), current_setting('idle_in_transaction_session_timeout'));
        RETURN new; END $$;
      CREATE TRIGGER note_settings AFTER INSERT ON "${schema}".entries FOR EACH ROW EXECUTE FUNCTION "${schema}".note_settings()`);
    await spool.append([newEntry('alone')]);
    await Promise.all(['x', 'x', 'y'].map((id) => spool.append([newEntry(id)])));
    await Promise.all(['y', 'z'].map((id) => spool.append([newEntry(id)])));
    const { rows } = await pool.query<{ id: string; durable: string; idle: string }>(`SELECT * FROM "${schema}".settings`);
    expect(rows.map(({ id }) => id).sort()).toEqual(['alone', 'x', 'y', 'z']);
    for (const { durable, idle } of rows) expect({ durable, idle }).toEqual({ durable: 'on', idle: '5s' });
    await spool.close();
    await pool.end();
  });

  it('keep one message per id, whatever its conversation', async () => {
    const spool = await fixture.open(fixture.newSchema());
    const results = await Promise.all(
      Array.from({ length: 120 }, (_, index) =>
        spool.append([newEntry(`e${index}`, { messageId: `m${index % 40}`, conversationId: `c${index}`, contentHash: 'same' })]),
      ),
    );
    const statuses = results.flat().map(({ status }) => status);
    expect(statuses.filter((status) => status === 'appended').length).toBe(40);
    expect(statuses.filter((status) => status === 'duplicate').length).toBe(80);
    expect((await spool.counts()).spooled).toBe(40);
    await spool.close();
  });

  it('are split if one message is refused: all others are kept', async () => {
    const schema = fixture.newSchema();
    const spool = await fixture.open(schema);
    await fixture.pool.query(`ALTER TABLE "${schema}".entries ADD CHECK (id <> 'e77')`);
    const results = await Promise.all(
      Array.from({ length: 100 }, (_, index) => spool.append([newEntry(`e${index}`, { conversationId: `c${index}` })])),
    );
    const failed = results.flat().filter(({ status }) => status === 'failed');
    expect(failed.map(({ messageId }) => messageId)).toEqual([newEntry('e77').messageId]);
    expect((await spool.counts()).spooled).toBe(99);
    await spool.close();
  });
});

const odd = [
  'NULL',
  'null',
  '',
  '"',
  '\\',
  '{a,b}',
  "'$1'",
  'a\nb',
  '\r\n',
  ' space ',
  '\u2028',
  '𝄞 ü',
  '\u0001',
  'x'.repeat(3_000),
];
const spans = [0, 0.4, 1, 1_234.5, 432_000_000, Number.MAX_SAFE_INTEGER, 8.64e15, Number.POSITIVE_INFINITY];

/** Entries that no way of writing may change. */
function oddEntries(): NewSpoolEntry[] {
  return odd.flatMap((text, index) => {
    const filled = text === '' ? `empty ${index}` : text;
    const parts = {
      messageId: `m ${filled}`,
      conversationId: text,
      recipientsKey: text,
      contentHash: text,
      lane: filled,
      messageClass: filled,
      pickupIn: spans[index % spans.length] ?? 0,
      expiresIn: spans[(index + 3) % spans.length] ?? 0,
      weight: index * 1.5,
    };
    const one = newEntry(`${filled} 1`, parts);
    const message = { ...one.message, text, to: [{ address: filled, name: text }] };
    return [
      { ...one, message },
      { ...one, message, id: `${filled} 2`, audience: 'federated' as const },
    ];
  });
}

/** Everything written, except the time and the revision. */
async function written(pool: Pool, schema: string): Promise<unknown> {
  const relative = ['pickup_at', 'due_at', 'expires_at']
    .map((name) => `'${name}', CASE ${name} WHEN 8640000000000000 THEN NULL ELSE ${name} - accepted_at END`)
    .join(', ');
  const { rows: entries } = await pool.query(
    `SELECT to_jsonb(e) - 'accepted_at' - 'pickup_at' - 'due_at' - 'expires_at' - 'rev' - 'ord' AS row, ord - rev * 4096 AS place,
      jsonb_build_object(${relative}) AS times FROM "${schema}".entries e ORDER BY id`,
  );
  const { rows: streams } = await pool.query(
    `SELECT key, lane, deferred, due_within, due_at IS NOT NULL AS due, note_id FROM "${schema}".streams ORDER BY key`,
  );
  return { entries, streams };
}

it('a message is stored the same whether the spool appends it itself or in the transaction of a host', async () => {
  const [own, host] = [fixture.newSchema(), fixture.newSchema()];
  const [one, other] = [await fixture.open(own), await fixture.open(host)];
  const results = await one.append(oddEntries());
  const client = await fixture.pool.connect();
  await client.query('BEGIN');
  const inHost = await other.append(oddEntries(), { client });
  await client.query('COMMIT');
  client.release();
  expect(await written(fixture.pool, own)).toEqual(await written(fixture.pool, host));
  expect(results.map(({ status }) => status)).toEqual(inHost.map(({ status }) => status));
  expect(await one.counts()).toEqual(await other.counts());
  expect(await one.usage()).toEqual(await other.usage());
  for (const spool of [one, other]) {
    const listed: unknown[] = [];
    for await (const { acceptedAt: _, pickupAt: _pickup, expiresAt: _expires, ...rest } of spool.list()) listed.push(rest);
    expect(listed.length).toBe(oddEntries().length);
  }
  const claimed = await one.claim(claimRequest({ limit: 100, perLane: 100 }));
  expect(claimed.length).toBeGreaterThan(0);
  await Promise.all([one.close(), other.close()]);
});

it('an append returns the entry as it will be read', async () => {
  const spool = await fixture.open(fixture.newSchema());
  const [result] = await spool.append([
    newEntry('a', { pickupIn: 60_000 }),
    newEntry('b', { messageId: 'm-a', contentHash: 'hash of a' }),
  ]);
  expect(result).toMatchObject({ status: 'appended' });
  if (result?.status !== 'appended') return;
  for (const entry of result.entries) expect(await spool.get(entry.id)).toMatchObject(entry);
  expect(result.entries.map(({ id }) => id)).toEqual(['a', 'b']);
  const [again] = await spool.append([newEntry('a', { pickupIn: 60_000 })]);
  expect(again).toMatchObject({ status: 'duplicate', entries: result.entries });
  await spool.close();
});

it('notifies other processes only after the commit: NOTIFY takes a lock of the whole server, which would be held until the commit is on disk', async () => {
  const schema = fixture.newSchema();
  const said: string[] = [];
  const pool = fixture.server.pool();
  const spool = await fixture.open(schema, {}, pool);
  pool.on('connect', (client) => {
    const query = client.query.bind(client) as (...given: unknown[]) => unknown;
    client.query = ((...given: unknown[]) => {
      said.push(String((given[0] as { text?: unknown }).text));
      return query(...given);
    }) as typeof client.query;
  });
  const { rows } = await fixture.pool.query(`SELECT prosrc FROM pg_proc WHERE oid = '"${schema}".append_2'::regproc`);
  expect((rows[0] as { prosrc: string }).prosrc).not.toContain('notify');
  // More than there are idle connections, whose queries are not observed here.
  const held = await Promise.all(Array.from({ length: pool.totalCount }, () => pool.connect()));
  await spool.append([newEntry('a')]);
  await spool.append([newEntry('b', { messageId: 'm-a', contentHash: 'hash of a' }), newEntry('c')]);
  await spool.close();
  for (const client of held) client.release();
  const told = said.flatMap((text, index) => (text.includes('pg_notify') && !text.includes('INSERT') ? index : []));
  expect(told.length).toBeGreaterThan(0);
  for (const index of told) expect(said.slice(0, index).findLast((text) => /^(BEGIN|COMMIT|ROLLBACK)/.test(text))).toBe('COMMIT');
  await pool.end();
});

it('when a host ends its pool right after an append, close() waits for seconds, not for the minute of a transaction: the requested connection never arrives', async () => {
  const pool = fixture.server.pool({ max: 2 });
  const spool = await fixture.open(fixture.newSchema(), {}, pool);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    await spool.append([newEntry('a')]);
    await pool.end();
    let closed = false;
    void spool.close().then(() => {
      closed = true;
    });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(closed).toBe(true);
  } finally {
    vi.useRealTimers();
  }
});

it('an append during a failing notification is still notified', async () => {
  const pool = fixture.server.pool();
  const spool = await fixture.open(fixture.newSchema(), {}, pool);
  const asked = Promise.withResolvers<void>();
  const appended = Promise.withResolvers<void>();
  let told = 0;
  const connect = pool.connect.bind(pool) as () => Promise<PoolClient>;
  pool.connect = (async () => {
    const client = await connect();
    const query = client.query.bind(client) as (query: { text: string }) => Promise<unknown>;
    const release = client.release.bind(client);
    client.release = (broken) => {
      Object.assign(client, { query, release });
      release(broken);
    };
    client.query = (async (one: { text: string }) => {
      if (!one.text.includes('pg_notify') || ++told > 1) return query(one);
      asked.resolve();
      await appended.promise;
      throw new Error('no answer');
    }) as typeof client.query;
    return client;
  }) as typeof pool.connect;
  await spool.append([newEntry('a')]);
  await asked.promise;
  await spool.append([newEntry('b')]);
  appended.resolve();
  await until(() => told === 2);
  await spool.close();
  await pool.end();
});

/** Another process that listens. After a poll, it has received all earlier notifications. */
async function listenerOn(schema: string) {
  const connection = await fixture.pool.connect();
  const listener = {
    heard: 0,
    look: () => connection.query('SELECT 1'),
    close: async () => {
      await connection.query('UNLISTEN *');
      connection.release();
    },
  };
  connection.on('notification', () => {
    listener.heard += 1;
  });
  await connection.query(`LISTEN offline_im_${schema}`);
  return listener;
}

it('notifies other processes of appends still running when a close begins, which they would otherwise find at their next poll', async () => {
  const schema = fixture.newSchema();
  const pool = fixture.server.pool();
  const spool = await fixture.open(schema, {}, pool);
  const other = await listenerOn(schema);
  try {
    const appended = spool.append([newEntry('a')]);
    await spool.close();
    expect(await appended).toMatchObject([{ status: 'appended' }]);
    await other.look();
    expect(other.heard).toBe(1);
  } finally {
    await other.close();
    await pool.end();
  }
});

it('notifies other processes of many commits at once, to save round trips; a close waits for pending notifications', async () => {
  const schema = fixture.newSchema();
  const pool = fixture.server.pool();
  const spool = await fixture.open(schema, {}, pool);
  const other = await listenerOn(schema);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  try {
    await spool.append([newEntry('a')]);
    while (other.heard < 1) await other.look();
    for (const id of ['b', 'c', 'd']) await spool.append([newEntry(id)]);
    const closed = spool.close();
    await vi.advanceTimersByTimeAsync(1_000);
    await closed;
    await other.look();
    expect(other.heard).toBe(2);
  } finally {
    vi.useRealTimers();
    await other.close();
    await pool.end();
  }
});
