import type { ClaimToken } from '../../contract.ts';
import { noteIdOf } from '../../state/records.ts';
import { isLockTimeout } from '../connection/pg-error.ts';
import type { PgClient } from '../connection/pool.ts';
import type { Session } from '../connection/session.ts';
import { type Done, TransactionError } from '../connection/transact.ts';
import { amongKeys, isKey, type Sql, type Statement, statement } from '../tables/statement.ts';
import { finishWork, startWork } from './work.ts';

const renewLeases = statement(
  'renew',
  (t) => `WITH t AS MATERIALIZED (SELECT ${t.now}() AS now), mine AS MATERIALIZED (
    SELECT n.id FROM ${t.notes} n, t
    WHERE n.id = ANY($1::text[]) AND n.token = ANY($2::text[]) AND n.lease_until > t.now ORDER BY n.id FOR UPDATE OF n
  )
  UPDATE ${t.notes} n SET lease_until = t.now + $3::bigint FROM mine, t WHERE ${isKey('n.id', 'mine.id')} RETURNING n.token`,
);

/** Of inline notes; an append may lock their streams, and a host's transaction for long. */
function renewRunning(name: string, waiting: '' | 'SKIP LOCKED') {
  return statement(
    name,
    (t) => `WITH t AS MATERIALIZED (SELECT ${t.now}() AS now), mine AS MATERIALIZED (
      SELECT s.key FROM ${t.streams} s, t WHERE ${amongKeys('s.key', `key FROM ${t.streams} WHERE note_id = ANY($1::text[])`)}
        AND s.token = ANY($2::text[]) AND s.lease_until + 0 > t.now ORDER BY s.key FOR UPDATE OF s ${waiting}
    )
    UPDATE ${t.streams} s SET lease_until = t.now + $3::bigint FROM mine, t WHERE ${isKey('s.key', 'mine.key')} RETURNING s.token`,
  );
}

const renewRunningNow = renewRunning('renew_running_now', 'SKIP LOCKED');
const renewRunningLater = renewRunning('renew_running_later', '');
/** ms that a renewal waits for a stream that another transaction holds. */
const renewalTimeout = 1_000;

/**
 * Extends leases that have not expired. Resolves with the tokens that no longer match, and those whose stream another transaction has locked: these may
 * still be settled, and the next renewal tries them again.
 */
export async function renewAll(session: Session, tokens: readonly ClaimToken[], lease: number): Promise<readonly ClaimToken[]> {
  const { sql } = session;
  const left = new Set(tokens);
  const renew = async (statements: readonly Statement[], limits = {}): Promise<void> => {
    const some = [...left];
    const renewed = await session.transact(async (client) => {
      const rows: { readonly token: ClaimToken }[] = [];
      for (const one of statements)
        rows.push(...(await sql.rows<{ token: ClaimToken }>(client, one, [some.map(noteIdOf), some, Math.ceil(lease)])));
      return { result: rows, commit: rows.length > 0 };
    }, limits);
    for (const { token } of renewed) left.delete(token);
  };
  await renew([renewRunningNow, renewLeases]);
  if (left.size === 0) return [];
  try {
    await renew([renewRunningLater], { lockTimeout: renewalTimeout });
  } catch (error) {
    if (!(error instanceof TransactionError && isLockTimeout(error.cause))) throw error;
  }
  return [...left];
}

const lapsedAtOnce = 200;

/** Skips streams that another transaction has locked: this never waits. */
const takeLapsed = statement(
  'take_lapsed',
  (t) => `WITH l AS MATERIALIZED (
    SELECT id, stream FROM ${t.notesNow} WHERE lease_until <= (SELECT ${t.now}()) ORDER BY lease_until LIMIT ${lapsedAtOnce}
  ), s AS MATERIALIZED (
    SELECT key FROM ${t.streams} WHERE key = ANY(ARRAY(SELECT stream FROM l)) ORDER BY key FOR UPDATE SKIP LOCKED
  )
  SELECT l.id, s.key FROM l JOIN s ON s.key = l.stream`,
);

/** Makes notes whose lease has expired unconfirmed. Resolves with true when there may be more. */
export async function expireLeases(client: PgClient, sql: Sql): Promise<Done<boolean>> {
  const taken = await sql.rows<{ id: string; key: string }>(client, takeLapsed, []);
  if (taken.length === 0) return { result: false, commit: false };
  const streams = [...new Set(taken.map(({ key }) => key))];
  const work = await startWork(client, sql, { notes: taken.map(({ id }) => id) }, streams);
  return finishWork(work, taken.length >= lapsedAtOnce);
}
