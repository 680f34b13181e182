import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { OutgoingMessage } from '../../src/message/message.ts';
import type { SpoolStorage } from '../../src/spool/contract.ts';
import { FileSpool } from '../../src/spool/file/file-spool.ts';
import { aliceSends } from '../support/sender-fixture.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function heap(): number {
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

/** A storage that keeps nothing: only the way there is measured. */
function keepsNothing(spool: SpoolStorage): SpoolStorage {
  return Object.assign(Object.create(spool) as SpoolStorage, {
    open: async () => {},
    close: async () => {},
    append: async (entries: Parameters<SpoolStorage['append']>[0]) => {
      await new Promise((resolve) => setImmediate(resolve));
      return entries.map(({ messageId }) => ({ messageId, status: 'appended', entries: [] }));
    },
  });
}

function messages(count: number): OutgoingMessage[] {
  // Few texts and addresses, so that the list itself is small.
  return Array.from({ length: count }, (_, index) => ({ to: `user${index % 100}@contoso.com`, text: 'Are you there?' }));
}

describe('a storm of messages', () => {
  it('100,000 by sendMany() cost little more than their results while they run, and leave nothing behind', async () => {
    const { sender, seen } = aliceSends({ spool: keepsNothing(aliceSends().spool) });
    const list = messages(100_000);
    const before = heap();
    let most = 0;
    // Retained memory, not garbage not yet collected, which depends on the load of the machine.
    const sampling = setInterval(() => {
      collect();
      most = Math.max(most, process.memoryUsage().heapUsed);
    }, 100);
    onTestFinished(() => clearInterval(sampling));
    // In a function of its own, whose frame holds the results no longer than needed.
    await (async () => {
      expect((await sender.sendMany(list)).length).toBe(100_000);
    })();
    expect((most - before) / 2 ** 20, 'MiB more at most').toBeLessThan(250);
    seen.length = 0;
    expect((heap() - before) / 2 ** 20, 'MiB that are left').toBeLessThan(10);
    await sender.stop();
  });

  it('10,000 unawaited sends at once leave nothing behind', async () => {
    const { sender, seen } = aliceSends({ spool: keepsNothing(aliceSends().spool) });
    const before = heap();
    await (async () => {
      expect((await Promise.all(messages(10_000).map((message) => sender.send(message)))).length).toBe(10_000);
    })();
    seen.length = 0;
    expect((heap() - before) / 2 ** 20, 'MiB that are left').toBeLessThan(10);
    await sender.stop();
  });

  it('files keep a small record per message in memory, and no text', async () => {
    const root = await mkdtemp(join(tmpdir(), 'offline-im-storm-'));
    onTestFinished(() => rm(root, { recursive: true, force: true }));
    const { sender, seen } = aliceSends({ spool: new FileSpool({ root }) });
    (await sender.stats()).states;
    const count = 2_000;
    const text = 'x'.repeat(20_000);
    const before = heap();
    await (async () => {
      await sender.sendMany(messages(count).map((message) => ({ ...message, text: `${text}${Math.random()}` })));
    })();
    seen.length = 0;
    expect((heap() - before) / count, 'bytes a message').toBeLessThan(6_000);
    await sender.stop();
  });
});
