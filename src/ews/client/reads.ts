import { sleep, systemClock } from '../../core/clock.ts';
import { failedBy } from '../outcome/call-failure.ts';
import type { EwsSettings } from '../settings.ts';
import type { EwsClient } from './client.ts';
import type { EwsCall, Reply } from './reply.ts';

/** ms before each repetition, at least; up to twice as long. */
const pauses = [100, 200] as const;

/**
 * A request that changes nothing (a search, a look at a folder): repeated twice, shortly, when something on the way broke.
 * All attempts together keep the deadline. A server that asks to be left alone is not asked again.
 */
export async function read(client: EwsClient, settings: EwsSettings, call: EwsCall): Promise<Reply> {
  const { clock, deadline } = settings;
  const end = clock.monotonic() + deadline;
  const attempt = (): Promise<Reply> => client.call({ ...call, deadline: Math.max(1, end - clock.monotonic()) });
  const aborted = (): Reply => failedBy(call.signal.reason, { requestId: '', sent: 'unknown', ended: 'aborted', deadline });
  if (call.signal.aborted) return aborted();
  let reply = await attempt();
  for (const pause of pauses) {
    if (!mayPass(reply) || clock.monotonic() >= end) return reply;
    // By the machine's time: it spares a server that just broke, and a clock under test need not know of it.
    if (!(await sleep(systemClock, pause * (1 + Math.random()), call.signal))) return aborted();
    reply = await attempt();
  }
  return reply;
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
