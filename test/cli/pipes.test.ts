import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { offlineImHere } from './in-process.ts';
import { program } from './offline-im.ts';
import { fill } from './running-sender.ts';

let folder: string;
let where: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offline-im-pipes-'));
  where = join(folder, 'spool.db');
  await fill('sqlite', where, false);
  const line = JSON.stringify({ time: '2026-11-28T03:00:00.000Z', event: 'message:spooled', messageId: 'm' });
  await writeFile(join(folder, 'trace.ndjson'), `${line}\n`.repeat(20_000));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The exit code of a command whose output nobody reads: the pipe is closed before it starts. */
async function unread(args: readonly string[], closed: readonly ('stdout' | 'stderr')[]) {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let err = '';
  child.stderr.on('data', (data) => (err += String(data)));
  for (const name of closed) child[name].destroy();
  const [code, signal] = await once(child, 'exit');
  return { code: code ?? signal, err };
}

it.each([
  ['stats --watch', 0],
  ['stats --fail-if dead>0', 3],
  ['trace TRACE', 0],
  ['hold waits', 0],
  ['bogus', 2],
])('%s exits with %i when the reader of its output has gone', async (line, code) => {
  const args = line.split(' ').map((word) => (word === 'TRACE' ? join(folder, 'trace.ndjson') : word));
  const all = line.startsWith('trace') || line === 'bogus' ? args : [...args, '--spool', where];
  expect(await unread(all, code === 2 ? ['stdout', 'stderr'] : ['stdout'])).toEqual({ code, err: '' });
});

it('a command completes its work even if nobody reads its output', async () => {
  await unread(['release', 'waits', '--spool', where], ['stdout']);
  const { out } = await offlineImHere(['list', '--spool', where, '--state', 'spooled', '--json']);
  expect(JSON.parse(out)).toMatchObject({ entries: [{ messageId: 'waits' }] });
});

it.runIf(process.platform === 'linux')('a failed write to the output is reported as a failure', async () => {
  const child = spawn(process.execPath, [program, 'stats', '--spool', where], {
    stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'],
  });
  let err = '';
  child.stderr?.on('data', (data) => (err += String(data)));
  const [code] = await once(child, 'close');
  expect({ code, err }).toEqual({ code: 1, err: 'offline-im: The output could not be written (ENOSPC).\n' });
});
