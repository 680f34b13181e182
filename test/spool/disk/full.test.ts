import { describe, expect, it } from 'vitest';
import type { OfflineImSender } from '../../../src/index.ts';
import { formOf, fullDisk } from '../../support/full-disk.ts';
import { mayMount } from '../../support/small-disk.ts';
import { done, messageIds, pause, said, scene, secret } from './scene.ts';

// Where files can be neither mounted nor limited, test/spooler/file/failures.test.ts still injects the errors.
const kinds = process.platform === 'linux' ? (['file', 'sqlite'] as const) : (['sqlite'] as const);

describe.each(kinds)('a sender on a %s spool whose disk is full', (kind) => {
  it(`accepts all or nothing, and says what to do (${formOf(kind)})`, async () => {
    await using disk = await fullDisk(kind);
    await using at = await scene(kind, disk.folder);
    const sender = at.sender();
    const accepted = await acceptSome(sender, at.message, 12);
    await disk.fill();
    const refused: string[] = [];
    // Whatever fits in the rest of a page or file may be accepted.
    for (let number = 0; refused.length < 5; number++) {
      const message = at.message(`full${number}`);
      const error = await sender.send(message).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      if (error === undefined) {
        accepted.push(message.messageId);
        continue;
      }
      refused.push(message.messageId);
      expect(error).toMatchObject({ code: 'SPOOL_FAILED', details: { messageId: message.messageId } });
      expect((error as Error).message).toMatch(
        /(disk is full|ENOSPC|EFBIG).*The message was not kept: fix the cause and send it again/,
      );
      expect(said(error)).not.toContain(secret);
    }
    expect(await messageIds(sender)).toEqual(accepted.sort());
    expect(await at.leftovers()).toEqual([]);

    await disk.free();
    const [again = ''] = refused;
    expect((await sender.send(at.message(again))).duplicate).toBe(false);
    await sender.stop();
    const next = at.sender();
    await next.start();
    await done(next);
    expect(await messageIds(next)).toEqual([...accepted, again].sort());
    expect(at.arrived()).toEqual([...accepted, again].sort());
  });

  it(`waits with changes it cannot write, and continues once there is room: each message arrives once (${formOf(kind)})`, async () => {
    await using disk = await fullDisk(kind);
    await using at = await scene(kind, disk.folder);
    const sender = at.sender(async (requests) => {
      if (requests === 3) await disk.fill();
    });
    const accepted = await acceptSome(sender, at.message, 60);
    await sender.start();
    await expect.poll(() => at.warnings.length).toBeGreaterThan(0);
    // Longer than a lease.
    await pause(3_900);
    // In files, a result alone may fit in the rest of a page, and frees the files of its message: so the others follow.
    if (kind === 'sqlite') {
      expect((await sender.stats()).states.delivered).toBeLessThan(60);
      await expect(sender.send(at.message('late'))).rejects.toMatchObject({ code: 'SPOOL_FAILED' });
    }
    await disk.free();
    await done(sender);
    expect(at.arrived()).toEqual(accepted);
    expect((await sender.stats()).states).toMatchObject({ delivered: 60, dead: 0 });
    expect(await at.leftovers()).toEqual([]);
  });

  it(`sends nothing twice if it is stopped before there is room again (${formOf(kind)})`, async () => {
    await using disk = await fullDisk(kind);
    await using at = await scene(kind, disk.folder);
    const sender = at.sender(async (requests) => {
      if (requests === 3) await disk.fill();
    });
    const accepted = await acceptSome(sender, at.message, 60);
    await sender.start();
    await pause(400);
    await sender.stop({ timeout: 50 });
    await disk.free();
    const next = at.sender();
    await next.start();
    await done(next);
    expect(at.arrived()).toEqual(accepted);
    expect((await next.stats()).states).toMatchObject({ delivered: 60, dead: 0 });
  });

  it.runIf(mayMount)('can be started on the full disk, shows waiting entries, and sends them once there is room', async () => {
    await using disk = await fullDisk(kind);
    await using at = await scene(kind, disk.folder);
    const before = at.sender();
    const accepted = await acceptSome(before, at.message, 12);
    await disk.fill();
    await before.stop();
    const sender = at.sender();
    await sender.start();
    expect(await messageIds(sender)).toEqual(accepted);
    await disk.free();
    await done(sender);
    expect(at.arrived()).toEqual(accepted);
  });
});

async function acceptSome(
  sender: OfflineImSender,
  message: (id: string) => Parameters<OfflineImSender['send']>[0],
  count: number,
): Promise<string[]> {
  const ids = Array.from({ length: count }, (_, index) => `m${String(index).padStart(2, '0')}`);
  await Promise.all(ids.map((id) => sender.send(message(id))));
  return ids;
}
