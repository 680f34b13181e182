import type { ClaimToken } from '../storage.ts';
import type { PgClient } from './pool.ts';
import { noteIdOf } from './settle.ts';
import type { Sql } from './statement.ts';
import { statement } from './statement.ts';
import type { Done } from './transact.ts';
import { finishWork, startWork } from './work.ts';

const renewLeases = statement(
  'renew',
  (t) => `WITH t AS MATERIALIZED (SELECT ${t.now}() AS now), mine AS MATERIALIZED (
    SELECT n.id FROM ${t.notes} n, t
    WHERE n.id = ANY($1::text[]) AND n.token = ANY($2::text[]) AND n.lease_until > t.now ORDER BY n.id FOR UPDATE OF n
  )
  UPDATE ${t.notes} n SET lease_until = t.now + $3::bigint FROM mine, t WHERE n.id = mine.id RETURNING n.token`,
);

/** Extends leases that have not run out. Resolves with the tokens that no longer match. */
export async function renew(
  client: PgClient,
  sql: Sql,
  tokens: readonly ClaimToken[],
  lease: number,
): Promise<Done<readonly ClaimToken[]>> {
  const rows = await sql.rows<{ token: string }>(client, renewLeases, [tokens.map(noteIdOf), tokens, Math.ceil(lease)]);
  const renewed = new Set(rows.map(({ token }) => token));
  return { result: tokens.filter((token) => !renewed.has(token)), commit: renewed.size > 0 };
}

const lapsedAtOnce = 200;

/** Streams that another transaction holds are left to it, or to the next time: nobody waits here. */
const takeLapsed = statement(
  'take_lapsed',
  (t) => `WITH l AS MATERIALIZED (
    SELECT id, stream FROM ${t.notes} WHERE lease_until <= ${t.now}() ORDER BY lease_until LIMIT ${lapsedAtOnce}
  ), s AS MATERIALIZED (
    SELECT key FROM ${t.streams} WHERE key = ANY(ARRAY(SELECT stream FROM l)) ORDER BY key FOR UPDATE SKIP LOCKED
  )
  SELECT l.id, s.key FROM l JOIN s ON s.key = l.stream`,
);

/** Leases that ran out become unconfirmed. Resolves with true when there may be more. */
export async function lapseAll(client: PgClient, sql: Sql): Promise<Done<boolean>> {
  const taken = await sql.rows<{ id: string; key: string }>(client, takeLapsed, []);
  if (taken.length === 0) return { result: false, commit: false };
  const streams = [...new Set(taken.map(({ key }) => key))];
  const work = await startWork(client, sql, { notes: taken.map(({ id }) => id) }, streams);
  return finishWork(work, taken.length === lapsedAtOnce);
}
