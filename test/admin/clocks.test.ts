import { afterEach, expect, it, vi } from 'vitest';
import { SpoolHandle } from '../../src/admin/spool-handle.ts';
import { OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import { adminOf } from '../../src/sender/entries.ts';
import type { SpoolAdmin } from '../../src/spool/admin/contract.ts';
import { MemorySpool } from '../../src/spool/journaled/memory-spool.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';
import { aliceSends } from '../support/sender-fixture.ts';

afterEach(() => void vi.useRealTimers());

const hour = 3_600_000;
const refused = new OfflineImError('AUTHENTICATION_FAILED', 'The server refused the login.');

it.each([
  ['behind', -hour],
  ['ahead', hour],
])('retry-now takes effect once when the clock of the database is %s of the sender', async (_, skew) => {
  const scene = aliceSends();
  const admin = scene.spool.admin as SpoolAdmin;
  const audit = admin.audit.bind(admin);
  Object.assign(admin, {
    now: async () => scene.clock.now() + skew,
    audit: async (record?: Parameters<SpoolAdmin['audit']>[0]) =>
      (await audit(record)).map((one) => ({ ...one, at: one.at + skew })),
  });
  scene.transport.answer = () => ({ status: 'blocked', scope: 'mailbox', sent: 'no', error: refused });
  await scene.sender.start();
  await scene.sender.send({ to: 'sip:bob@contoso.com', text: 'x' });
  await scene.clock.advance(180_000);
  const before = scene.transport.delivered.length;
  await admin.audit({ by: 'root', command: 'retry-now' });
  await scene.clock.advance(200_000);
  expect(scene.transport.delivered.length).toBe(before + 1);
  await scene.sender.stop();
});

it('reports of a process are dated by the clock of the storage, not its own', async () => {
  const clock = new ManualClock(Date.UTC(2026, 10, 28, 3));
  const spool = new MemorySpool();
  await spool.open({ clock, tombstones: 86_400_000 });
  const now = clock.now();
  for (const [owner, ahead] of [
    ['fast', 2 * hour],
    ['slow', -2 * hour],
  ] as const) {
    const [since, nextTrialAt] = [now - 60_000 + ahead, now + 900_000 + ahead];
    const reason = { code: 'AUTHENTICATION_FAILED', text: 'No.' } as const;
    const obstacle = { kind: 'mailbox-blocked', name: owner, lanes: [owner], since, reason, nextTrialAt } as const;
    await adminOf(spool).report({ owner, pollInterval: 30_000, obstacles: [obstacle], now: now + ahead });
  }
  const { reports } = await adminOf(spool).lanes();
  expect(reports.flatMap(({ obstacles }) => obstacles)).toMatchObject([
    { name: 'fast', since: now - 60_000, nextTrialAt: now + 900_000 },
    { name: 'slow', since: now - 60_000, nextTrialAt: now + 900_000 },
  ]);
  expect(await new SpoolHandle(spool, 'carol').now()).toEqual(new Date(now));
  await spool.close();
});

it("audit records are in the order of the storage, whatever the clocks of the operators' machines show", async () => {
  const clock = new ManualClock(Date.UTC(2026, 10, 28, 3));
  const spool = new MemorySpool();
  await spool.open({ clock, tombstones: 86_400_000 });
  vi.useFakeTimers({ toFake: ['Date'] });
  for (const [by, year] of [
    ['carol', 2031],
    ['dave', 2019],
    ['erin', 2026],
  ] as const) {
    vi.setSystemTime(Date.UTC(year, 1, 1));
    await new SpoolHandle(spool, by).retryNow();
    await clock.advance(1_000);
  }
  expect((await adminOf(spool).audit()).map(({ by }) => by)).toEqual(['erin', 'dave', 'carol']);
  await spool.close();
});
