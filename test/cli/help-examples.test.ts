/** Every command line shown by a `--help` does what it is shown for: each is run, split into words as by a shell. */
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { commands } from '../../src/cli/commands.ts';
import { run } from '../../src/cli/run.ts';
import { OfflineImSender } from '../../src/sender/sender.ts';
import type { SpoolStorage } from '../../src/spool/contract.ts';
import { FileSpool } from '../../src/spool/file/file-spool.ts';
import { PostgresSpool } from '../../src/spool/postgres/postgres-spool.ts';
import { SqliteSpool } from '../../src/spool/sqlite/sqlite-spool.ts';
import { type ExchangeSimulator, startExchangeSimulator } from '../../src/testing/simulator/simulator.ts';
import { FakeTransport } from '../support/fake-transport.ts';
import { PostgresServer } from '../support/postgres-server.ts';

const schema = `help_examples_${process.pid}`;
let folder: string;
let database: string;
let exchange: ExchangeSimulator;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offline-im-examples-'));
  await mkdir(join(folder, 'backups'));
  exchange = await startExchangeSimulator({ port: 0, mailboxes: ['bot@contoso.com', 'me@contoso.com'] });
  const server = await PostgresServer.shared();
  database = server.connectionString;
  await fill(new FileSpool({ root: join(folder, 'my-bot') }));
  await fill(new SqliteSpool({ path: join(folder, 'spool.db') }));
  const pool = server.pool({ max: 5 });
  const postgres = new PostgresSpool({ pool, schema });
  await postgres.migrate();
  await pool.end();
  const config = {
    spool: join(folder, 'spool.db'),
    schema,
    identity: { sip: 'sip:bot@contoso.com' },
    client: { version: '16.0.6920.1000', mailboxLocation: 'on-premises' },
    ews: { url: exchange.url, username: 'bot@contoso.com', password: { env: 'BOT_PASSWORD' } },
  };
  await writeFile(join(folder, 'offline-im.config.json'), JSON.stringify(config), { mode: 0o600 });
  await chmod(folder, 0o700);
  const seed = { 'alice@contoso.test': { inbox: [{ subject: 'Hi' }, { file: 'hello.eml' }] } };
  await writeFile(join(folder, 'seed.json'), JSON.stringify(seed));
  await writeFile(join(folder, 'hello.eml'), 'Subject: Hello\r\n\r\nHello.\r\n');
  await writeFile(join(folder, 'trace.ndjson'), '{"step":"message:spooled","messageId":"ticket-4711"}\n');
});

afterAll(async () => {
  await exchange.close();
  const pool = (await PostgresServer.shared()).pool({ max: 1 });
  await pool.query(`DROP SCHEMA ${schema} CASCADE`);
  await pool.end();
  await rm(folder, { recursive: true, force: true });
});

async function fill(spool: SpoolStorage): Promise<void> {
  const sender = new OfflineImSender({
    identity: { sip: 'sip:bot@contoso.com' },
    client: { version: '16.0.6920.1000', mailboxLocation: 'on-premises' },
    spool,
    transport: new FakeTransport(),
  });
  await sender.send({ to: 'sip:bob@contoso.com', text: 'x', messageId: 'ticket-4711' });
  await sender.stop();
}

/** The words of the command in a line, without the shell around it: `source <(…)`, `… | source`. */
function wordsOf(line: string): readonly string[] {
  const [call = ''] = /offline-im [^|)]*/.exec(line) ?? [];
  return [...call.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, one, two, three]) => one ?? two ?? three ?? '').slice(1);
}

/** Replaces paths, addresses and ports that only the reader has. */
function here(word: string): string {
  if (word === '8080') return '0';
  return word
    .replace('postgres://localhost/im', database)
    .replace('/var/spool/my-bot/spool.db', join(folder, 'spool.db'))
    .replace('/var/spool/my-bot', join(folder, 'my-bot'))
    .replace('/var/backups', join(folder, 'backups'))
    .replace('/var/log/my-bot', folder);
}

const examples = commands.flatMap(({ name, examples: lines }) => lines.map(([line]) => ({ name, line })));

it.each(examples)('$line', async ({ name, line }) => {
  const stopping = new AbortController();
  const texts = { out: '', err: '' };
  const says = (where: keyof typeof texts) => (text: string) => {
    texts[where] += text;
    // These run until they are stopped, which happens once they report that they are running.
    if (['simulator', 'dashboard', 'drain'].includes(name)) setImmediate(() => stopping.abort('SIGTERM'));
  };
  const code = await run(wordsOf(line).map(here), {
    streams: { out: { write: says('out') }, err: { write: says('err') }, terminal: false, colours: false, columns: undefined },
    version: '0.0.0',
    env: { PATH: process.env.PATH, BOT_PASSWORD: 'secret-4711' },
    cwd: folder,
    signal: stopping.signal,
    input: async () => '',
    ask: async () => 'yes',
  });
  expect({ code, err: texts.err }).toEqual({
    code: 0,
    err: name === 'drain' || name === 'dashboard' ? expect.any(String) : expect.not.stringContaining('offline-im:'),
  });
  expect(texts.out + texts.err).not.toBe('');
  expect(texts.out + texts.err).not.toContain('secret-4711');
});

it('examples that create something have created it', async () => {
  expect(exchange.mailbox('me@contoso.com').folder('inbox').items).toHaveLength(1);
  expect((await readFile(join(folder, 'spool.ndjson'), 'utf8')).split('\n')).toHaveLength(4);
  expect((await readFile(join(folder, 'backups', 'spool.db'))).length).toBeGreaterThan(1_000);
});
