import { text } from './entries.ts';

/** What of BullMQ is measured; it is installed in bench/ only, so its types are not here. */
interface BullMq {
  readonly Queue: new (
    name: string,
    options: object,
  ) => {
    waitUntilReady(): Promise<unknown>;
    add(name: string, data: object): Promise<unknown>;
    addBulk(jobs: readonly object[]): Promise<unknown>;
    close(): Promise<void>;
  };
  readonly Worker: new (
    name: string,
    work: () => Promise<void>,
    options: object,
  ) => {
    on(event: 'completed' | 'error', listener: (value: unknown) => void): void;
    waitUntilReady(): Promise<unknown>;
    run(): Promise<void>;
    close(): Promise<void>;
  };
}

const data = { to: 'user-1@contoso.com', name: 'Bob Example', from: 'alice@contoso.com', text };

export async function openBullMq(port: number, waiting: number) {
  const module = 'bullmq';
  const { Queue, Worker } = (await import(module)) as BullMq;
  const connection = { host: '127.0.0.1', port, maxRetriesPerRequest: null };
  const queue = new Queue('messages', { connection });
  await queue.waitUntilReady();
  const fill = async (count: number): Promise<void> => {
    for (let left = count; left > 0; left -= 1_000) {
      await queue.addBulk(Array.from({ length: Math.min(1_000, left) }, () => ({ name: 'message', data })));
    }
  };
  await fill(waiting);
  return {
    send: () => queue.add('message', data),
    fill,
    /** A worker that is ready to take so many at a time, and does nothing with them but to complete them. */
    async worker(atATime: number) {
      const worker = new Worker('messages', async () => {}, { connection, concurrency: atATime, autorun: false });
      worker.on('error', (error) => console.error(error));
      await worker.waitUntilReady();
      return {
        async drain(count: number): Promise<void> {
          const { promise, resolve } = Promise.withResolvers<void>();
          let left = count;
          worker.on('completed', () => {
            left -= 1;
            if (left === 0) resolve();
          });
          void worker.run();
          await promise;
        },
        close: () => worker.close(),
      };
    },
    close: () => queue.close(),
  };
}
