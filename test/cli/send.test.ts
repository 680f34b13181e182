import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, mkdtempDisposable, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { SqliteSpool } from '../../src/spool/sqlite/sqlite-spool.ts';
import { startExchangeSimulator } from '../../src/testing/simulator/simulator.ts';
import { offlineImHere } from './in-process.ts';
import { offlineIm, program } from './offline-im.ts';
import { fill } from './running-sender.ts';

it('send leaves a message in the spool, and drain delivers it until SIGTERM', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'offline-im-send-'));
  await using exchange = await startExchangeSimulator({
    mailboxes: [{ address: 'alice@contoso.test', password: 'pw-4711' }, 'bob@contoso.test'],
  });
  const path = join(folder, 'spool.db');
  const spool = new SqliteSpool({ path });
  await spool.open({ clock: systemClock, tombstones: 1_000 });
  await spool.close();
  const config = join(folder, 'config.mjs');
  await writeFile(
    config,
    `export default ${JSON.stringify({
      spool: path,
      identity: { sip: 'sip:alice@contoso.test' },
      client: { version: '16.0.6920.1000', mailboxLocation: 'on-premises' },
      ews: { url: exchange.url, username: 'alice@contoso.test', password: { env: 'PASSWORD' } },
    })};`,
  );
  const env = { PASSWORD: 'pw-4711' };
  const sent = await offlineIm(['send', '--config', config, '--to', 'bob@contoso.test', '--message-id', 'm1', '--json'], {
    env,
    input: 'Hello\n',
  });
  expect(sent).toMatchObject({ code: 0, err: '' });
  const again = await offlineIm(['send', '--config', config, '--to', 'bob@contoso.test', '--message-id', 'm1', 'Hello'], { env });
  expect(again).toMatchObject({ code: 0, out: expect.stringContaining('is already spooled') });
  const once1 = await offlineIm(['drain', '--config', config, '--once', '--json'], { env });
  expect(once1.code).toBe(0);
  expect(once1.out).toContain('"event":"message:delivered"');
  expect(exchange.mailbox('bob@contoso.test').folder('inbox').size).toBe(1);
  const worker = spawn(process.execPath, [program, 'drain', '--config', config], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  await once(worker.stderr, 'data');
  worker.kill('SIGTERM');
  const [code] = await once(worker, 'exit');
  expect(code).toBe(0);
  expect((await offlineIm(['send', '--config', config, 'no one'], { env })).code).toBe(2);
  await rm(folder, { recursive: true, force: true });
});

it('drain prints nothing that bypasses the masking of secrets', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'offline-im-send-'));
  const spool = join(folder.path, 'spool.db');
  await fill('sqlite', spool, false);
  await offlineImHere(['requeue', 'dead', '--spool', spool]);
  const config = join(folder.path, 'config.json');
  await writeFile(
    config,
    JSON.stringify({
      identity: { sip: 'sip:alice@contoso.com' },
      client: { version: '16.0.6920.1000', mailboxLocation: 'on-premises' },
      ews: { url: 'https://127.0.0.1:9/hunter2', username: 'alice', password: { env: 'PASSWORD' } },
    }),
  );
  const { code, out, err } = await offlineIm(['drain', '--once', '--config', config, '--spool', spool], {
    env: { PASSWORD: 'hunter2' },
  });
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toContain('transport:unavailable\thttps://127.0.0.1:9/***\tENDPOINT_UNREACHABLE: ');
  expect(out).not.toContain('hunter2');
});
