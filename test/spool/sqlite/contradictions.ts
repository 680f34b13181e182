import type { DatabaseSync } from 'node:sqlite';

/** Rows that contradict others: a stream that is not due when its head is, a lane without its turn, a text without an entry. */
export function contradictions(database: DatabaseSync): unknown[] {
  const heads = `SELECT stream, id, state, due_at, note_id FROM
    (SELECT *, row_number() OVER (PARTITION BY stream ORDER BY ord) AS place FROM entries WHERE stream IS NOT NULL) WHERE place = 1`;
  const due = `CASE h.state WHEN 'spooled' THEN h.due_at WHEN 'deferred' THEN n.due_at END`;
  const turn = (kind: string) =>
    `CASE WHEN ${kind}_due IS NOT NULL THEN max(${kind}_due, coalesce(${kind}_served, ${kind}_due)) END IS NOT ${kind}_turn`;
  return [
    `SELECT s.*, h.*, n.due_at AS note_due FROM streams s FULL JOIN (${heads}) h ON h.stream = s.id LEFT JOIN notes n ON n.id = h.note_id
     WHERE s.id IS NULL OR h.stream IS NULL OR s.due_at IS NOT ${due} OR s.deferred <> (h.state = 'deferred')`,
    `SELECT * FROM
       (SELECT lane, (SELECT min(due_at) FROM streams WHERE lane = l.lane) AS deliver_due,
          (SELECT min(due_at) FROM notes WHERE lane = l.lane AND state = 'unconfirmed' AND lease_until IS NULL) AS probe_due
        FROM (SELECT DISTINCT lane FROM entries) l) FULL JOIN lanes USING (lane)
     WHERE ${turn('deliver')} OR ${turn('probe')}`,
    'SELECT * FROM entries FULL JOIN bodies USING (seq) WHERE id IS NULL OR (tombstone_at IS NULL) <> (body IS NOT NULL)',
    `SELECT n.id, m.value FROM notes n, json_each(n.entry_ids) m LEFT JOIN entries e ON e.id = m.value WHERE e.note_id IS NOT n.id`,
    'SELECT * FROM corrupt',
  ].flatMap((sql) => database.prepare(sql).all());
}
