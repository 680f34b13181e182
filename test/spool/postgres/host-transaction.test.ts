import { describe, expect, it } from 'vitest';
import { OfflineImSender } from '../../../src/sender/sender.ts';
import { MemorySpool } from '../../../src/spool/journaled/memory-spool.ts';
import { PostgresSpool } from '../../../src/spool/postgres/postgres-spool.ts';
import { FakeTransport } from '../../support/fake-transport.ts';
import { claimRequest, newEntry, statesOf } from '../../support/spool-entries.ts';
import { until, useServer } from './fixture.ts';

const fixture = useServer();

function senderOn(spool: PostgresSpool | MemorySpool, transport = new FakeTransport()) {
  const sender = new OfflineImSender({
    identity: { sip: 'sip:alice@contoso.com' },
    client: { version: '16.0.6920.1000', mailboxLocation: 'on-premises' },
    spool,
    transport,
    pickupDelay: 0,
    // Only a notification can make it poll.
    pollInterval: 60_000,
  });
  return { sender, transport };
}

async function orders(): Promise<string> {
  const table = `orders_${fixture.newSchema()}`;
  await fixture.pool.query(`CREATE TABLE ${table} (id text)`);
  return table;
}

describe('a message in a transaction of the host', () => {
  it('is kept together with the row of the host, and delivered after the commit by a sleeping sender', async () => {
    const table = await orders();
    const schema = fixture.newSchema();
    const { sender, transport } = senderOn(new PostgresSpool({ pool: fixture.pool, schema, migrate: true }));
    const spooled: string[] = [];
    sender.on('message:spooled', ({ messageId }) => spooled.push(messageId));
    await sender.start();
    const client = await fixture.pool.connect();
    await client.query('BEGIN');
    await client.query(`INSERT INTO ${table} VALUES ('4711')`);
    const receipt = await sender.send({ to: 'bob@contoso.com', text: 'Your order is here.', messageId: '4711' }, { client });
    expect(receipt).toMatchObject({ messageId: '4711', duplicate: false, entries: [{ recipients: ['bob@contoso.com'] }] });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await sender.status('4711')).toBeUndefined();
    expect(transport.delivered).toEqual([]);
    await client.query('COMMIT');
    client.release();
    await until(() => transport.delivered.length === 1);
    await until(async () => (await sender.status('4711'))?.entries[0]?.state === 'delivered');
    expect(spooled).toEqual([]);
    await sender.stop();
  });

  it('does not exist after a rollback; its id is free again', async () => {
    const { sender } = senderOn(new PostgresSpool({ pool: fixture.pool, schema: fixture.newSchema(), migrate: true }));
    (await sender.stats()).states;
    const client = await fixture.pool.connect();
    await client.query('BEGIN');
    await sender.send({ to: 'bob@contoso.com', text: 'one', messageId: 'm' }, { client });
    await client.query('ROLLBACK');
    client.release();
    expect(await sender.status('m')).toBeUndefined();
    expect((await sender.stats()).states.spooled).toBe(0);
    const receipt = await sender.send({ to: 'bob@contoso.com', text: 'another', messageId: 'm' });
    expect(receipt.duplicate).toBe(false);
    await sender.stop();
  });

  it('is visible in the same transaction: its id again is a duplicate, with other content a conflict', async () => {
    const { sender } = senderOn(new PostgresSpool({ pool: fixture.pool, schema: fixture.newSchema(), migrate: true }));
    (await sender.stats()).states;
    const client = await fixture.pool.connect();
    await client.query('BEGIN');
    const send = (text: string) => sender.send({ to: 'bob@contoso.com', text, messageId: 'm' }, { client });
    expect((await send('one')).duplicate).toBe(false);
    expect((await send('one')).duplicate).toBe(true);
    await expect(send('two')).rejects.toMatchObject({ code: 'MESSAGE_ID_CONFLICT' });
    await client.query('COMMIT');
    client.release();
    expect((await sender.stats()).states.spooled).toBe(1);
    await sender.stop();
  });

  it('requires a transaction, and a spool that can join one', async () => {
    const { sender } = senderOn(new PostgresSpool({ pool: fixture.pool, schema: fixture.newSchema(), migrate: true }));
    const client = await fixture.pool.connect();
    const message = { to: 'bob@contoso.com', text: 'one' };
    await expect(sender.send(message, { client })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    await expect(sender.send(message, { client: {} as never })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    client.release();
    await sender.stop();
    const other = senderOn(new MemorySpool()).sender;
    await expect(other.send(message, { client })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    await other.stop();
  });

  it('that could not be kept leaves the transaction usable: the host may continue', async () => {
    const table = await orders();
    const spool = await fixture.open(fixture.newSchema());
    const client = await fixture.pool.connect();
    await client.query('BEGIN');
    await client.query(`INSERT INTO ${table} VALUES ('1')`);
    const failing = {
      query: (query: { text: string }) => (query.text.includes('RELEASE') ? client.query('SELECT 1 / 0') : client.query(query)),
    };
    expect(await spool.append([newEntry('a')], { client: failing })).toMatchObject([{ status: 'failed', kept: 'no' }]);
    const hard = newEntry('b', { messageId: 'a NUL \0' });
    expect(await spool.append([hard, newEntry('c')], { client })).toMatchObject([{ status: 'failed' }, { status: 'appended' }]);
    await client.query('COMMIT');
    client.release();
    expect((await fixture.pool.query(`SELECT * FROM ${table}`)).rowCount).toBe(1);
    expect(await statesOf(spool)).toEqual({ c: 'spooled' });
    await spool.close();
  });

  it('holds up only its own conversation, which keeps its order', async () => {
    const schema = fixture.newSchema();
    const spool = await fixture.open(schema);
    const client = await fixture.pool.connect();
    const now = { pickupIn: 0 };
    await spool.append([newEntry('m0', now)]);
    await client.query('BEGIN');
    await spool.append([newEntry('m1', now)], { client });
    const second = spool.append([newEntry('m2', now)]);
    const third = spool.append([newEntry('m3', now), newEntry('x', { ...now, conversationId: 'x' })]);
    const others = await Promise.all(['p', 'q', 'r'].map((id) => spool.append([newEntry(id, { ...now, conversationId: id })])));
    expect(others.flat().map(({ status }) => status)).toEqual(['appended', 'appended', 'appended']);
    const notes = await spool.claim(claimRequest());
    expect(notes.flatMap(({ entries }) => entries.map(({ id }) => id)).sort()).toEqual(['p', 'q', 'r', 'x']);
    await client.query('COMMIT');
    client.release();
    await Promise.all([second, third]);
    const [note] = await spool.claim(claimRequest());
    expect(note?.entries.map(({ id }) => id)).toEqual(['m0', 'm1', 'm2', 'm3']);
    await spool.close();
  });
});
