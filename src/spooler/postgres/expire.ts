import type { Change, ExpireRequest } from '../../spool/contract.ts';
import type { PgClient } from '../../spool/postgres/connection/pool.ts';
import type { Done } from '../../spool/postgres/connection/transact.ts';
import { finishWork, startWork } from '../../spool/postgres/operations/work.ts';
import { type Sql, statement } from '../../spool/postgres/tables/statement.ts';
import { closedLanes, expireEntry } from '../../spool/state/expire.ts';

const atOnce = 500;

const candidates = statement(
  'expired',
  (t) => `WITH t AS MATERIALIZED (SELECT ${t.now}() AS now)
  SELECT e.id FROM ${t.entries} e, t WHERE e.active AND e.expires_at <= t.now AND e.state IN ('spooled', 'deferred')
    AND NOT EXISTS (SELECT 1 FROM ${t.streams} r WHERE r.key = e.stream AND e.ord <= r.running_to) AND (
    e.tried_by = $1 OR EXISTS (
      SELECT 1 FROM json_to_recordset($2::json) AS c(lane text, closed_for bigint)
      WHERE c.lane = e.lane AND e.due_at <= t.now AND c.closed_for >= t.now - e.due_at
    )
  ) ORDER BY e.expires_at LIMIT ${atOnce}`,
);

export interface Expired {
  readonly changes: readonly Change[];
  /** There may be more. */
  readonly full: boolean;
}

/** Ends some of what is past its expiry and was tried, or could not be. */
export async function expireSome(client: PgClient, sql: Sql, request: ExpireRequest): Promise<Done<Expired>> {
  const closed = request.closedLanes.map(({ lane, closedFor }) => ({ lane, closed_for: Math.floor(closedFor) }));
  const rows = await sql.rows<{ id: string }>(client, candidates, [request.owner, JSON.stringify(closed)]);
  if (rows.length === 0) return { result: { changes: [], full: false }, commit: false };
  const ids = rows.map(({ id }) => id);
  const work = await startWork(client, sql, { entries: ids });
  const { tx, now } = work;
  const from = tx.changes.length;
  for (const id of ids) {
    const record = tx.entry(id);
    const waiting = record?.status.state === 'spooled' || record?.status.state === 'deferred';
    if (record === undefined || !waiting || record.status.expiresAt > now) continue;
    expireEntry(tx, record, request, closedLanes(request), now);
  }
  const changes = tx.changes.slice(from);
  return finishWork(work, { changes, full: rows.length === atOnce && changes.length > 0 });
}
