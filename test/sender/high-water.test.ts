import { describe, expect, it } from 'vitest';
import { MemorySpool } from '../../src/spool/journaled/memory-spool.ts';
import { aliceSends } from '../support/sender-fixture.ts';

const bob = 'sip:bob@contoso.com';
const message = (index: number, text = 'x') => ({ to: bob, text, messageId: `m${index}` });
const full = expect.objectContaining({ code: 'SPOOL_FULL' });

describe('highWater', () => {
  it('rejects with SPOOL_FULL above the limit of entries, keeps nothing of the message, and accepts again once there is room', async () => {
    const { sender, clock, eventsOf } = aliceSends({ highWater: { entries: 3 } });
    for (const index of [1, 2, 3]) await sender.send(message(index));
    const error = await sender.send(message(4)).catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: 'SPOOL_FULL', details: { messageId: 'm4', entries: 3, limit: 3 } });
    expect(await sender.status('m4')).toBeUndefined();
    expect(eventsOf('message:spooled')).toHaveLength(3);
    await sender.flush();
    await expect(sender.send(message(4)), 'within the second').rejects.toEqual(full);
    await clock.advance(1_000);
    expect((await sender.send(message(4))).duplicate).toBe(false);
    await sender.stop();
  });

  it('still returns the receipt or the conflict for a repeated message', async () => {
    const { sender } = aliceSends({ highWater: { entries: 1 } });
    const first = await sender.send(message(1));
    expect(await sender.send(message(1))).toEqual({ ...first, duplicate: true });
    await expect(sender.send(message(1, 'other'))).rejects.toMatchObject({ code: 'MESSAGE_ID_CONFLICT' });
    await expect(sender.send(message(2))).rejects.toEqual(full);
    await sender.stop();
  });

  it('is never exceeded by concurrent sends, not even while the spool is being counted', async () => {
    const { sender, clock } = aliceSends({ highWater: { entries: 100 } });
    const sends = Array.from({ length: 300 }, async (_, index) => {
      if (index % 50 === 0) await clock.advance(1_000);
      return sender.send(message(index));
    });
    const results = await Promise.allSettled(sends);
    const accepted = results.filter(({ status }) => status === 'fulfilled').length;
    expect((await sender.stats()).states.spooled).toBe(accepted);
    expect(accepted).toBe(100);
    await sender.stop();
  });

  it('includes entries of an earlier run, and counts messages to both audiences twice', async () => {
    const first = aliceSends();
    await first.sender.send({ to: [bob, 'carol@fabrikam.com'], text: 'x' });
    await first.sender.stop();
    const { sender } = aliceSends({ spool: first.spool, highWater: { entries: 3 } });
    await expect(sender.send({ to: [bob, 'carol@fabrikam.com'], text: 'y' })).rejects.toEqual(full);
    await sender.send(message(1));
    await expect(sender.send(message(2))).rejects.toEqual(full);
    await sender.stop();
  });

  it('counts dead entries until they are purged', async () => {
    const { sender, transport, clock } = aliceSends({ highWater: { entries: 1 } });
    const error = new (await import('../../src/core/errors/offline-im-error.ts')).OfflineImError('EWS_ERROR', 'no');
    transport.answer = () => ({ status: 'rejected', scope: 'note', splittable: false, draft: 'none', error });
    await sender.send(message(1));
    await sender.flush();
    await clock.advance(1_000);
    await expect(sender.send(message(2))).rejects.toEqual(full);
    await sender.purge('m1');
    await clock.advance(1_000);
    await sender.send(message(2));
    await sender.stop();
  });

  it('can limit bytes', async () => {
    const { sender } = aliceSends({ highWater: { bytes: 10_000 } });
    await sender.send(message(1, 'x'.repeat(5_000)));
    await expect(sender.send(message(2, 'x'.repeat(5_000)))).rejects.toMatchObject({
      code: 'SPOOL_FULL',
      details: { limit: 10_000 },
    });
    await sender.send(message(3, 'short'));
    await sender.stop();
  });

  it('does not count a failed append', async () => {
    const spool = new MemorySpool();
    const append = spool.append.bind(spool);
    const { sender } = aliceSends({ spool, highWater: { entries: 1 } });
    spool.append = async ([entry]) => [
      { messageId: entry?.messageId ?? '', status: 'failed', kept: 'no', error: new Error('disk full') },
    ];
    await expect(sender.send(message(1))).rejects.toMatchObject({ code: 'SPOOL_FAILED' });
    spool.append = append;
    await sender.send(message(1));
    await sender.stop();
  });

  it.each([{ entries: 0 }, { bytes: -1 }, { entries: Number.NaN }, 'many'])('%j is OPTION_INVALID', (highWater) => {
    expect(() => aliceSends({ highWater: highWater as { entries: number } })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    );
  });

  it('in bytes needs a spool that reports its size', () => {
    const spool = Object.assign(new MemorySpool(), { usage: undefined }) as unknown as MemorySpool;
    expect(() => aliceSends({ spool, highWater: { bytes: 1 } })).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  });
});
