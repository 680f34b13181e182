/** exchangelib (Python), unmodified, against the simulator. Debian's python3-exchangelib; skipped where it is not installed. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { startExchangeSimulator } from '../../../src/testing.ts';

const python = '/usr/bin/python3';
const installed = spawnSync(python, ['-c', 'import exchangelib'], { timeout: 120_000 }).status === 0;
const address = 'dave@contoso.test';

/** What each step must have brought. */
const expected: Readonly<Record<string, unknown>> = {
  'send and save': [true, 1],
  'full items': [['one', 'text é 😀', address]],
  unread: ['one', 'two'],
  'mark read': ['two'],
  'by date': [2, 0],
  'by text and or': ['one', 'two'],
  order: ['two', 'one'],
  categories: ['Red', 'Blue'],
  mime: true,
  reply: 1,
  forward: 1,
  'draft with attachments, sent': [
    ['a.txt', 'abc'],
    ['b.txt', 'def'],
  ],
  folders: ['Old projects', ['one', 'two']],
  'walk the tree': true,
  synchronise: [true, [['create', 'three']]],
  'pull notifications': ['CreatedEvent', 'NewMailEvent'],
  bulk: 20,
  'delete in three ways': [0, 1],
  'out of office': 'Disabled',
  'resolve names': [address],
};

describe.skipIf(!installed)('exchangelib, unmodified', () => {
  let steps: Readonly<Record<string, unknown>> = {};
  beforeAll(async () => {
    await using exchange = await startExchangeSimulator({ mailboxes: [address, 'carol@contoso.test'] });
    const script = fileURLToPath(new URL('./exchangelib_everyday.py', import.meta.url));
    const child = spawn(python, [script, exchange.url, address], { stdio: ['ignore', 'pipe', 'pipe'], timeout: 150_000 });
    let [out, err] = ['', ''];
    child.stdout.on('data', (data) => {
      out += data;
    });
    child.stderr.on('data', (data) => {
      err += data;
    });
    await once(child, 'close');
    if (!out.startsWith('{')) throw new Error(`the script failed: ${err.slice(-1000)}`);
    steps = JSON.parse(out);
  });

  it.each(Object.entries(expected))('%s', (step, result) => {
    expect(steps[step]).toEqual(result);
  });
});
