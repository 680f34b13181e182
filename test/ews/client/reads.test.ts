import { expect, it } from 'vitest';
import { OfflineImError } from '../../../src/core/errors/offline-im-error.ts';
import type { EwsClient } from '../../../src/ews/client/client.ts';
import { read } from '../../../src/ews/client/reads.ts';
import type { EwsCall, Reply } from '../../../src/ews/client/reply.ts';
import type { EwsSettings } from '../../../src/ews/settings.ts';
import { hastyClock } from '../../support/hasty-clock.ts';

const lost: Reply = {
  kind: 'failed',
  scope: 'endpoint',
  sent: 'unknown',
  error: new OfflineImError('CONNECTION_LOST', 'It broke.'),
};
const status = (code: number, retryAfter?: number): Reply => ({
  kind: 'http',
  meta: { requestId: '', status: code, ...(retryAfter === undefined ? {} : { retryAfter }) },
});

/** A client whose responses come in order, the last one forever. */
function reading(replies: readonly Reply[], { onCall = (_calls: EwsCall[]) => {} } = {}) {
  const calls: EwsCall[] = [];
  const call = async (made: EwsCall): Promise<Reply> => {
    calls.push(made);
    onCall(calls);
    return replies[Math.min(calls.length, replies.length) - 1] ?? lost;
  };
  const settings = { clock: hastyClock, requestTimeout: 60_000 } as EwsSettings;
  return {
    calls,
    read: (signal = new AbortController().signal) =>
      read({ call } as unknown as EwsClient, settings, { operation: 'FindItem', body: '', mailbox: '', notes: [], signal }),
  };
}

it('a read is repeated twice after a broken connection, then the last result counts', async () => {
  const { calls, read } = reading([lost, status(503), status(500), status(200)]);
  expect(await read()).toMatchObject({ kind: 'http', meta: { status: 500 } });
  expect(calls).toHaveLength(3);
});

it.each([
  ['an answer', { kind: 'fault' } as Reply],
  ['a refusal', status(401)],
  ['a server with a back-off', status(503, 1_000)],
])('a read is not repeated after %s', async (_name, reply) => {
  const { calls, read } = reading([reply]);
  expect(await read()).toBe(reply);
  expect(calls).toHaveLength(1);
});

it('an aborted read neither waits nor asks again', async () => {
  const stop = new AbortController();
  const { calls, read } = reading([lost], { onCall: () => stop.abort() });
  expect(await read(stop.signal)).toMatchObject({ kind: 'failed', error: { code: 'REQUEST_ABORTED' } });
  expect(await read(stop.signal)).toMatchObject({ kind: 'failed', error: { code: 'REQUEST_ABORTED' } });
  expect(calls).toHaveLength(1);
});
