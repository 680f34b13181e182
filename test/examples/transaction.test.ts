import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { Pool } from 'pg';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { startExchangeSimulator } from '../../src/testing.ts';
import { PostgresServer } from '../support/postgres-server.ts';
import { patient, root, start } from './process.ts';

let server: Awaited<ReturnType<typeof PostgresServer.database>>;
beforeAll(async () => {
  server = await PostgresServer.database();
});
afterAll(() => server.close());

async function world() {
  const exchange = await startExchangeSimulator({ mailboxes: ['bot@contoso.test', 'bob@contoso.test'] });
  onTestFinished(() => exchange.close());
  const settings = { EWS_URL: exchange.url, EWS_USERNAME: 'bot@contoso.test', EWS_PASSWORD: 'any', PORT: '0', PICKUP_DELAY: '1' };
  return { exchange, settings: { ...settings, DATABASE_URL: server.connectionString } };
}

async function post(url: string, body: unknown): Promise<{ status: number; body: unknown }> {
  const headers = { 'content-type': 'application/json', connection: 'close' };
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(body), headers });
  return { status: response.status, body: await response.json() };
}

async function rowsOf(sql: string): Promise<unknown[]> {
  const pool = new Pool({ connectionString: server.connectionString, max: 1 });
  try {
    return (await pool.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await pool.end();
  }
}

it('fastify.ts stores an order with its note, or neither', async () => {
  const { exchange, settings } = await world();
  const app = start('examples/fastify.ts', settings);
  const url = await app.printed(/listening on (\S+)/);
  const arrived = exchange.waitForMessage(({ mailbox }) => mailbox === 'bob@contoso.test', patient);
  expect((await post(`${url}/orders`, { id: 1, buyer: 'sip:bob@contoso.test', item: 'a chair' })).status).toBe(201);
  expect((await arrived).subject).toBe('Orders sent you a message in Skype for Business');
  // The note is refused, so there is no order; the order exists already, so there is no second note.
  expect(await post(`${url}/orders`, { id: 2, buyer: 'nobody', item: 'a chair' })).toEqual({
    status: 422,
    body: { code: 'RECIPIENT_INVALID' },
  });
  expect(await post(`${url}/orders`, { id: 1, buyer: 'sip:bob@contoso.test', item: 'a desk' })).toEqual({
    status: 409,
    body: { code: 'ORDER_EXISTS' },
  });
  // The id is the same number, and an invalid id is an error of the caller.
  const get = async (id: string) => {
    const response = await fetch(`${url}/orders/${id}`, { headers: { connection: 'close' } });
    return { status: response.status, body: (await response.json()) as { id?: unknown } };
  };
  expect(await get('1')).toMatchObject({ status: 200, body: { id: 1, buyer: 'sip:bob@contoso.test', item: 'a chair' } });
  expect(await get('2')).toEqual({ status: 404, body: { code: 'ORDER_UNKNOWN' } });
  for (const id of ['x', '1.5', '9007199254740993', '9'.repeat(40)]) {
    expect(await get(id), id).toEqual({ status: 400, body: { code: 'FST_ERR_VALIDATION' } });
  }
  for (const wrong of [{ id: 'x' }, { id: 1e30 }, { buyer: 'a\0b' }, { item: '\0' }]) {
    const { status } = await post(`${url}/orders`, { id: 3, buyer: 'sip:bob@contoso.test', item: 'a chair', ...wrong });
    expect(status, JSON.stringify(wrong)).toBe(400);
  }
  expect(await rowsOf('SELECT id::int FROM orders')).toEqual([{ id: 1 }]);
  expect(await app.end()).toBe(0);
  expect(exchange.mailbox('bob@contoso.test').missedConversations()).toHaveLength(1);
});

it('nestjs/main.ts stores a ticket with its note, or neither', async () => {
  const { exchange, settings } = await world();
  const app = start(await compiled(), settings);
  const url = await app.printed(/listening on (\S+)/);
  const arrived = exchange.waitForMessage(({ mailbox }) => mailbox === 'bob@contoso.test', patient);
  expect(await post(`${url}/tickets`, { id: 1, requester: 'sip:bob@contoso.test' })).toEqual({ status: 201, body: { id: 1 } });
  expect((await arrived).subject).toBe('Tickets sent you a message in Skype for Business');
  expect(await post(`${url}/tickets`, { id: 2, requester: 'nobody' })).toEqual({
    status: 422,
    body: { code: 'RECIPIENT_INVALID' },
  });
  expect(await post(`${url}/tickets`, { id: 1, requester: 'sip:bob@contoso.test' })).toEqual({
    status: 409,
    body: { code: 'TICKET_EXISTS' },
  });
  for (const wrong of [
    { id: 'x', requester: 'sip:bob@contoso.test' },
    { id: 1e30, requester: 'sip:bob@contoso.test' },
    { id: 3 },
  ]) {
    expect(await post(`${url}/tickets`, wrong)).toEqual({ status: 400, body: { code: 'TICKET_INVALID' } });
  }
  expect(await rowsOf('SELECT id::int FROM tickets')).toEqual([{ id: 1 }]);
  // The dashboard of the same application, before its parsers.
  const headers = { 'x-operator': 'carol', connection: 'close' };
  expect((await fetch(`${url}/admin/messages/`, { headers: { connection: 'close' } })).status).toBe(401);
  const overview = await (await fetch(`${url}/admin/messages/`, { headers })).text();
  const form = new URLSearchParams({ token: /name="token" value="(\w+)"/.exec(overview)?.[1] ?? '', why: 'moved' });
  const paused = await fetch(`${url}/admin/messages/pause`, { method: 'POST', headers, body: form, redirect: 'manual' });
  expect(paused.status).toBe(303);
  expect(await (await fetch(`${url}/admin/messages/`, { headers })).text()).toContain('<bdi>carol</bdi>: <bdi>moved</bdi>');
  // Any other error may pass, so the call is worth repeating, and there is no ticket without its note.
  await rowsOf('ALTER SCHEMA notes RENAME TO elsewhere');
  expect((await post(`${url}/tickets`, { id: 4, requester: 'sip:bob@contoso.test' })).status).toBe(503);
  await rowsOf('ALTER SCHEMA elsewhere RENAME TO notes');
  expect(await rowsOf('SELECT id::int FROM tickets')).toEqual([{ id: 1 }]);
  // Nest raises the signal again when its hooks have run.
  await app.end();
  expect(await rowsOf(`SELECT state FROM notes.entries_now WHERE state <> 'delivered'`)).toEqual([]);
});

it('nestjs/main.ts compiles with the decorators of Nest', async () => {
  const tsc = join(root, 'node_modules/typescript-native/bin/tsc');
  const run = promisify(execFile)(process.execPath, [tsc, '-p', join(root, 'examples/nestjs'), '--checkers', '1']);
  const { stdout, stderr } = await run.catch((error: { stdout: string; stderr: string }) => error);
  expect(stdout + stderr).toBe('');
});

/** As `nest build` would: Node strips types, but does not support decorators. In the repository, so that its dependencies are found. */
async function compiled(): Promise<string> {
  await mkdir(join(root, '.tmp'), { recursive: true });
  const folder = await mkdtemp(join(root, '.tmp', 'nestjs-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const outfile = join(folder, 'main.mjs');
  const tsconfigRaw = { compilerOptions: { experimentalDecorators: true } };
  await build({ entryPoints: [join(root, 'examples/nestjs/main.ts')], outfile, format: 'esm', platform: 'node', tsconfigRaw });
  return outfile;
}
