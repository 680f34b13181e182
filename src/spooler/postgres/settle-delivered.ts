import type { Change, ClaimToken, Settlement } from '../../spool/contract.ts';
import type { PgClient } from '../../spool/postgres/connection/pool.ts';
import { type Sql, statement } from '../../spool/postgres/tables/statement.ts';
import { headOf, streamsAfter } from '../../spool/postgres/tables/streams.ts';
import { storableText } from '../../spool/postgres/tables/write.ts';
import { noteIdOf } from '../../spool/state/records.ts';

/**
 * What `settle` of the state table does with a note that runs and is delivered, in one statement: nearly every note ends this way, and nothing of it has
 * to be read for that. Their streams are locked. (`+ 0`: nearly all leases that ever were are still to end, so their index would be read whole.)
 */
const deliver = statement(
  'deliver',
  (t) => `WITH t AS MATERIALIZED (SELECT ${t.now}() AS now, nextval('${t.ticks}') AS rev), k AS MATERIALIZED (
    SELECT key, note_id, token, running_to, run_by, ($3::text[])[array_position($2::text[], token)] AS class FROM ${t.streams}
    WHERE note_id = ANY($1::text[]) AND token = ANY($2::text[]) AND lease_until + 0 > (SELECT now FROM t)
  ), e AS (
    UPDATE ${t.entries} e SET state = 'delivered', rev = t.rev, reason = NULL, ended_at = t.now, note_id = k.note_id, attempt = 1,
      tried_by = k.run_by, sent_class = coalesce(k.class, e.sent_class), active = false, tombstone_at = t.now, body = NULL
    FROM k, t WHERE e.stream = k.key AND e.active AND e.ord <= k.running_to RETURNING k.token, e.ord, e.id, e.message_id, e.note_id, e.weight
  ), h AS MATERIALIZED (
    ${headOf(t, 'ord > k.running_to')}
  ), ${streamsAfter(t, true)}, c AS (
    INSERT INTO ${t.tallies} (delivering_count, delivered_count, bytes, spooled_count, unconfirmed_count, deferred_count, held_count,
      dead_count, cancelled_count)
    SELECT -count(*), count(*), -sum(weight), 0, 0, 0, 0, 0, 0 FROM e HAVING count(*) > 0
  )
  SELECT coalesce(json_agg(json_build_array(token, id, message_id, note_id) ORDER BY ord), '[]')::text AS done FROM e`,
);

type Row = readonly [token: ClaimToken, id: string, messageId: string, noteId: string];

/** The changes of those that run under their token, by token. */
export async function settleDelivered(
  client: PgClient,
  sql: Sql,
  settlements: readonly Extract<Settlement, { to: 'delivered' }>[],
): Promise<ReadonlyMap<ClaimToken, readonly Change[]>> {
  const ids = settlements.map(({ token }) => noteIdOf(token));
  const tokens = settlements.map(({ token }) => token);
  const classes = settlements.some(({ messageClass }) => messageClass !== undefined)
    ? settlements.map(({ messageClass }) => (messageClass === undefined ? null : storableText(messageClass)))
    : null;
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
