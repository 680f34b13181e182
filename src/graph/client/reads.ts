import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { brokeOnTheWay, retriedRead, serverFailed } from '../../transport/retried-read.ts';
import type { GraphSettings } from '../settings.ts';
import type { GraphClient } from './client.ts';
import type { GraphCall, Reply } from './reply.ts';

/** A request that changes nothing, repeated where something on the way broke. All attempts together keep `requestTimeout`. */
export function read(client: GraphClient, settings: GraphSettings, call: GraphCall & { readonly method: 'GET' }): Promise<Reply> {
  return retriedRead<Reply>({
    ask: (timeout) => client.call({ ...call, timeout }),
    mayPass,
    aborted: () => ({
      kind: 'failed',
      sent: 'unknown',
      scope: 'note',
      error: new OfflineImError('REQUEST_ABORTED', 'The request was aborted.'),
    }),
    clock: settings.clock,
    signal: call.signal,
    timeout: settings.requestTimeout,
  });
}

function mayPass(reply: Reply): boolean {
  switch (reply.kind) {
    case 'ok':
      return reply.unreadable !== undefined;
    case 'error':
      return serverFailed(reply.meta);
    case 'failed':
      return brokeOnTheWay(reply.error);
    case 'no-token':
      return false;
  }
}
