import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { recordsOf } from '../../src/cli/trace-story.ts';
import { offlineImHere } from './in-process.ts';
import { cache, program } from './offline-im.ts';
import { fill } from './running-sender.ts';

let folder: string;
let places: Readonly<Record<string, string>>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offline-im-interrupted-'));
  places = { SPOOL: join(folder, 'spool.db'), TRACE: join(folder, 'trace.ndjson'), CONFIG: join(folder, 'config.json') };
  await fill('sqlite', places.SPOOL ?? '', false);
  await writeFile(places.TRACE ?? '', `${JSON.stringify({ event: 'message:spooled', messageId: 'm' })}\n`);
  const config = {
    identity: { sip: 'sip:alice@contoso.test' },
    client: { version: '16.0.6920.1000', mailboxLocation: 'on-premises' },
    ews: { url: 'https://127.0.0.1:9/ews/exchange.asmx', username: 'alice', password: { env: 'PASSWORD' } },
  };
  await writeFile(places.CONFIG ?? '', JSON.stringify(config));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it.each([
  'trace TRACE --follow',
  'stats --watch --spool SPOOL',
  'dashboard --spool SPOOL',
  'drain --config CONFIG --spool SPOOL',
  'simulator',
])('%s exits with 130 on Ctrl-C, and with 0 on SIGTERM', async (line) => {
  const args = line.split(' ').map((word) => places[word] ?? word);
  const ended = [];
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    const child = spawn(process.execPath, [program, ...args], {
      env: { ...process.env, NODE_COMPILE_CACHE: cache, PASSWORD: 'pw-4711' },
    });
    try {
      // Its first output, whatever it is, shows that it is running.
      await Promise.race([once(child.stdout, 'data'), once(child.stderr, 'data')]);
      child.kill(signal);
      ended.push(await once(child, 'exit'));
    } finally {
      child.kill('SIGKILL');
    }
  }
  expect(ended).toEqual([
    [130, null],
    [0, null],
  ]);
});

it.each(['SIGTERM', 'SIGINT'] as const)('drain reports why it could not stop cleanly, and exits with 1: %s', async (signal) => {
  // The disk fails once it is told to stop.
  const broken = `import { DatabaseSync } from 'node:sqlite';
    const { close } = DatabaseSync.prototype;
    process.once('${signal}', () => {
      DatabaseSync.prototype.close = function () { close.call(this); throw new Error('disk I/O error'); };
    });`;
  const preload = join(folder, 'broken.mjs');
  await writeFile(preload, broken);
  const args = ['drain', '--config', places.CONFIG ?? '', '--spool', places.SPOOL ?? ''];
  const child = spawn(process.execPath, ['--import', preload, program, ...args], {
    env: { ...process.env, NODE_COMPILE_CACHE: cache, PASSWORD: 'pw-4711' },
  });
  let err = '';
  try {
    child.stderr.on('data', (data) => (err += String(data)));
    while (!err.includes('Delivering')) await once(child.stderr, 'data');
    child.kill(signal);
    expect(await once(child, 'close')).toEqual([1, null]);
  } finally {
    child.kill('SIGKILL');
  }
  expect(err).toMatch(/The sender did not stop cleanly: .*disk I\/O error\. .*No message is lost/);
});

it.each([
  'doctor --mailbox a@contoso.test --username a --password-env PASSWORD --url http://SILENT/',
  'stats --spool postgres://u:p@SILENT/db',
])('%s exits with 130 on Ctrl-C, even if what it waits for never answers', async (line) => {
  const server = createServer(() => undefined).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const args = line.replace('SILENT', `127.0.0.1:${port}`).split(' ');
  const child = spawn(process.execPath, [program, ...args], {
    env: { ...process.env, NODE_COMPILE_CACHE: cache, PASSWORD: 'pw-4711' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let err = '';
  child.stderr.on('data', (data) => (err += String(data)));
  try {
    await once(server, 'connection');
    child.kill('SIGINT');
    expect(await once(child, 'exit')).toEqual([130, null]);
    expect(err).toBe('');
  } finally {
    child.kill('SIGKILL');
    server.close();
  }
});

it('trace reacts to Ctrl-C in the middle of a file, whatever it searches for', async () => {
  const path = join(folder, 'long.ndjson');
  await writeFile(path, `${JSON.stringify({ event: 'message:spooled', messageId: 'm' })}\n`.repeat(5_000));
  const stopping = new AbortController();
  let looked = 0;
  const read = async () => {
    const wanted = () => {
      looked += 1;
      stopping.abort('SIGINT');
      return false;
    };
    for await (const _ of recordsOf(path, stopping.signal, wanted));
  };
  await expect(read()).rejects.toBe('SIGINT');
  expect(looked).toBe(1);
});

it('an interrupted backup exits with 130, without output', async () => {
  const signal = AbortSignal.abort('SIGINT');
  const ran = await offlineImHere(['backup', join(folder, 'copy.db'), '--spool', places.SPOOL ?? ''], { signal });
  expect(ran).toEqual({ code: 130, out: '', err: '' });
});
