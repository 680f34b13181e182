import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ExchangeSimulator, startExchangeSimulator } from '../../src/testing/simulator/simulator.ts';
import { offlineIm } from '../cli/offline-im.ts';
import { PostgresServer } from '../support/postgres-server.ts';
import { programOf } from '../support/program.ts';
import { mayMount, smallDisk } from '../support/small-disk.ts';
import type { Given, SceneName } from './child.ts';

const run = promisify(execFile);
const program = programOf(new URL('./child.ts', import.meta.url));
const alice = 'alice@contoso.test';
let folder: string;
let exchange: ExchangeSimulator;
let database: Awaited<ReturnType<typeof PostgresServer.database>>;
const servers: Server[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offline-im-awaited-'));
  const mailboxes = [
    { address: alice, password: 'p' },
    { address: 'bob@contoso.test', password: 'p' },
  ];
  exchange = await startExchangeSimulator({ mailboxes, auth: ['basic', 'ntlm', 'bearer'] });
  database = await PostgresServer.database();
});

afterAll(async () => {
  for (const server of servers) server.close();
  await database.close();
  await exchange.close();
  await rm(folder, { recursive: true, force: true });
});

/** Says that to whatever is asked, and keeps the connection. */
async function saying(answer: string): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined).on('data', () => void (answer === '' || socket.write(answer)));
    // Those who ask hold their end.
    socket.unref();
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as { port: number }).port}/EWS/Exchange.asmx`;
}

const switched = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n';

async function settledIn(
  scene: SceneName,
  disk?: string,
): Promise<{ settled: readonly string[]; complaints: readonly string[] }> {
  const given: Given = {
    folder: await mkdtemp(join(folder, `${scene}-`)),
    url: exchange.url,
    graphUrl: exchange.graphUrl,
    token: exchange.tokens.issue(alice),
    silent: await saying(''),
    switching: await saying(switched),
    postgres: database.connectionString,
    ...(disk === undefined ? {} : { disk }),
  };
  const { stdout } = await run(process.execPath, ['--expose-gc', program, scene, JSON.stringify(given)], {
    maxBuffer: 16 * 1024 * 1024,
  });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Awaited<ReturnType<typeof settledIn>>;
}

/** Each scene is a process of its own, in which nothing is alive but what is awaited. */
describe('what follows an await runs, though nothing else keeps the process alive', () => {
  it.each([
    ['sender', 40],
    ['handles', 60],
    ['transports', 90],
    ['simulator', 25],
    ['handlers', 7],
  ] as const)('after each public method of %s, also where what it waits for never answers', async (scene, least) => {
    const { settled, complaints } = await settledIn(scene);
    expect(complaints, settled.join('\n')).toEqual([]);
    expect(settled.length).toBeGreaterThanOrEqual(least);
  });

  it(`after each method of a spool, also where it is locked, hangs or is on a full disk (${mayMount ? 'tmpfs' : 'skipped: may not mount'})`, async () => {
    await using disk = mayMount ? await smallDisk('4m') : undefined;
    const { settled, complaints } = await settledIn('spools', disk?.folder);
    expect(complaints, settled.join('\n')).toEqual([]);
    expect(settled.length).toBeGreaterThanOrEqual(200);
  });

  it('each command of the command line ends with a code of its own, never with that of an unsettled await', async () => {
    const spool = ['--spool', join(folder, 'cli.db')];
    const path = (name: string) => join(folder, name);
    const login = ['--mailbox', alice, '--username', alice, '--password-env', 'SECRET'];
    const commands: readonly (readonly string[])[] = [
      ['doctor', ...login, '--url', await saying(switched), '--login', 'ntlm'],
      ['doctor', ...login, '--url', exchange.url, '--login', 'ntlm'],
      ['send', ...spool],
      ['stats', ...spool],
      ['export', path('out.ndjson'), ...spool],
      ['import', path('out.ndjson'), ...spool],
      ['backup', path('copy.db'), ...spool],
    ];
    const ended = await Promise.all(commands.map((args) => offlineIm(args, { env: { SECRET: 'p' } })));
    for (const { code, out, err } of ended) {
      expect([0, 1, 2, 3, 4]).toContain(code);
      expect(out + err).not.toBe('');
    }
  });
});
