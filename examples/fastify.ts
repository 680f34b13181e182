/**
 * A Fastify application whose orders and notes are one transaction in PostgreSQL: the note exists when, and only when, the order does.
 * Settings by environment: DATABASE_URL, EWS_URL, EWS_USERNAME, EWS_PASSWORD, PORT, PICKUP_DELAY (ms).
 */
import Fastify from 'fastify';
import { basicAuth, EwsTransport, OfflineImError, OfflineImSender } from 'offline-im';
import { PostgresSpool } from 'offline-im/postgres';
import { Pool, type PoolClient } from 'pg';

const { DATABASE_URL, EWS_URL = '', EWS_USERNAME = '', EWS_PASSWORD = '', PORT = '8080', PICKUP_DELAY } = process.env;

// One pool for the application and its spool. A connection may break while it is idle: without this listener, that ends the process.
const pool = new Pool({ connectionString: DATABASE_URL, max: 10, connectionTimeoutMillis: 10_000 });
pool.on('error', (error) => app.log.error(error));

const sender = new OfflineImSender({
  identity: { sip: `sip:${EWS_USERNAME}`, displayName: 'Orders' },
  client: { version: '16.0.12527.20194', mailboxLocation: 'on-premises' },
  spool: new PostgresSpool({ pool, migrate: true }),
  transport: new EwsTransport({ url: EWS_URL, credentials: basicAuth({ username: EWS_USERNAME, password: EWS_PASSWORD }) }),
  pickupDelay: PICKUP_DELAY === undefined ? undefined : Number(PICKUP_DELAY),
});

const app = Fastify({ logger: { level: 'warn' } });
sender.on('message:dead', ({ messageId, code }) => app.log.error({ messageId, code }, 'a note is dead'));
sender.on('warning', ({ error }) => app.log.warn(error));

interface Order {
  readonly id: number;
  readonly buyer: string;
  readonly item: string;
}
// What JavaScript and PostgreSQL both hold: whole numbers beyond it lose digits here, and U+0000 is in no text there.
const id = { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER };
const text = { type: 'string', maxLength: 200, pattern: '^[^\\0]*$' };
const body = { type: 'object', required: ['id', 'buyer', 'item'], properties: { id, buyer: text, item: text } };
const params = { type: 'object', properties: { id } };

app.post<{ Body: Order }>('/orders', { schema: { body } }, async ({ body: { id, buyer, item } }, reply) => {
  const messageId = await inTransaction(async (client) => {
    await client.query('INSERT INTO orders (id, buyer, item) VALUES ($1, $2, $3)', [id, buyer, item]);
    const message = { messageId: `order-${id}`, to: buyer, text: `Your order ${id} (${item}) is on its way.` };
    // With `client` the promise begins at COMMIT, not when send() resolves.
    return (await sender.send(message, { client })).messageId;
  });
  return reply.code(201).send({ id, note: await stateOf(messageId) });
});

app.get<{ Params: Pick<Order, 'id'> }>('/orders/:id', { schema: { params } }, async ({ params: { id } }, reply) => {
  const { rows } = await pool.query('SELECT buyer, item FROM orders WHERE id = $1', [id]);
  if (rows.length === 0) return reply.code(404).send({ code: 'ORDER_UNKNOWN' });
  // pg gives a bigint as text: the number is that of the path.
  return { id, ...rows[0], note: await stateOf(`order-${id}`) };
});

async function stateOf(messageId: string): Promise<string> {
  return (await sender.status(messageId))?.entries[0]?.state ?? 'none';
}

async function inTransaction<Result>(work: (client: PoolClient) => Promise<Result>): Promise<Result> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch((thrown: Error) => {
      broken = thrown;
    });
    throw error;
  } finally {
    client.release(broken);
  }
}

app.setErrorHandler((error: Error & { statusCode?: number; code?: string }, _request, reply) => {
  const { code } = error;
  if (code === '23505') return reply.code(409).send({ code: 'ORDER_EXISTS' });
  if (error instanceof OfflineImError) {
    const theirs = /^(GATE_REFUSED|MESSAGE_|TEXT_|RECIPIENT|ADDRESS_)/.test(error.code);
    return reply.code(theirs ? 422 : 503).send({ code: error.code });
  }
  if (error.statusCode !== undefined && error.statusCode < 500) return reply.code(error.statusCode).send({ code });
  // What went wrong inside, such as a code of PostgreSQL, is for the log.
  app.log.error(error);
  return reply.code(500).send({ code: 'INTERNAL' });
});

// Fastify closes the server first, then calls this: the notes in flight end, the pool last.
app.addHook('onClose', async () => {
  await sender.stop({ timeout: 7_000 });
  await pool.end();
});
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    setTimeout(() => app.server.closeAllConnections(), 1_000).unref(); // a caller that never finishes would hold all of it up
    void app.close();
  });
}

await pool.query('CREATE TABLE IF NOT EXISTS orders (id bigint PRIMARY KEY, buyer text NOT NULL, item text NOT NULL)');
await sender.start();
console.log(`listening on ${await app.listen({ port: Number(PORT), host: '127.0.0.1' })}`);
