import { type Clock, sleep } from '../../core/clock.ts';
import type { GraphClient } from './client.ts';
import type { GraphCall, Reply } from './reply.ts';

/** ms before a read is repeated. */
const pauses = [100, 300];

/**
 * A request that changes nothing: repeated twice, shortly, when something on the way broke. A look for one note takes five of
 * them and more, and without this a line that loses one in ten would hardly ever let a whole one through. A service that asks
 * to be left alone is not asked again.
 */
export async function read(client: GraphClient, clock: Clock, call: GraphCall & { readonly method: 'GET' }): Promise<Reply> {
  let reply = await client.call(call);
  for (const pause of pauses) {
    if (!mayPass(reply) || call.signal.aborted) return reply;
    if (!(await sleep(clock, pause, call.signal))) return reply;
    reply = await client.call(call);
  }
  return reply;
}

function mayPass(reply: Reply): boolean {
  switch (reply.kind) {
    case 'ok':
      return reply.unreadable !== undefined;
    case 'error':
      return reply.meta.status >= 500 && reply.meta.retryAfter === undefined;
    case 'failed':
      return ['ENDPOINT_UNREACHABLE', 'CONNECTION_LOST', 'RESPONSE_UNREADABLE'].includes(reply.error.code);
    case 'no-token':
      return false;
  }
}
