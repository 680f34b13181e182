import { sleep } from '../../core/clock.ts';
import type { GraphSettings } from '../settings.ts';
import type { GraphClient } from './client.ts';
import type { GraphCall, Reply } from './reply.ts';

/** Waits before the second and the third try, in ms. */
const pauses = [200, 1_000];

/**
 * A request that changes nothing: repeated twice, shortly, when something on the way broke. A service that asks to be left
 * alone is not asked again.
 */
export async function retriedRead(client: GraphClient, { clock }: GraphSettings, call: GraphCall): Promise<Reply> {
  for (let tries = 0; ; tries++) {
    const reply = await client.call(call);
    const pause = pauses[tries];
    if (pause === undefined || call.signal.aborted || !mayPass(reply)) return reply;
    if (!(await sleep(clock, pause, call.signal))) return reply;
  }
}

function mayPass(reply: Reply): boolean {
  switch (reply.kind) {
    case 'ok':
      return reply.unreadable !== undefined;
    case 'error':
      return reply.meta.status >= 500 && reply.meta.retryAfter === undefined;
    case 'failed':
      return ['CONNECTION_LOST', 'ENDPOINT_UNREACHABLE'].includes(reply.error.code);
    case 'no-token':
      return false;
  }
}
