import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { OfflineImSender } from '../../src/sender/sender.ts';
import { FileSpool } from '../../src/spool/file/file-spool.ts';
import { aliceSends } from '../support/sender-fixture.ts';

const calls: readonly (readonly [string, (sender: OfflineImSender) => Promise<unknown>])[] = [
  ['status', (sender) => sender.status('m')],
  ['list', (sender) => sender.list()[Symbol.asyncIterator]().next()],
  ['stats', (sender) => sender.stats()],
  ['cancel', (sender) => sender.cancel('m')],
  ['hold', (sender) => sender.hold('m')],
  ['release', (sender) => sender.release('m')],
  ['requeue', (sender) => sender.requeue('m')],
  ['purge', (sender) => sender.purge('m')],
  ['flush', (sender) => sender.flush()],
];

describe('a stopped sender', () => {
  it.each(calls)('opens no spool for %s()', async (_name, call) => {
    const { sender, spool } = aliceSends();
    let opened = 0;
    const open = spool.open.bind(spool);
    spool.open = (context) => {
      opened += 1;
      return open(context);
    };
    await sender.stop();
    await expect(call(sender)).rejects.toMatchObject({ code: 'SENDER_STOPPED' });
    expect(opened).toBe(0);
  });

  it('opens no spool while a send is still being prepared, nor after opening has failed', async () => {
    const answer = Promise.withResolvers<string>();
    const { sender, spool } = aliceSends({ resolveMailbox: () => answer.promise });
    spool.open = () => Promise.reject(new Error('locked'));
    await expect(sender.start()).rejects.toThrow('locked');
    const refused = expect(sender.send({ to: 'sip:bob@contoso.com', text: 'x' })).rejects.toThrow('locked');
    const stopping = sender.stop();
    await expect(sender.stats()).rejects.toMatchObject({ code: 'SENDER_STOPPED' });
    answer.resolve('b@contoso.com');
    await Promise.all([stopping, refused]);
    await expect(sender.stats()).rejects.toMatchObject({ code: 'SENDER_STOPPED' });
  });

  it('reports that its spool is closed if it was open', async () => {
    const { sender } = aliceSends();
    await sender.start();
    await sender.stop();
    await expect(sender.stats()).rejects.toMatchObject({ code: 'SPOOL_CLOSED' });
  });

  it('holds no lock: the next sender can open the files', async () => {
    const root = await mkdtemp(join(tmpdir(), 'offline-im-after-stop-'));
    onTestFinished(() => rm(root, { recursive: true, force: true }));
    const { sender } = aliceSends({ spool: new FileSpool({ root }) });
    await sender.stop();
    await expect(sender.stats()).rejects.toMatchObject({ code: 'SENDER_STOPPED' });
    const next = aliceSends({ spool: new FileSpool({ root }) });
    await next.sender.start();
    await next.sender.stop();
  });
});
