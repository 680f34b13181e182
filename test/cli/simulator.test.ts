import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { envelope, findItem, post } from '../testing/support/raw-ews.ts';
import { offlineImHere } from './in-process.ts';
import { program } from './offline-im.ts';
import { fill } from './running-sender.ts';

it('simulator serves its seeded items until interrupted', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'offline-im-simulator-'));
  let child: ChildProcess | undefined;
  try {
    const data = join(folder, 'seed.json');
    await writeFile(
      data,
      // With the byte order mark that Windows shells add.
      `\ufeff${JSON.stringify({ 'dora@contoso.test': { inbox: [{ subject: 'from a file' }, { file: 'hello.eml' }] } })}`,
    );
    await writeFile(join(folder, 'hello.eml'), 'From: carol@fabrikam.test\r\nSubject: Hello\r\n\r\nHi');
    const args = [
      'simulator',
      '--mailbox',
      'dora@contoso.test',
      '--data',
      data,
      '--random-seed',
      '7',
      '--clock',
      'manual',
      '--json',
    ];
    const started = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    child = started;
    let printed = '';
    for await (const chunk of started.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
      printed += chunk;
      if (/\}\s*$/.test(printed)) break;
    }
    const { url, apiUrl, pageUrl, mailboxes } = JSON.parse(printed) as Record<'url' | 'apiUrl' | 'pageUrl', string> & {
      mailboxes: string[];
    };
    expect(mailboxes).toEqual(['dora@contoso.test']);
    const answer = await post(url, envelope(findItem({ folders: ['<t:DistinguishedFolderId Id="inbox"/>'] })), {
      as: 'dora@contoso.test',
    });
    expect(await answer.text()).toContain('TotalItemsInView="2"');
    expect(await (await fetch(`${apiUrl}/items?search=carol`)).json()).toMatchObject({ total: 1, items: [{ subject: 'Hello' }] });
    expect(await (await fetch(`${apiUrl}/clock`)).json()).toMatchObject({ isManual: true });
    expect((await fetch(pageUrl)).status).toBe(200);
    started.kill('SIGTERM');
    const [code] = await once(started, 'close');
    expect(code).toBe(0);
  } finally {
    child?.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  }
});

it('simulator listens once its items are there: never for those that it refuses', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'offline-im-simulator-'));
  const listening = vi.spyOn(Server.prototype, 'listen');
  try {
    const data = join(folder, 'seed.json');
    await writeFile(data, JSON.stringify({ 'alice@contoso.test': { inbox: [{ subject: 7 }] } }));
    const ran = await offlineImHere(['simulator', '--data', data]);
    expect(ran).toMatchObject({ code: 2, err: expect.stringContaining('subject') });
    expect(listening).not.toHaveBeenCalled();
  } finally {
    listening.mockRestore();
    await rm(folder, { recursive: true, force: true });
  }
});

it.each([
  [['--port', '70000'], 2, '--port is "70000"'],
  [['--data', '/no/such/file.json'], 2, '"/no/such/file.json" can\'t be read: no such file.'],
  [['--data', '/'], 2, 'it is a folder'],
  [['--data', '/dev/null'], 2, "can't be read as JSON"],
  [['--mailbox', 'alice'], 2, 'is not an SMTP address'],
  [['--token', ''], 2, '--token is ""; expected'],
  // It would listen on all interfaces, and never end.
  [['--host', ''], 2, '--host is ""; expected an address or a name of this machine'],
  [['--host', '256.1.1.1'], 2, '--host is "256.1.1.1"; expected'],
  [['--host', '192.0.2.1'], 2, '--host is "192.0.2.1" (EADDRNOTAVAIL); expected'],
  [['--clock', 'sundial'], 2, '--clock is "sundial"; expected system, manual'],
])('simulator %j says what is wrong', async (args, code, text) => {
  expect(await offlineImHere(['simulator', ...args])).toMatchObject({ code, err: expect.stringContaining(text) });
});

it.each([
  [
    ['--host', '0.0.0.0'],
    'The page and the API are disabled, because the simulator listens beyond this machine: start it with --token TEXT',
    'API  ',
  ],
  [['--host', '0.0.0.0', '--token', 'secret'], 'API    http://0.0.0.0:', 'closed'],
  [[], 'API    http://127.0.0.1:', 'closed'],
])('simulator %j prints addresses of page and API that work', async (args, named, not) => {
  // It prints this before it checks whether to stop.
  const { code, out } = await offlineImHere(['simulator', ...args], { signal: AbortSignal.abort() });
  expect(code).toBe(0);
  expect(out).toMatch(/^Mailboxes .*\n/m);
  expect(out).toContain(named);
  expect(out).not.toContain(not);
});

it.each(['simulator', 'dashboard'])('%s says when its port is in use', async (command) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const folder = await mkdtemp(join(tmpdir(), 'offline-im-simulator-'));
  try {
    await fill('sqlite', join(folder, 'spool.db'), false);
    const { port } = server.address() as AddressInfo;
    const args = command === 'simulator' ? [] : ['--spool', join(folder, 'spool.db')];
    const { code, err } = await offlineImHere([command, '--port', String(port), ...args]);
    const told = `offline-im: Port ${port} of 127.0.0.1 is in use by another program. To do: choose another one with --port.\n`;
    expect({ code, err }).toEqual({ code: 1, err: told });
  } finally {
    server.close();
    await rm(folder, { recursive: true, force: true });
  }
});
