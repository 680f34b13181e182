import { OfflineImError } from '../../../core/errors/offline-im-error.ts';
import { property } from '../../../core/errors/thrown.ts';
import type { AppendResult } from '../../contract.ts';
import { Limit } from '../connection/connections.ts';
import { isConnectionError, isTransient, sqlStateOf } from '../connection/pg-error.ts';
import type { PgClient } from '../connection/pool.ts';
import type { Session } from '../connection/session.ts';
import { appendMessages, failedAppend, type NewMessage, unstorable, unstorableAppend } from './append.ts';

type Results = readonly AppendResult[];

/**
 * Appends in the host's transaction: nothing is kept before its COMMIT. An append without an answer is abandoned, but the client stays the host's: statements already
 * sent may still run, and be committed. So its outcome is unknown, and no more statements follow.
 */
export async function appendIn(session: Session, host: PgClient, messages: readonly NewMessage[]): Promise<Results> {
  const limit = new Limit(session);
  try {
    return await append(session, limit.guard(host), messages);
  } finally {
    limit.end();
  }
}

async function append({ sql, pooling }: Session, client: PgClient, messages: readonly NewMessage[]): Promise<Results> {
  const storable = messages.filter((one) => !unstorable(one));
  await begin(client);
  // It may reach the server by another way than the pool does.
  if (pooling.keepsServer) pooling.answered(client, await serverOf(client));
  for (let tried = 1; ; tried++) {
    try {
      // Notifies this spool as well: it does not know when the host commits.
      const { results } = await appendMessages(client, sql, storable, '');
      await client.query({ text: 'RELEASE SAVEPOINT offline_im_append' });
      return inOrder(messages, results);
    } catch (error) {
      const left = await client.query({ text: 'ROLLBACK TO SAVEPOINT offline_im_append' }).then(() => undefined, asLeft);
      // A pooler was just detected; or another transaction has just committed the same message, which is visible now.
      if (left === undefined && pooling.isToldBy(error)) continue;
      if (left === undefined && tried < 3 && isTransient(error)) continue;
      return messages.map((one) => failedAppend(one, left ?? 'no', error));
    }
  }
}

async function begin(client: PgClient): Promise<void> {
  try {
    await client.query({ text: 'SAVEPOINT offline_im_append' });
  } catch (error) {
    if (sqlStateOf(error) !== '25P01') throw error;
    throw new OfflineImError('OPTION_INVALID', 'client is not in a transaction; call BEGIN on it before send().');
  }
}

async function serverOf(client: PgClient): Promise<unknown> {
  const { rows } = await client.query({ text: 'SELECT pg_backend_pid()::text AS pid' });
  return property(rows[0], 'pid');
}

/** What could not be rolled back may be committed by the host, unless its connection, and with it the transaction, is gone. */
function asLeft(error: unknown): 'no' | 'unknown' {
  return isConnectionError(error) ? 'no' : 'unknown';
}

/** Merges the results of storable messages with errors for the others, in the order of the messages. */
function inOrder(messages: readonly NewMessage[], results: Results): Results {
  const left = results.values();
  return messages.map((one) => (unstorable(one) ? unstorableAppend(one) : (left.next().value as AppendResult)));
}
