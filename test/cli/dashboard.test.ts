import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { OfflineImSender } from '../../src/sender/sender.ts';
import { SqliteSpool } from '../../src/spool/sqlite/sqlite-spool.ts';
import { FakeTransport } from '../support/fake-transport.ts';
import { offlineImHere } from './in-process.ts';
import { program } from './offline-im.ts';

interface Answer {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly text: string;
}

/** Requests that no browser sends: with any Host. */
async function ask(url: URL, headers: Readonly<Record<string, string>> = {}, body?: string): Promise<Answer> {
  const type = body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' };
  const asked = request(url, { method: body === undefined ? 'GET' : 'POST', headers: { ...headers, ...type } });
  asked.end(body);
  const [response] = (await once(asked, 'response')) as [import('node:http').IncomingMessage];
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  return { status: response.statusCode, headers: response.headers, text };
}

it('dashboard admits only the browser that has the address, under its own host name, until interrupted', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'offline-im-dashboard-'));
  let child: ChildProcess | undefined;
  try {
    const path = join(folder, 'spool.db');
    const sender = new OfflineImSender({
      identity: { sip: 'sip:alice@contoso.com' },
      client: { version: '16.0.6920.1000', mailboxLocation: 'on-premises' },
      spool: new SqliteSpool({ path }),
      transport: new FakeTransport(),
    });
    await sender.send({ to: 'sip:bob@contoso.com', text: 'x', messageId: 'ticket-1' });
    const started = spawn(process.execPath, [program, 'dashboard', '--spool', path, '--json'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child = started;
    let printed = '';
    for await (const chunk of started.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
      printed += chunk;
      if (/\}\s*$/.test(printed)) break;
    }
    const url = new URL((JSON.parse(printed) as { url: string }).url);
    const root = new URL('/', url);
    expect(url.hostname).toBe('127.0.0.1');
    expect((await ask(root)).status).toBe(403);
    expect((await ask(new URL(`/?token=${'x'.repeat(43)}`, url))).status).toBe(403);
    expect((await ask(url, { host: 'evil.test' })).status).toBe(403);
    const first = await ask(url);
    expect([first.status, first.headers.location]).toEqual([303, '/']);
    const [cookie = ''] = first.headers['set-cookie'] ?? [];
    expect(cookie).toMatch(/; HttpOnly; SameSite=Strict; Path=\/$/);
    expect((await ask(url)).status, 'a second time').toBe(403);
    const mine = { cookie: cookie.split(';')[0] ?? '' };
    const page = await ask(new URL('/messages', url), mine);
    expect([page.status, page.text.includes('ticket-1')]).toEqual([200, true]);
    expect((await ask(root, { ...mine, host: `evil.test:${url.port}` })).status).toBe(403);
    const token = /name="token" value="(\w+)"/.exec((await ask(root, mine)).text)?.[1] ?? '';
    const form = `token=${token}&why=moved`;
    expect((await ask(new URL('/pause', url), { ...mine, origin: 'http://evil.test' }, form)).status).toBe(403);
    expect((await ask(new URL('/pause', url), { ...mine, origin: root.origin }, form)).status).toBe(303);
    // Stored in the spool, for all its processes.
    expect((await sender.stats()).paused).toMatchObject([{ why: 'moved' }]);
    await sender.stop();
    started.kill('SIGTERM');
    const [code] = await once(started, 'close');
    expect(code).toBe(0);
  } finally {
    child?.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  }
});

it('dashboard reports its error', async () => {
  expect(await offlineImHere(['dashboard', '--spool', '/no/such/spool'])).toMatchObject({
    code: 1,
    err: expect.stringContaining('does not exist'),
  });
  expect(await offlineImHere(['dashboard', '--port', '70000', '--spool', 'x'])).toMatchObject({ code: 2 });
});
