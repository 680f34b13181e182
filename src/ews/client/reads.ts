import { sleep } from '../../core/clock.ts';
import { failedBy } from '../outcome/call-failure.ts';
import type { EwsSettings } from '../settings.ts';
import type { EwsClient } from './client.ts';
import type { EwsCall, Reply } from './reply.ts';

/** ms before a read is repeated, once and once more. Up to twice that: many mailboxes that failed together don't come back together. */
const pauses = [100, 200];

/**
 * A request that changes nothing (a search, a look at a folder): repeated twice, shortly, when something on the way broke.
 * All attempts together keep the deadline. A server that asks to be left alone is not asked again.
 */
export async function read(client: EwsClient, settings: EwsSettings, call: EwsCall): Promise<Reply> {
  const { clock, deadline } = settings;
  const end = clock.monotonic() + deadline;
  try {
    for (const pause of pauses) {
      const reply = await client.call({ ...call, deadline: Math.max(1, end - clock.monotonic()) });
      const wait = pause * (1 + Math.random());
      if (!mayPass(reply) || clock.monotonic() + wait >= end) return reply;
      if (!(await sleep(clock, wait, call.signal))) return reply;
    }
    return await client.call({ ...call, deadline: Math.max(1, end - clock.monotonic()) });
  } catch (error) {
    return failedBy(error, { requestId: '', sent: 'unknown', ended: 'aborted', deadline });
  }
}

function mayPass(reply: Reply): boolean {
  switch (reply.kind) {
    case 'failed':
      return ['ENDPOINT_UNREACHABLE', 'CONNECTION_LOST', 'RESPONSE_UNREADABLE'].includes(reply.error.code);
    case 'http':
      return reply.meta.status >= 500 && reply.meta.retryAfter === undefined;
    case 'fault':
    case 'body':
      return false;
  }
}
