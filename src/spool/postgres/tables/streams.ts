import { hash } from 'node:crypto';
import { type EntryFixed, streamKey } from '../../state/records.ts';
import type { PgClient } from '../connection/pool.ts';
import { notInline } from './inline-note.ts';
import { isKey, type Sql, statement, type Tables } from './statement.ts';

/** The key of a stream as stored: short, since it is in three indexes, and in each of a million rows. */
export function storedStreamKey(fixed: Pick<EntryFixed, 'lane' | 'audience' | 'conversationId'>): string {
  return hash('sha256', streamKey(fixed), 'base64url').slice(0, 22);
}

/** Expired entries that are only probed: they keep their stream, whose lock a probe takes, and hold back no other entry in it. */
export const onlyLookedFor = "(state = 'unconfirmed' AND expires_at = 0)";

/**
 * The heads of the streams of `k`, and when they may be claimed; `but` excludes entries that are just leaving. (The limits and orders that change nothing keep
 * a plan from reading all notes, or all entries that are only probed, of every stream.)
 */
export function headOf(t: Tables, but = 'true'): string {
  return `SELECT k.key, e.state, CASE e.state WHEN 'spooled' THEN e.due_at WHEN 'deferred' THEN n.due_at END AS due_at,
      CASE e.state WHEN 'spooled' THEN e.due_within WHEN 'deferred' THEN n.due_within ELSE 0 END AS due_within
    FROM k LEFT JOIN LATERAL (
      SELECT * FROM (
        (SELECT state, due_at, due_within, note_id FROM ${t.entries} WHERE stream = k.key AND active AND NOT ${onlyLookedFor} AND ${but} ORDER BY ord LIMIT 1)
        UNION ALL
        (SELECT state, due_at, due_within, note_id FROM ${t.entries} WHERE stream = k.key AND active AND ${onlyLookedFor} ORDER BY ord LIMIT 1)
      ) first LIMIT 1
    ) e ON true LEFT JOIN LATERAL (
      SELECT due_at, due_within FROM ${t.notes} WHERE id = e.note_id AND e.state = 'deferred' LIMIT 1
    ) n ON true`;
}

/**
 * Updates streams from their heads in `h`: deletes one without active entries; one whose head is in progress waits for it. A stream with an inline note stays
 * as it is, unless that note has `ended`.
 */
export function streamsAfter(t: Tables, ended = false): string {
  const changed = `s.note_id IS NULL AND (s.due_at IS DISTINCT FROM h.due_at OR s.deferred <> (h.state = 'deferred') OR s.due_within <> coalesce(h.due_within, 0))`;
  return `sd AS (
    DELETE FROM ${t.streams} s USING h WHERE h.state IS NULL AND ${isKey('s.key', 'h.key')}
  ), su AS (
    UPDATE ${t.streams} s SET ${ended ? `${notInline}, ` : ''}deferred = (h.state = 'deferred'), due_at = h.due_at, due_within = coalesce(h.due_within, 0)
    FROM h WHERE h.state IS NOT NULL AND ${isKey('s.key', 'h.key')} AND ${ended ? 'true' : changed}
  )`;
}

const refresh = statement(
  'refresh',
  (t) =>
    `WITH k AS MATERIALIZED (SELECT unnest($1::text[]) AS key), h AS MATERIALIZED (${headOf(t)}), ${streamsAfter(t)} SELECT 1`,
);

/** Recomputes when the heads of streams may be claimed, from the rows as written so far. */
export async function refreshStreams(client: PgClient, sql: Sql, streams: readonly string[]): Promise<void> {
  await sql.rows(client, refresh, [streams]);
}
