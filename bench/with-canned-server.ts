import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** Measures against an EWS server that costs nothing, in a process of its own. */
export async function withCannedServer<Result>(measure: (url: string) => Promise<Result>): Promise<Result> {
  const server = fork(join(import.meta.dirname, 'canned-server.ts'));
  try {
    const [{ port }] = (await once(server, 'message')) as [{ port: number }];
    return await measure(`http://127.0.0.1:${port}/EWS/Exchange.asmx`);
  } finally {
    server.disconnect();
  }
}
