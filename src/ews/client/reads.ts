import { brokeOnTheWay, retriedRead, serverFailed } from '../../transport/retried-read.ts';
import { failedBy } from '../outcome/call-failure.ts';
import type { EwsSettings } from '../settings.ts';
import type { EwsClient } from './client.ts';
import type { EwsCall, Reply } from './reply.ts';

/** A request that changes nothing, repeated where something on the way broke. All attempts together keep the deadline. */
export function read(client: EwsClient, settings: EwsSettings, call: EwsCall): Promise<Reply> {
  const { clock, requestTimeout } = settings;
  return retriedRead<Reply>({
    ask: (timeout) => client.call({ ...call, reads: true, deadline: timeout }),
    mayPass,
    aborted: () => failedBy(undefined, { requestId: '', sent: 'unknown', ended: 'aborted', deadline: requestTimeout }),
    clock,
    signal: call.signal,
    timeout: requestTimeout,
  });
}

function mayPass(reply: Reply): boolean {
  switch (reply.kind) {
    case 'failed':
      return brokeOnTheWay(reply.error);
    case 'http':
      return serverFailed(reply.meta);
    case 'fault':
    case 'body':
      return false;
  }
}
