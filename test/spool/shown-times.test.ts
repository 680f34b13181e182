/** A machine that slept, or whose clock was set: times shown to or given by hosts follow the wall clock, and every wait the time awake. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import type { OfflineImSender } from '../../src/sender/sender.ts';
import type { SpoolStorage } from '../../src/spool/contract.ts';
import { FileSpool } from '../../src/spool/file/file-spool.ts';
import { MemorySpool } from '../../src/spool/journaled/memory-spool.ts';
import { SqliteSpool } from '../../src/spool/sqlite/sqlite-spool.ts';
import { ManualClock } from '../../src/testing.ts';
import { FakeTransport } from '../support/fake-transport.ts';
import { aliceSends } from '../support/sender-fixture.ts';

const hour = 3_600_000;
const morning = Date.UTC(2026, 5, 1, 8);
const folder = (): Promise<string> => mkdtemp(join(tmpdir(), 'shown-times-'));
const spools: readonly (readonly [string, () => Promise<SpoolStorage>])[] = [
  ['memory', async () => new MemorySpool()],
  ['file', async () => new FileSpool({ root: await folder() })],
  ['sqlite', async () => new SqliteSpool({ path: join(await folder(), 's.db') })],
];

let running: OfflineImSender | undefined;

afterEach(async () => {
  await running?.stop({ timeout: 1 });
});

async function started(make: () => Promise<SpoolStorage>, transport = new FakeTransport()) {
  const alice = aliceSends({ clock: new ManualClock(new Date(morning)), spool: await make(), transport });
  running = alice.sender;
  await alice.sender.start();
  const entryOf = async (id: string) => (await alice.sender.status(id))?.entries[0];
  /** Real I/O gets its turns between the timers. */
  const pass = async (ms: number, until: () => Promise<boolean>): Promise<void> => {
    await alice.clock.advance(ms);
    await expect.poll(until).toBe(true);
  };
  return { ...alice, entryOf, pass };
}

describe.each(spools)('%s', (_, make) => {
  it.each([
    ['eight hours of sleep', 8 * hour],
    ['a clock set back by eight hours', -8 * hour],
  ])('%s: receipts, status and stats show the actual time', async (_what, jump) => {
    const { sender, clock, entryOf, pass } = await started(make);
    clock.setWall(morning + jump);
    const expiresAt = new Date(clock.now() + hour);
    const receipt = await sender.send({ to: 'bob@contoso.com', text: 'x', messageId: 'after', expiresAt });
    expect(receipt.entries[0]?.pickupAt).toEqual(new Date(morning + jump + 120_000));
    expect(await entryOf('after')).toMatchObject({ acceptedAt: new Date(morning + jump), expiresAt });
    expect((await sender.stats({ limit: 100 })).oldest).toBe(0);
    await clock.advance(119_000);
    expect((await entryOf('after'))?.state).toBe('spooled');
    await pass(1_000, async () => (await entryOf('after'))?.state === 'delivered');
    expect((await entryOf('after'))?.endedAt).toEqual(new Date(morning + jump + 120_000));
  });

  it('after eight hours of sleep, an entry tried before has expired if its time has come; an untried one is sent', async () => {
    const transport = new FakeTransport();
    const busy = new OfflineImError('EWS_ERROR', 'busy');
    transport.answer = (note) =>
      note.conversationId === 'tried'
        ? { status: 'deferred', scope: 'note', error: busy, retryAfter: 600_000 }
        : { status: 'delivered', messageClass: note.messageClass };
    const { sender, clock, entryOf, pass } = await started(make, transport);
    const expiresAt = new Date(morning + hour);
    const send = (id: string) => sender.send({ to: 'bob@contoso.com', text: id, messageId: id, conversationId: id, expiresAt });
    await send('tried');
    await pass(120_000, async () => (await entryOf('tried'))?.state === 'deferred');
    await send('untried');
    clock.setWall(clock.now() + 8 * hour);
    await pass(120_000, async () => (await entryOf('untried'))?.state === 'delivered');
    await pass(60_000, async () => (await entryOf('tried'))?.state === 'dead');
    expect((await entryOf('tried'))?.reason?.code).toBe('EXPIRED');
    expect((await entryOf('tried'))?.expiresAt).toEqual(expiresAt);
  });
});
