import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { envelope, findItem, post } from '../testing/support/raw-ews.ts';
import { offlineIm, program } from './offline-im.ts';

it('simulator serves what it was seeded with, until it is interrupted', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'offline-im-simulator-'));
  let child: ChildProcess | undefined;
  try {
    const data = join(folder, 'seed.json');
    await writeFile(
      data,
      JSON.stringify({ 'dora@contoso.test': { inbox: [{ subject: 'from a file' }, { file: 'hello.eml' }] } }),
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

it.each([
  [['--port', '70000'], 2, '--port is "70000"'],
  [['--data', '/no/such/file.json'], 2, "can't be read as JSON"],
  [['--mailbox', 'alice'], 1, 'is not an SMTP address'],
  [['--clock', 'sundial'], 2, '--clock is "sundial"; expected system, manual'],
])('simulator %j says what is wrong', async (args, code, text) => {
  expect(await offlineIm(['simulator', ...args])).toMatchObject({ code, err: expect.stringContaining(text) });
});
