import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { basicAuth, EwsTransport, OfflineImSender, type OutgoingMessage } from '../../src/index.ts';
import { PostgresSpool } from '../../src/postgres.ts';
import { startExchangeSimulator } from '../../src/testing.ts';
import { PostgresServer } from '../support/postgres-server.ts';
import { type Program, patient, root, start } from './process.ts';

let server: Awaited<ReturnType<typeof PostgresServer.database>>;
beforeAll(async () => {
  server = await PostgresServer.database();
});
afterAll(() => server.close());

async function world() {
  const exchange = await startExchangeSimulator({ mailboxes: ['fleet@contoso.test', 'bob@contoso.test'] });
  onTestFinished(() => exchange.close());
  const login = { EWS_URL: exchange.url, EWS_USERNAME: 'fleet@contoso.test', EWS_PASSWORD: 'any' };
  const settings = { ...login, DATABASE_URL: server.connectionString, PICKUP_DELAY: '1', POLL_INTERVAL: '200' };
  const arrived = (text: string) =>
    exchange.waitForMessage(({ mailbox, body }) => mailbox === 'bob@contoso.test' && body.content.includes(text), patient);
  return { exchange, settings, arrived };
}

it('fleet.ts accepts in one process and delivers in three, and replaces a worker that died', async () => {
  const { exchange, settings, arrived } = await world();
  const fleet = start('examples/fleet.ts', settings);
  await fleet.printed(/(started[\s\S]*){3}/);
  const [victim] = [...fleet.output().matchAll(/worker (\d+)/g)].map(([, pid]) => Number(pid));
  const send = (id: string): void =>
    fleet.tell({ messageId: id, to: 'sip:bob@contoso.test', text: `This is ${id}.`, conversationId: id });
  const first = arrived('This is one.');
  send('one');
  await first;
  if (victim === undefined) throw new Error('no worker');
  process.kill(victim, 'SIGKILL');
  await fleet.printed(new RegExp(`worker ${victim} ended \\(SIGKILL\\)`));
  const second = arrived('This is two.');
  send('two');
  send('one');
  await second;
  await fleet.printed(/known one/);
  await fleet.printed(/(worker \d+\n[\s\S]*){4}/);
  expect(await fleet.end()).toBe(0);
  expect(fleet.output()).toContain('the fleet has stopped');
  expect(exchange.mailbox('bob@contoso.test').missedConversations()).toHaveLength(2);
});

/** As an application beside the fleet does it. */
async function accept(connectionString: string, message: OutgoingMessage): Promise<void> {
  const pool = new Pool({ connectionString });
  const sender = new OfflineImSender({
    identity: { sip: 'sip:fleet@contoso.test' },
    client: { version: '16.0.12527.20194', mailboxLocation: 'on-premises' },
    spool: new PostgresSpool({ pool }),
    transport: new EwsTransport({
      url: 'https://mail.contoso.test/EWS/Exchange.asmx',
      credentials: basicAuth({ username: 'a', password: 'b' }),
    }),
    pickupDelay: 0,
  });
  await sender.send(message);
  await sender.stop();
  await pool.end();
}

interface Service {
  readonly command?: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly image: string;
  readonly ports?: readonly string[];
}

describe('compose/compose.yaml', async () => {
  const text = await readFile(join(root, 'examples/compose/compose.yaml'), 'utf8');
  const { services, secrets } = parse(text, { merge: true }) as {
    readonly services: Readonly<Record<string, Service>>;
    readonly secrets: object;
  };

  it('refers only to what it defines, and contains no secret', () => {
    for (const { depends_on = {}, image } of Object.values(services)) {
      expect(Object.keys(services)).toEqual(expect.arrayContaining(Object.keys(depends_on)));
      expect(image).toMatch(/^[\w/.-]+:[\w.-]+$/);
    }
    expect(Object.keys(secrets)).toEqual(['ews_password', 'dashboard_password']);
    for (const { ports = [] } of Object.values(services)) for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
    expect(text).not.toMatch(/PASSWORD: (?!\$)/);
  });

  it('has services whose commands deliver when run in its order', async () => {
    const { settings, arrived } = await world();
    const { EWS_PASSWORD: _inFile, DATABASE_URL: database, ...rest } = settings;
    const folder = await mkdtemp(join(tmpdir(), 'offline-im-compose-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const secret = join(folder, 'ews-password.txt');
    await writeFile(secret, 'any\n');
    const password = join(folder, 'dashboard-password.txt');
    await writeFile(password, 'correct horse battery\n');
    const values: Readonly<Record<string, string>> = {
      DATABASE_URL: database,
      OFFLINE_IM_SPOOL: database,
      EWS_PASSWORD_FILE: secret,
      DASHBOARD_PASSWORD_FILE: password,
      HOST: '127.0.0.1',
      PORT: '0',
    };
    const run = (name: string): Program => {
      const { command = [], environment } = services[name] as Service;
      const own = Object.keys(environment).map((key) => [key, values[key] ?? Reflect.get(rest, key)]);
      const [program, script = '', ...args] = command;
      expect(program).toBe('node');
      const file = script
        .replace('node_modules/offline-im/dist/cli.js', 'src/cli/main.ts')
        .replace(/^worker\.ts$/, 'examples/worker.ts')
        .replace(/^dashboard\.ts$/, 'examples/compose/dashboard.ts');
      return start(file, { ...rest, ...(Object.fromEntries(own) as Record<string, string>) }, args);
    };
    const migrate = run('migrate');
    await migrate.printed(/up to date|Nothing to do/);
    const workers = [run('worker'), run('worker')];
    await Promise.all(workers.map((worker) => worker.printed(/started/)));
    const note = arrived('From the compose file.');
    await accept(database, { messageId: 'compose', to: 'sip:bob@contoso.test', text: 'From the compose file.' });
    await note;
    const dashboard = run('dashboard');
    const port = await dashboard.printed(/port (\d+)/);
    const look = (login: string) => {
      const authorization = `Basic ${Buffer.from(login).toString('base64')}`;
      return fetch(`http://127.0.0.1:${port}/messages`, { headers: { authorization, connection: 'close' } });
    };
    expect(await (await look('carol:correct horse battery')).text()).toContain('compose');
    for (const login of ['carol:wrong', 'carol', '', ':correct horse battery']) expect((await look(login)).status).toBe(401);
    expect(await dashboard.end()).toBe(0);
    expect(await Promise.all(workers.map((worker) => worker.end()))).toEqual([0, 0]);
  });
});
