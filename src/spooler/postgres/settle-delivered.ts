import type { Change, ClaimToken, Settlement, SpoolState } from '../storage.ts';
import type { PgClient } from './pool.ts';
import { headOf, streamsAfter } from './refresh.ts';
import type { Sql } from './statement.ts';
import { statement } from './statement.ts';
import { storableText } from './write.ts';

/**
 * What `settle` of the state table does with a claim that is delivered, in one statement: nearly every note ends this way, and nothing
 * of it has to be read for that. Their streams are locked. Entries of a note are all in the state of the note.
 */
const deliver = statement(
  'deliver',
  (t) => `WITH t AS MATERIALIZED (SELECT ${t.now}() AS now, nextval('${t.ticks}') AS rev), n AS MATERIALIZED (
    SELECT n.id, n.stream, n.state, n.entry_ids, n.token, x.class
    FROM json_to_recordset($1::json) AS x(id text, token text, class text) JOIN ${t.notes} n ON n.id = x.id, t
    WHERE n.token = x.token AND n.lease_until > t.now ORDER BY n.id FOR UPDATE OF n
  ), m AS MATERIALIZED (
    SELECT n.token, n.state, n.class, v.id, v.pos FROM n, json_array_elements_text(n.entry_ids::json) WITH ORDINALITY AS v(id, pos)
  ), e AS (
    UPDATE ${t.entries} e SET state = 'delivered', rev = t.rev, reason = NULL, ended_at = t.now,
      sent_class = coalesce(m.class, e.sent_class), active = false, tombstone_at = t.now, body = NULL
    FROM m, t WHERE e.id = m.id RETURNING m.token, m.state, m.pos, e.id, e.message_id, e.note_id, e.weight
  ), d AS (
    DELETE FROM ${t.notes} USING n WHERE notes.id = n.id
  ), k AS MATERIALIZED (
    SELECT stream AS key, array_agg(id) AS gone FROM n GROUP BY stream
  ), h AS MATERIALIZED (
    ${headOf(t, `coalesce(note_id, '') <> ALL(k.gone)`)}
  ), ${streamsAfter(t)}, c AS (
    INSERT INTO ${t.tallies} (delivering_count, unconfirmed_count, delivered_count, bytes, spooled_count, deferred_count, held_count,
      dead_count, cancelled_count)
    SELECT -count(*) FILTER (WHERE state = 'delivering'), -count(*) FILTER (WHERE state = 'unconfirmed'), count(*), -sum(weight), 0, 0, 0, 0, 0
    FROM e HAVING count(*) > 0
  )
  SELECT coalesce(json_agg(json_build_array(token, state, id, message_id, note_id) ORDER BY token, pos), '[]')::text AS done FROM e`,
);

type Row = readonly [token: ClaimToken, state: SpoolState, id: string, messageId: string, noteId: string];

/** The changes of those whose token matches, by token. */
export async function settleDelivered(
  client: PgClient,
  sql: Sql,
  settlements: readonly Extract<Settlement, { to: 'delivered' }>[],
): Promise<ReadonlyMap<ClaimToken, readonly Change[]>> {
  const rows = settlements.map(({ token, messageClass }) => ({
    id: token.slice(0, token.indexOf(':')),
    token,
    class: messageClass === undefined ? null : storableText(messageClass),
  }));
  const { done } = await sql.row<{ done: string }>(client, deliver, [JSON.stringify(rows)]);
  const changes = new Map<ClaimToken, Change[]>();
  for (const [token, from, entryId, messageId, noteId] of JSON.parse(done) as Row[]) {
    const change: Change = { entryId, messageId, from, to: 'delivered', noteId };
    const others = changes.get(token);
    if (others === undefined) changes.set(token, [change]);
    else others.push(change);
  }
  return changes;
}
