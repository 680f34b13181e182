import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { basicAuth, EwsTransport, OfflineImSender } from '../../src/index.ts';
import { startExchangeSimulator } from '../../src/testing/simulator/simulator.ts';
import { makeSpool } from '../crash/open-spool.ts';
import { programOf } from '../support/program.ts';
import { alice, bob, type ChildOptions, quick } from './stopped-options.ts';

const script = programOf(new URL('./stopped-child.ts', import.meta.url));
const texts = ['one', 'two', 'three'];
/** ms, longer than the lease. */
const stoppedFor = 1_300;

// There is no SIGSTOP on Windows.
describe.skipIf(process.platform === 'win32')('a process suspended beyond its lease, between claim and request', () => {
  it('sends nothing on the old claim after waking: the notes are probed first, and arrive once (FileSpool)', async () => {
    await using at = await scene('file');
    using child = start(at.options);
    await child.until('asked');
    await pause(stoppedFor);
    child.process.kill('SIGCONT');
    await child.until('done');
    await child.end();
    expect(at.arrived()).toEqual([...texts].sort());
    const [first] = at.operations();
    expect(first).toBe('FindItem');
  });

  it('sends and settles nothing after waking: another process has delivered (SqliteSpool)', async () => {
    await using at = await scene('sqlite');
    using child = start(at.options);
    await child.until('asked');
    const other = await at.sender();
    await other.start();
    await pause(stoppedFor);
    while ((await other.stats()).states.delivered < texts.length) await pause(20);
    const before = at.operations().length;
    child.process.kill('SIGCONT');
    await child.until('done');
    await child.end();
    expect(child.lines).not.toContain('sent');
    expect(at.operations().length).toBe(before);
    expect(at.arrived()).toEqual([...texts].sort());
    expect((await other.stats()).states).toMatchObject({ delivered: texts.length, deferred: 0, unconfirmed: 0 });
    await other.stop();
  });
});

async function scene(kind: 'file' | 'sqlite') {
  const folder = await mkdtemp(join(tmpdir(), 'offline-im-stopped-'));
  const exchange = await startExchangeSimulator({ mailboxes: [alice, bob] });
  const options: ChildOptions = { kind, path: join(folder, 'spool'), url: exchange.url };
  const sender = async () =>
    new OfflineImSender({
      identity: { sip: `sip:${alice}` },
      client: { version: '16.0.6920.1000', mailboxLocation: 'on-premises' },
      spool: await makeSpool({ kind, path: options.path }),
      transport: new EwsTransport({
        url: exchange.url,
        credentials: basicAuth({ username: alice, password: 'p' }),
        requestTimeout: 300,
      }),
      logger: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
      ...quick,
    });
  const first = await sender();
  for (const text of texts) await first.send({ to: `sip:${bob}`, text, conversationId: text });
  await first.stop();
  return {
    options,
    sender,
    arrived: () =>
      exchange
        .mailbox(bob)
        .folder('inbox')
        .items.map(({ body }) => texts.find((text) => body.content.includes(text)))
        .sort(),
    operations: () =>
      exchange.journal.map(({ operation }) => operation).filter((one) => one === 'CreateItem' || one === 'FindItem'),
    async [Symbol.asyncDispose]() {
      await exchange.close();
      await rm(folder, { recursive: true });
    },
  };
}

function start(options: ChildOptions) {
  const child = spawn(process.execPath, [script, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  return {
    process: child,
    lines,
    async until(line: string): Promise<void> {
      for (const end = performance.now() + 100_000; !lines.includes(line); await pause(5)) {
        if (performance.now() < end) continue;
        child.kill('SIGKILL');
        throw new Error(`The child never said ${line}; it said: ${lines.join(', ')}`);
      }
    },
    end: () => ended,
    /** A suspended one would outlive a failed test, and keep the run from ending. */
    [Symbol.dispose]: () => void child.kill('SIGKILL'),
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
