/** The example in Python and the curl lines of docs/simulator.md, against the simulator of the command line. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { programOf } from '../support/program.ts';

const root = join(import.meta.dirname, '../..');
const run = promisify(execFile);
const program = programOf(new URL('../../src/cli/main.ts', import.meta.url));
let child: ChildProcess;
let url: string;

beforeEach(async () => {
  const mailboxes = ['shop@contoso.test', 'customer@contoso.test', 'alice@contoso.test', 'bob@contoso.test'];
  const args = ['simulator', '--clock', 'manual', '--json', ...mailboxes.flatMap((one) => ['--mailbox', one])];
  child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  for await (const chunk of (child.stdout?.setEncoding('utf8') ?? []) as AsyncIterable<string>) {
    printed += chunk;
    if (printed.includes('\n')) break;
  }
  url = (JSON.parse(printed) as { graphUrl: string }).graphUrl;
});
afterEach(() => void child.kill('SIGKILL'));

it('testing-with-python passes its own tests', async ({ skip }) => {
  const python = process.env.PYTHON ?? '/usr/bin/python3';
  if (
    await run(python, ['-c', 'import requests']).then(
      () => false,
      () => true,
    )
  ) {
    return skip('python3-requests is not installed');
  }
  const folder = await mkdtemp(join(tmpdir(), 'offline-im-python-'));
  try {
    await cp(join(root, 'examples/testing-with-python'), folder, { recursive: true });
    const { stderr } = await run(python, ['-m', 'unittest'], {
      cwd: folder,
      env: { ...process.env, SIMULATOR: url },
      timeout: 120_000,
    });
    expect(stderr).toMatch(/Ran 4 tests[\s\S]*OK/);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

it('the curl lines of the page work as they stand there', async ({ skip }) => {
  if (
    await run('curl', ['--version']).then(
      () => false,
      () => true,
    )
  ) {
    return skip('curl is not installed');
  }
  const page = await readFile(join(root, 'docs/simulator.md'), 'utf8');
  const [, lines = ''] = /<!-- curl -->\n```sh\n([\s\S]*?)```/.exec(page) ?? [];
  const commands = lines
    .trim()
    .split('\n')
    .filter((line) => line.startsWith('curl'));
  expect(commands.length).toBeGreaterThanOrEqual(6);
  for (const line of commands) {
    const command = line
      .replaceAll('http://127.0.0.1:8080', url)
      .replace(/^curl /, 'curl --silent --show-error --fail --max-time 20 ');
    await expect(run('bash', ['-c', command], { timeout: 60_000 }), line).resolves.toBeDefined();
  }
});
