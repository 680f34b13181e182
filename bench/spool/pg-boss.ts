import type { PostgresAddress } from '../../test/support/postgres-server.ts';
import { text } from './entries.ts';

/** What of pg-boss is measured; it is installed in bench/ only, so its types are not here. */
interface Boss {
  on(event: 'error', listener: (error: Error) => void): void;
  start(): Promise<unknown>;
  stop(options: object): Promise<void>;
  createQueue(name: string): Promise<void>;
  send(name: string, data: object): Promise<unknown>;
  insert(name: string, jobs: readonly object[]): Promise<unknown>;
  fetch(name: string, options: object): Promise<readonly { readonly id: string }[]>;
  complete(name: string, ids: readonly string[]): Promise<unknown>;
}

const queue = 'messages';
const data = { to: 'user-1@contoso.com', name: 'Bob Example', from: 'alice@contoso.com', text };

export async function openBoss(address: PostgresAddress, waiting: number) {
  const module = 'pg-boss';
  const { PgBoss } = (await import(module)) as { PgBoss: new (options: object) => Boss };
  const boss = new PgBoss({ ...address, max: 10, supervise: false, schedule: false });
  boss.on('error', (error) => console.error(error));
  await boss.start();
  await boss.createQueue(queue);
  const fill = async (count: number): Promise<void> => {
    for (let left = count; left > 0; left -= 1_000) {
      await boss.insert(
        queue,
        Array.from({ length: Math.min(1_000, left) }, () => ({ data })),
      );
    }
  };
  await fill(waiting);
  return {
    send: () => boss.send(queue, data),
    /** Many jobs in one call, and one transaction. */
    insert: (count: number) => boss.insert(queue, Array<{ data: object }>(count).fill({ data })),
    fill,
    async drain(count: number, group: number): Promise<void> {
      for (let left = count; left > 0; ) {
        const jobs = await boss.fetch(queue, { batchSize: Math.min(group, left) });
        if (jobs.length === 0) throw new Error('Nothing waits.');
        await boss.complete(
          queue,
          jobs.map(({ id }) => id),
        );
        left -= jobs.length;
      }
    },
    close: () => boss.stop({ graceful: false, close: true }),
  };
}
