import { text } from './entries.ts';

/** What of graphile-worker is measured; it is installed in bench/ only, so its types are not here. */
interface WorkerUtils {
  migrate(): Promise<void>;
  addJob(name: string, payload: object): Promise<unknown>;
  release(): Promise<void>;
}

const payload = { to: 'user-1@contoso.com', name: 'Bob Example', from: 'alice@contoso.com', text };

export async function openWorker(connectionString: string) {
  const module = 'graphile-worker';
  const { makeWorkerUtils } = (await import(module)) as { makeWorkerUtils: (options: object) => Promise<WorkerUtils> };
  const utils = await makeWorkerUtils({ connectionString, maxPoolSize: 10 });
  await utils.migrate();
  return { add: () => utils.addJob('message', payload), close: () => utils.release() };
}
