import type { Change, ExpireRequest } from '../../contract.ts';
import { closedLanes, expireEntry } from '../../state/expire.ts';
import { mayExpireAt } from '../../state/records.ts';
import type { PgClient } from '../connection/pool.ts';
import type { Done } from '../connection/transact.ts';
import { memberIds } from '../tables/loaded.ts';
import { counterColumns, countersOfGone } from '../tables/schema.ts';
import { isKey, type Sql, statement } from '../tables/statement.ts';
import { finishWork, startWork } from './work.ts';

const atOnce = 500;

const candidates = statement(
  'expired',
  (t) => `WITH t AS MATERIALIZED (SELECT ${t.now}() AS now)
  SELECT e.id FROM ${t.entriesNow} e, t WHERE e.active AND e.expires_at <= t.now AND e.state IN ('spooled', 'deferred') AND (
    e.tried_by = $1 OR (e.due_at <= t.now AND $3::bigint >= t.now - e.due_at) OR EXISTS (
      SELECT 1 FROM json_to_recordset($2::json) AS c(lane text, closed_for bigint)
      WHERE c.lane = e.lane AND e.due_at <= t.now AND c.closed_for >= t.now - e.due_at
    )
  ) ORDER BY e.expires_at LIMIT ${atOnce}`,
);

/** Unconfirmed entries that an expiry changes: alone in their note and not marked yet, or to be given up. */
const unconfirmed = statement(
  'expired_unconfirmed',
  (t) => `WITH t AS MATERIALIZED (SELECT ${t.now}() AS now, ${t.now}() - $1::bigint AS over)
  SELECT e.id FROM ${t.notes} n CROSS JOIN LATERAL json_array_elements_text(${memberIds('n.entry_ids')}) AS m(id)
    CROSS JOIN LATERAL (SELECT id, state, expires_at, due_at FROM ${t.entries} WHERE id = m.id LIMIT 1) e, t WHERE n.probe_at IS NOT NULL AND e.state = 'unconfirmed' AND (
    (e.expires_at > 0 AND e.expires_at <= t.now AND (json_array_length(${memberIds('n.entry_ids')}) = 1 OR (e.expires_at <= t.over AND n.last_ran_at <= t.over AND n.lane <> ALL($2::text[]))))
    OR (e.expires_at = 0 AND e.due_at <= t.over AND n.lane <> ALL($2::text[]))
  ) LIMIT ${atOnce}`,
);

/** ms, longer than the time since 1970. */
const never = Number.MAX_SAFE_INTEGER;

export interface Expired {
  readonly changes: readonly Change[];
  /** Whether there may be more. */
  readonly full: boolean;
}

/** Ends some entries that are past their expiry and were tried, or could not be. */
export async function expireSome(client: PgClient, sql: Sql, request: ExpireRequest): Promise<Done<Expired>> {
  const closed = request.closedLanes.map(({ lane, closedFor }) => ({ lane, closed_for: Math.floor(closedFor) }));
  const waiting = await sql.rows<{ id: string }>(client, candidates, [
    request.owner,
    JSON.stringify(closed),
    request.allClosedFor === undefined ? null : Math.floor(request.allClosedFor),
  ]);
  const rows = [
    ...waiting,
    ...(await sql.rows<{ id: string }>(client, unconfirmed, [Math.ceil(request.giveUpAfter ?? never), request.keptLanes ?? []])),
  ];
  if (rows.length === 0) return { result: { changes: [], full: false }, commit: false };
  const ids = rows.map(({ id }) => id);
  const work = await startWork(client, sql, { entries: ids });
  const { tx, now } = work;
  const from = tx.changes.length;
  for (const id of ids) {
    const record = tx.entry(id);
    const due = record && mayExpireAt(record.status);
    if (record === undefined || due === undefined || due > now) continue;
    expireEntry(tx, record, request, closedLanes(request), now);
  }
  const changes = tx.changes.slice(from);
  return finishWork(work, { changes, full: rows.length >= atOnce && changes.length > 0 });
}

const tombstonesAtOnce = 1_000;

/** Expired tombstones of messages of which nothing else is left. Two processes never take the same. */
const sweep = statement(
  'sweep',
  (t) => `WITH t AS MATERIALIZED (SELECT ${t.now}() - $1::bigint AS over), gone AS MATERIALIZED (
    SELECT e.id FROM ${t.entries} e, t WHERE e.tombstone_at <= t.over AND NOT EXISTS (
      SELECT 1 FROM ${t.entries} o WHERE o.message_id = e.message_id AND (o.tombstone_at IS NULL OR o.tombstone_at > t.over)
    ) LIMIT ${tombstonesAtOnce} FOR UPDATE OF e SKIP LOCKED
  ), d AS (
    DELETE FROM ${t.entries} e USING gone WHERE ${isKey('e.id', 'gone.id')} RETURNING e.state, e.purged, e.weight, e.tombstone_at
  ), a AS (
    DELETE FROM ${t.attempts} a USING gone WHERE ${isKey('a.entry_id', 'gone.id')}
  ), c AS (
    INSERT INTO ${t.tallies} (${counterColumns.join(', ')})
    SELECT ${countersOfGone} FROM d
    HAVING count(*) > 0
  )
  SELECT count(*)::text AS gone FROM gone`,
);

/** Sums the differences into one row. */
const addUp = statement(
  'add_up',
  (t) => `WITH gone AS (
    DELETE FROM ${t.tallies} WHERE id IN (SELECT id FROM ${t.tallies} ORDER BY id LIMIT 20000 FOR UPDATE SKIP LOCKED) RETURNING *
  )
  INSERT INTO ${t.tallies} (${counterColumns.join(', ')}) SELECT ${counterColumns.map((name) => `sum(${name})`).join(', ')} FROM gone
  HAVING count(*) > 0`,
);

/** Deletes some expired tombstones; true when there may be more. */
export async function sweepTombstones(client: PgClient, sql: Sql, keep: number): Promise<Done<boolean>> {
  const { gone } = await sql.row<{ gone: string }>(client, sweep, [Math.ceil(keep)]);
  return { result: Number(gone) === tombstonesAtOnce, commit: Number(gone) > 0 };
}

export async function addUpCounters(client: PgClient, sql: Sql): Promise<Done<void>> {
  await sql.rows(client, addUp, []);
  return { result: undefined, commit: true };
}
