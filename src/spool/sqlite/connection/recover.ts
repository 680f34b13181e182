import type { DatabaseSync } from 'node:sqlite';
import { rollBack } from './schema.ts';

/**
 * Runs on opening, in a process that is alone with the file: the wall clock may have been set while the spool was closed.
 * Limits each due time to its maximum, and restarts the grace period of what may have been sent. Keeps leases: it is unknown
 * how long ago their process died.
 */
export function recover(database: DatabaseSync, now: number): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    const row = database.prepare('SELECT last_now, clock_offset FROM spool').get();
    if (row === undefined) throw new Error('The table spool has lost its row.');
    const skew = -Number(row.clock_offset);
    if (skew !== 0) toWallTime(database, skew);
    const before = Number(row.last_now) + skew;
    if (before > now) clampTimes(database, { now, wall: now, before });
    database.prepare("UPDATE notes SET last_ran_at = ? WHERE state = 'unconfirmed'").run(now);
    database.prepare('UPDATE notes SET lease_until = ? WHERE lease_until < ?').run(now, now);
    database.exec('COMMIT');
  } catch (error) {
    rollBack(database);
    throw error;
  }
}

/** Limits each expiry to the message's own time from now: otherwise a clock set back from a year ahead would keep it for that year. */
export function clampExpiries(database: DatabaseSync, wall: number): void {
  database
    .prepare(
      `UPDATE entries SET expires_at = :wall + expires_in, expiry = min(expiry, :wall + expires_in)
       WHERE expires_at > :wall + expires_in`,
    )
    .run({ wall });
}

/**
 * Returns the spool's time to the wall clock's, from which it differs after the clock was set, or the machine slept. The rest of each
 * wait stays the same.
 */
function toWallTime(database: DatabaseSync, skew: number): void {
  const run = (sql: string) => database.prepare(sql).run({ skew });
  // Entries that have expired for good keep that time, by the wall clock.
  run('UPDATE entries SET due_at = due_at + :skew WHERE expires_at <> 0');
  run('UPDATE notes SET due_at = due_at + :skew, last_ran_at = last_ran_at + :skew, lease_until = lease_until + :skew');
  run('UPDATE streams SET due_at = due_at + :skew');
  run(`UPDATE lanes SET deliver_served = deliver_served + :skew, probe_served = probe_served + :skew,
    deliver_turn = deliver_turn + :skew, probe_turn = probe_turn + :skew`);
  run('UPDATE spool SET clock_offset = 0, last_now = last_now + :skew');
}

/**
 * For a clock behind that of the last change: restarts due times that are further ahead than they can be, keeps the rest of each
 * lease, and limits end times to now. Reads everything: for the rare case only.
 */
export function clampTimes(
  database: DatabaseSync,
  { now, wall, before }: { readonly now: number; readonly wall: number; readonly before: number },
): void {
  const run = (sql: string, parameters: Record<string, number>) => database.prepare(sql).run(parameters);
  run(
    `UPDATE entries SET
       due_at = min(due_at, iif(expires_at = 0, :wall, :now) + due_within), expires_at = min(expires_at, :wall + expires_in),
       expiry = min(expiry, :wall + expires_in), ended_at = min(ended_at, :wall), tombstone_at = min(tombstone_at, :wall)
     WHERE due_at > iif(expires_at = 0, :wall, :now) + due_within OR expires_at > :wall + expires_in OR ended_at > :wall
       OR tombstone_at > :wall`,
    { now, wall },
  );
  run('UPDATE notes SET due_at = :now + due_within WHERE due_at > :now + due_within', { now });
  run('UPDATE notes SET last_ran_at = :now WHERE last_ran_at > :now', { now });
  run('UPDATE notes SET lease_until = max(:now, lease_until - :back) WHERE lease_until IS NOT NULL', { now, back: before - now });
  run('UPDATE streams SET due_at = :now + due_within WHERE due_at > :now + due_within', { now });
  run(
    `UPDATE lanes SET
       deliver_served = min(deliver_served, :now), probe_served = min(probe_served, :now),
       deliver_turn = (SELECT max(due_at, min(lanes.deliver_served, :now)) FROM streams
         WHERE streams.lane = lanes.lane AND due_at IS NOT NULL ORDER BY due_at LIMIT 1),
       probe_turn = (SELECT max(due_at, min(lanes.probe_served, :now)) FROM notes
         WHERE notes.lane = lanes.lane AND state = 'unconfirmed' AND lease_until IS NULL ORDER BY due_at LIMIT 1)`,
    { now },
  );
}
