import type { DatabaseSync } from 'node:sqlite';
import { rollBack } from './schema.ts';

/**
 * After opening, by a process that is alone with the file: the wall clock may have been set while nobody looked. No due time
 * is further off than its maximum, and the grace period of what may have been sent starts anew. Leases stay: nobody can
 * tell how long ago their process died.
 */
export function recover(database: DatabaseSync, now: number): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    const row = database.prepare('SELECT last_now FROM spool').get();
    if (row === undefined) throw new Error('The table spool has lost its row.');
    database.exec('UPDATE spool SET clock_offset = 0');
    if (Number(row.last_now) > now) clampTimes(database, now, Number(row.last_now));
    database.prepare("UPDATE notes SET last_ran_at = ? WHERE state = 'unconfirmed'").run(now);
    database.prepare('UPDATE notes SET lease_until = ? WHERE lease_until < ?').run(now, now);
    database.exec('COMMIT');
  } catch (error) {
    rollBack(database);
    throw error;
  }
}

/**
 * The clock is behind that of the last change: due times start anew where they are further off than they can be, leases keep
 * what was left of them, and what has ended ended now. Reads everything: for the rare case only.
 */
export function clampTimes(database: DatabaseSync, now: number, before: number): void {
  const run = (sql: string, parameters: Record<string, number>) => database.prepare(sql).run(parameters);
  run(
    `UPDATE entries SET
       due_at = min(due_at, :now + due_within), expires_at = min(expires_at, :now + expires_in),
       expiry = min(expiry, :now + expires_in), ended_at = min(ended_at, :now), tombstone_at = min(tombstone_at, :now)
     WHERE due_at > :now + due_within OR expires_at > :now + expires_in OR ended_at > :now OR tombstone_at > :now`,
    { now },
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
