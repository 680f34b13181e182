import type { PgClient } from '../connection/pool.ts';
import type { Done } from '../connection/transact.ts';
import { tallyColumns, tallyOfGone } from '../tables/schema.ts';
import { type Sql, statement } from '../tables/statement.ts';

const tombstonesAtOnce = 1_000;

/** Tombstones of messages of which nothing else is left, and whose time is over. Two processes never take the same. */
const sweep = statement(
  'sweep',
  (t) => `WITH t AS MATERIALIZED (SELECT ${t.now}() - $1::bigint AS over), gone AS MATERIALIZED (
    SELECT e.id FROM ${t.entries} e, t WHERE e.tombstone_at <= t.over AND NOT EXISTS (
      SELECT 1 FROM ${t.entries} o WHERE o.message_id = e.message_id AND (o.tombstone_at IS NULL OR o.tombstone_at > t.over)
    ) LIMIT ${tombstonesAtOnce} FOR UPDATE OF e SKIP LOCKED
  ), d AS (
    DELETE FROM ${t.entries} e USING gone WHERE e.id = gone.id RETURNING e.state, e.purged, e.weight, e.tombstone_at
  ), a AS (
    DELETE FROM ${t.attempts} a USING gone WHERE a.entry_id = gone.id
  ), c AS (
    INSERT INTO ${t.tallies} (${tallyColumns.join(', ')})
    SELECT ${tallyOfGone} FROM d
    HAVING count(*) > 0
  )
  SELECT count(*)::text AS gone FROM gone`,
);

/** Adds the differences up to one row. */
const addUp = statement(
  'add_up',
  (t) => `WITH gone AS (
    DELETE FROM ${t.tallies} WHERE id IN (SELECT id FROM ${t.tallies} ORDER BY id LIMIT 20000 FOR UPDATE SKIP LOCKED) RETURNING *
  )
  INSERT INTO ${t.tallies} (${tallyColumns.join(', ')}) SELECT ${tallyColumns.map((name) => `sum(${name})`).join(', ')} FROM gone
  HAVING count(*) > 0`,
);

/** Takes away some tombstones whose time is over; true when there may be more. */
export async function sweepTombstones(client: PgClient, sql: Sql, keep: number): Promise<Done<boolean>> {
  const { gone } = await sql.row<{ gone: string }>(client, sweep, [Math.ceil(keep)]);
  return { result: Number(gone) === tombstonesAtOnce, commit: Number(gone) > 0 };
}

export async function addUpTallies(client: PgClient, sql: Sql): Promise<Done<void>> {
  await sql.rows(client, addUp, []);
  return { result: undefined, commit: true };
}
