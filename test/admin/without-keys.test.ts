import { expect, it } from 'vitest';
import { SpoolHandle } from '../../src/admin/spool-handle.ts';
import type { SpoolStorage } from '../../src/spool/contract.ts';
import { MemorySpool } from '../../src/spool/journaled/memory-spool.ts';
import { sealed } from '../../src/spool/sealed/sealed-spool.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';
import { aliceSends } from '../support/sender-fixture.ts';

it('a sealed spool opened without its keys says so wherever an entry could not be found', async () => {
  const clock = new ManualClock(Date.now());
  const inner = new MemorySpool();
  const seal = { keys: [{ id: 'k', key: new Uint8Array(32).fill(1) }], routingKey: new Uint8Array(32).fill(2) };
  const { sender } = aliceSends({ spool: sealed(inner, seal) as SpoolStorage, clock });
  await sender.send({ to: 'sip:bob@contoso.com', text: 'x', messageId: 'm' });
  await sender.stop();
  await inner.open({ clock, tombstones: 86_400_000 });
  const spool = new SpoolHandle(inner, 'carol');
  const mailbox = 'alice@contoso.com';
  const asked = [
    () => spool.explain('m'),
    () => spool.act('cancel', 'm'),
    () => spool.list({ mailbox }),
    () => spool.list({ recipient: 'bob@contoso.com' }),
    () => spool.cancel({ mailbox }),
    () => spool.pause(mailbox),
    () => spool.resume(mailbox),
    () => spool.retryNow(mailbox),
  ];
  for (const ask of asked) await expect(ask()).rejects.toMatchObject({ code: 'SPOOL_KEY_MISSING' });
  // Commands that name no entry still work.
  const { entries } = await spool.list({ state: 'spooled' });
  expect(await spool.explain(entries[0]?.id ?? '')).toMatchObject([{ waitingFor: 'pickup' }]);
  await spool.pause();
  expect((await spool.stats()).paused).toMatchObject([{ by: 'carol' }]);
  await spool.close();
});
