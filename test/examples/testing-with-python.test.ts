/** The Python example and the curl commands of docs/simulator.md, with the simulator of the command line. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, expect, it } from 'vitest';
import { programOf } from '../support/program.ts';

const root = join(import.meta.dirname, '../..');
const run = promisify(execFile);
const program = programOf(new URL('../../src/cli/main.ts', import.meta.url));
const python = process.env.PYTHON ?? '/usr/bin/python3';
let child: ChildProcess | undefined;
afterEach(() => void child?.kill('SIGKILL'));

/** Resolves with its address when it reports that it is ready. */
async function simulator(port = 0): Promise<string> {
  const mailboxes = ['shop@contoso.test', 'customer@contoso.test', 'alice@contoso.test', 'bob@contoso.test'];
  const args = [
    'simulator',
    '--clock',
    'manual',
    '--json',
    '--port',
    String(port),
    ...mailboxes.flatMap((one) => ['--mailbox', one]),
  ];
  child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  for await (const chunk of (child.stdout?.setEncoding('utf8') ?? []) as AsyncIterable<string>) {
    printed += chunk;
    if (printed.includes('\n')) break;
  }
  return (JSON.parse(printed) as { graphUrl: string }).graphUrl;
}

/** A port on which nothing listens yet, and when a client has tried in vain. */
async function notYet() {
  const server = createServer((socket) => void socket.destroy()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { port, tried: once(server, 'connection').then(() => new Promise((resolve) => server.close(resolve))) };
}

it('testing-with-python passes its own tests, even if they start before the simulator is ready', async ({ skip }) => {
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
    const { port, tried } = await notYet();
    const env = { ...process.env, SIMULATOR: `http://127.0.0.1:${port}` };
    const tests = run(python, ['-m', 'unittest'], { cwd: folder, env, timeout: 300_000 });
    await Promise.race([tests, tried]);
    await simulator(port);
    expect((await tests).stderr).toMatch(/Ran 4 tests[\s\S]*OK/);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

it('the curl commands of the page work as shown', async ({ skip }) => {
  if (
    await run('curl', ['--version']).then(
      () => false,
      () => true,
    )
  ) {
    return skip('curl is not installed');
  }
  const url = await simulator();
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
    await expect(run('bash', ['-c', command], { timeout: 300_000 }), line).resolves.toBeDefined();
  }
});
