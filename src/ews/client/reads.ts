import pRetry from 'p-retry';
import { sleep } from '../../core/clock.ts';
import { isA } from '../../core/errors/thrown.ts';
import { failedBy } from '../outcome/call-failure.ts';
import type { EwsSettings } from '../settings.ts';
import type { EwsClient } from './client.ts';
import type { EwsCall, Reply } from './reply.ts';

/** Carries a reply through p-retry, which repeats for errors only, and only for those that are `Error`s. */
class PassingFailure extends Error {
  readonly reply: Reply;

  constructor(reply: Reply) {
    super('a read that may pass when repeated');
    this.reply = reply;
  }
}

/**
 * A request that changes nothing (a search, a look at a folder): repeated twice, shortly, when something on the way broke.
 * All attempts together keep the deadline. A server that asks to be left alone is not asked again.
 */
export async function read(client: EwsClient, settings: EwsSettings, call: EwsCall): Promise<Reply> {
  const { clock, deadline } = settings;
  const end = clock.monotonic() + deadline;
  try {
    return await pRetry(
      async (attempt) => {
        if (attempt > 1 && !(await sleep(clock, pauseBefore(attempt), call.signal))) call.signal.throwIfAborted();
        const reply = await client.call({ ...call, deadline: Math.max(1, end - clock.monotonic()) });
        if (mayPass(reply) && clock.monotonic() < end) throw new PassingFailure(reply);
        return reply;
      },
      // The pauses are ours: p-retry knows no clock but the machine's.
      { retries: 2, minTimeout: 0, maxTimeout: 0, signal: call.signal },
    );
  } catch (error) {
    if (isA(error, PassingFailure)) return error.reply;
    return failedBy(error, { requestId: '', sent: 'unknown', ended: 'aborted', deadline });
  }
}

/** ms: 100 to 200, then twice that, so that senders whom one fault has struck don't come back together. */
function pauseBefore(attempt: number): number {
  return 100 * 2 ** (attempt - 2) * (1 + Math.random());
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
