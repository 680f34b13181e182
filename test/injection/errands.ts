/** What operators and hosts do beside a sender, through a handle, a dashboard or a backup. Any failure must have a code. */
import { createServer } from 'node:http';
import { join } from 'node:path';
import type { OfflineImSender } from '../../src/index.ts';
import type { SpoolStorage } from '../../src/spool/contract.ts';
import type { Plan } from './run.ts';

export async function errands(plan: Plan, sender: OfflineImSender, spool: SpoolStorage, complaints: string[]): Promise<void> {
  const { openSpool } = await import('../../src/admin.ts');
  const { dashboard, nodeHandler } = await import('../../src/dashboard.ts');
  /** Retried once, since a fault affects one call. */
  const attempt = async (what: string, act: () => Promise<unknown>): Promise<void> => {
    for (let turn = 0; turn < 2; turn++) {
      try {
        await act();
        return;
      } catch (error) {
        const { name, code } = error as { name?: unknown; code?: unknown };
        if (name === 'OfflineImError' && typeof code === 'string') continue;
        complaints.push(`${what} rejected without a code: ${error instanceof Error ? error.stack : String(error)}`);
      }
    }
  };
  await attempt('stats()', () => sender.stats());
  await attempt('list()', async () => {
    for await (const _ of sender.list()) break;
  });
  await attempt('hold()', () => sender.hold('four'));
  const place = { file: join(plan.folder, 'spool'), sqlite: join(plan.folder, 'spool.db'), postgres: plan.postgres };
  const where = place[plan.storage as keyof typeof place];
  if (where !== undefined) {
    await attempt('openSpool()', async () => {
      const handle = await openSpool(where, { schema: `run_${plan.run}` });
      await attempt('handle.stats()', () => handle.stats());
      await attempt('handle.list()', () => handle.list());
      await attempt('handle.explain()', () => handle.explain('one'));
      await attempt('handle.pause()', () => handle.pause());
      await attempt('handle.resume()', () => handle.resume());
      await attempt('handle.check()', () => handle.check());
      await attempt('handle.close()', () => handle.close());
    });
  }
  if ('backup' in spool && typeof spool.backup === 'function') {
    const backup = spool.backup.bind(spool) as (to: string) => Promise<unknown>;
    await attempt('backup()', () => backup(join(plan.folder, 'copy')));
  }
  const handler = dashboard({ spool, authorize: () => ({ user: 'carol', mayChange: true, mayReadText: true }) });
  const server = createServer(nodeHandler(handler));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  for (const path of ['/', '/messages', '/message/one', '/live']) {
    await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(150) })
      .then((response) => response.body?.getReader().read())
      .catch(() => undefined);
  }
  handler.close();
  // Existing connections are closed first: one of an abandoned fetch may arrive in between, request nothing, and stay.
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}
