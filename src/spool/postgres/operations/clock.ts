import type { PgClient } from '../connection/pool.ts';
import type { Done } from '../connection/transact.ts';
import { type Sql, statement, type Tables } from '../tables/statement.ts';

/** ms by which the database's clock may go back without a repair. */
const tolerance = 1_000;

const look = statement(
  'clock_look',
  (t) => `UPDATE ${t.meta} m SET last_now = x.now FROM (SELECT last_now, ${t.now}() AS now FROM ${t.meta} FOR UPDATE) x
    RETURNING x.last_now::text AS last, x.now::text AS now`,
);

/** $1: now, $2: by how much the clock was set back. */
const steps: readonly ((t: Tables) => string)[] = [
  // A lease stores an end, not a duration: it moves by as much as the clock did.
  (t) => `UPDATE ${t.notes} SET lease_until = lease_until - $2::bigint, last_ran_at = least(last_ran_at, $1::bigint)
    WHERE lease_until > $1::bigint OR last_ran_at > $1::bigint`,
  (
    t,
  ) => `UPDATE ${t.notes} SET due_at = $1::bigint + due_within, probe_at = CASE WHEN probe_at IS NOT NULL THEN $1::bigint + due_within END
    WHERE due_at - due_within > $1::bigint AND $2::bigint > 0`,
  (
    t,
  ) => `UPDATE ${t.entries} SET due_at = CASE WHEN due_at - due_within > $1::bigint THEN $1::bigint + due_within ELSE due_at END,
    expires_at = least(expires_at, $1::bigint + expires_in), ended_at = least(ended_at, $1::bigint), tombstone_at = least(tombstone_at, $1::bigint)
    WHERE $2::bigint > 0 AND (due_at - due_within > $1::bigint OR expires_at > $1::bigint + expires_in OR ended_at > $1::bigint)`,
  (t) => `UPDATE ${t.streams} SET lease_until = lease_until - $2::bigint WHERE lease_until > $1::bigint`,
  (t) => `UPDATE ${t.streams} SET due_at = $1::bigint + due_within WHERE due_at - due_within > $1::bigint AND $2::bigint > 0`,
];
const repairs = steps.map((text, index) => statement(`clock_repair_${index}`, text));

/**
 * Detects that the database's clock was set back since the last look, and moves every time that lies further ahead than it can:
 * otherwise all that waits would wait longer by that much. A clock set forward needs no repair: an entry that was never tried never expires.
 */
export async function checkClock(client: PgClient, sql: Sql): Promise<Done<void>> {
  const { last, now } = await sql.row<{ last: string; now: string }>(client, look, []);
  const back = Number(last) - Number(now);
  if (back > tolerance) for (const repair of repairs) await sql.rows(client, repair, [now, back]);
  return { result: undefined, commit: true };
}
