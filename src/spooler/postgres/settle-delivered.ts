import type { Change, ClaimToken, Settlement } from '../storage.ts';
import type { PgClient } from './pool.ts';
import { headOf, streamsAfter } from './refresh.ts';
import type { Sql } from './statement.ts';
import { statement } from './statement.ts';
import { storableText } from './write.ts';

/**
 * What `settle` of the state table does with a note that runs and is delivered, in one statement: nearly every note ends this way, and nothing of it has
 * to be read for that. Their streams are locked.
 */
const deliver = statement(
  'deliver',
  (t) => `WITH t AS MATERIALIZED (SELECT ${t.now}() AS now, nextval('${t.ticks}') AS rev), k AS MATERIALIZED (
    SELECT s.key, s.note_id, s.token, s.running_to, s.run_by, s.entry_ids, x.class
    FROM unnest($1::text[], $2::text[], $3::text[]) AS x(id, token, class) JOIN ${t.streams} s ON s.note_id = x.id, t
    WHERE s.token = x.token AND s.lease_until > t.now
  ), m AS MATERIALIZED (
    SELECT k.note_id, k.token, k.run_by, k.class, v.id, v.pos
    FROM k, json_array_elements_text(k.entry_ids::json) WITH ORDINALITY AS v(id, pos)
  ), e AS (
    UPDATE ${t.entries} e SET state = 'delivered', rev = t.rev, reason = NULL, ended_at = t.now, note_id = m.note_id, attempt = 1,
      tried_by = m.run_by, sent_class = coalesce(m.class, e.sent_class), active = false, tombstone_at = t.now, body = NULL
    FROM m, t WHERE e.id = m.id RETURNING m.token, m.pos, e.id, e.message_id, e.note_id, e.weight
  ), h AS MATERIALIZED (
    ${headOf(t, 'ord > k.running_to')}
  ), ${streamsAfter(t, true)}, c AS (
    INSERT INTO ${t.tallies} (delivering_count, delivered_count, bytes, spooled_count, unconfirmed_count, deferred_count, held_count,
      dead_count, cancelled_count)
    SELECT -count(*), count(*), -sum(weight), 0, 0, 0, 0, 0, 0 FROM e HAVING count(*) > 0
  )
  SELECT coalesce(json_agg(json_build_array(token, id, message_id, note_id) ORDER BY token, pos), '[]')::text AS done FROM e`,
);

type Row = readonly [token: ClaimToken, id: string, messageId: string, noteId: string];

/** The changes of those that run under their token, by token. */
export async function settleDelivered(
  client: PgClient,
  sql: Sql,
  settlements: readonly Extract<Settlement, { to: 'delivered' }>[],
): Promise<ReadonlyMap<ClaimToken, readonly Change[]>> {
  const ids = settlements.map(({ token }) => token.slice(0, token.indexOf(':')));
  const tokens = settlements.map(({ token }) => token);
  const classes = settlements.map(({ messageClass }) => (messageClass === undefined ? null : storableText(messageClass)));
  const { done } = await sql.row<{ done: string }>(client, deliver, [ids, tokens, classes]);
  const changes = new Map<ClaimToken, Change[]>();
  for (const [token, entryId, messageId, noteId] of JSON.parse(done) as Row[]) {
    const change: Change = { entryId, messageId, from: 'delivering', to: 'delivered', noteId };
    const others = changes.get(token);
    if (others === undefined) changes.set(token, [change]);
    else others.push(change);
  }
  return changes;
}
