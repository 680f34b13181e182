import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { linesOf, temporaryFolder } from './support.ts';

const child = join(import.meta.dirname, 'child.ts');
const run = promisify(execFile);

it('stays within its queue when a million records arrive at once', async () => {
  const path = join(temporaryFolder(), 'trace.ndjson');
  const { stdout } = await run(process.execPath, [child, 'burst', path]);
  const { grown } = JSON.parse(stdout) as { grown: number };
  expect(grown).toBeLessThan(200 * 1024 ** 2);
  const lines = await linesOf(path);
  const dropped = lines.at(-1) as { step: string; dropped: number };
  expect(dropped).toMatchObject({ level: 'warn', step: 'trace:dropped' });
  expect(dropped.dropped + lines.length - 1).toBe(1_000_000);
  // The first ones are there, without a gap.
  expect(lines.slice(0, -1).every(({ count }, index) => count === index)).toBe(true);
});

it.skipIf(process.platform === 'win32')('leaves complete lines when killed, except for the last', async () => {
  const path = join(temporaryFolder(), 'trace.ndjson');
  const killed = spawn(process.execPath, [child, 'endless', path], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(killed.stdout, 'data');
  killed.kill('SIGKILL');
  await once(killed, 'close');
  const lines = (await readFile(path, 'utf8')).split('\n').slice(0, -1);
  expect(lines.length).toBeGreaterThan(1_000);
  expect(lines.every((line, index) => (JSON.parse(line) as { count: number }).count === index)).toBe(true);
});

// To the writer, the shell's limit on file size is like a full disk: part of a batch is written, then an error.
it.skipIf(process.platform === 'win32')('survives a full disk: no throw, one warning, complete lines to the end', async () => {
  const path = join(temporaryFolder(), 'trace.ndjson');
  const { stdout, stderr } = await run('bash', ['-c', 'ulimit -f 100; exec "$0" "$@"', process.execPath, child, 'full', path]);
  expect(stdout).toBe('done\n');
  expect(stderr.match(/can't be written \(\w+\)/g)).toHaveLength(1);
  const content = await readFile(path, 'utf8');
  expect(content.length).toBeGreaterThan(90_000);
  const whole = content.split('\n').slice(0, -1);
  expect(whole.every((line, index) => (JSON.parse(line) as { count: number }).count === index)).toBe(true);
});
