import { amongKeys, isKey, plannerSettings, statement, type Tables } from './statement.ts';
import { headOf, streamsAfter } from './streams.ts';

/**
 * Does what the state table's `settle` does with a delivered inline note, in one statement: nearly every note ends this way, and none of it needs to be
 * read for that. The streams are locked. (`+ 0` avoids the index on leases: nearly all of them end in the future, so it would be read whole.)
 */
const delivering = (t: Tables, lease: string, into = ''): string => `WITH t AS MATERIALIZED (
    SELECT ${t.now}() AS now, nextval('${t.ticks}') AS rev
  ), k AS MATERIALIZED (
    SELECT key, note_id, token, running_to, run_by, CASE WHEN $3::text[] IS NOT NULL THEN ($3::text[])[array_position($2::text[], token)] END AS class FROM ${t.streams}
    WHERE note_id = ANY($1::text[]) AND token = ANY($2::text[]) ${lease}
  ), m AS MATERIALIZED (
    SELECT k.note_id, k.run_by, k.class, x.id FROM k, LATERAL (
      SELECT id FROM ${t.entries} WHERE stream = k.key AND active AND state <> 'unconfirmed' AND ord <= k.running_to ORDER BY ord
    ) x
  ), e AS (
    UPDATE ${t.entries} e SET state = 'delivered', reason = NULL, attempt = 1, active = false, body = NULL,
      rev = (SELECT rev FROM t), ended_at = (SELECT now FROM t), tombstone_at = (SELECT now FROM t),
      note_id = m.note_id, tried_by = m.run_by, sent_class = coalesce(m.class, e.sent_class)
    FROM m WHERE ${isKey('e.id', 'm.id')} RETURNING e.ord, e.id, e.message_id, e.note_id, e.weight
  ), h AS MATERIALIZED (
    ${headOf(t, 'ord > k.running_to')}
  ), ${streamsAfter(t, true)}, c AS (
    INSERT INTO ${t.tallies} (delivering_count, delivered_count, bytes, spooled_count, unconfirmed_count, deferred_count, held_count,
      dead_count, cancelled_count)
    SELECT -count(*), count(*), -sum(weight), 0, 0, 0, 0, 0, 0 FROM e HAVING count(*) > 0
  )
  SELECT coalesce(json_agg(json_build_array(id, message_id, note_id) ORDER BY ord), '[]')::text AS done ${into} FROM e`;

export const deliver = statement('deliver', (t) => delivering(t, 'AND lease_until + 0 > (SELECT now FROM t)'));

/** The same as its own transaction; returns null, having changed nothing, when some notes are not inline under their token. @see deliverFunction */
export const deliverAlone = statement(
  'deliver_alone',
  (t) => `SELECT ${t.deliver}($1::text[], $2::text[], $3::text[], $4::text) AS done`,
);

/**
 * Locks the streams and then does the above: each statement of a function sees what was committed before it, as in a transaction. So it needs READ
 * COMMITTED, whatever the database's default. Settings last until the end of the transaction, and the commit is on disk.
 */
export const deliverFunction = (t: Tables): string => `
CREATE OR REPLACE FUNCTION ${t.deliver}(text[], text[], text[], text) RETURNS text LANGUAGE plpgsql VOLATILE AS $deliver$
DECLARE
  running bigint;
  settled text;
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' OR current_setting('transaction_read_only') <> 'off' THEN
    RETURN NULL;
  END IF;
  PERFORM set_config('lock_timeout', $4, true), ${plannerSettings.map(([name, value]) => `set_config('${name}', '${value}', true)`).join(', ')},
    CASE current_setting('synchronous_commit') WHEN 'off' THEN set_config('synchronous_commit', 'on', true) END;
  SELECT count(*) INTO running FROM (
    SELECT token, lease_until FROM ${t.streams} WHERE ${amongKeys('key', `key FROM ${t.streams} WHERE note_id = ANY($1)`)} ORDER BY key FOR UPDATE
  ) s WHERE token = ANY($2) AND lease_until > ${t.now}();
  IF running < cardinality($2) THEN
    RETURN NULL;
  END IF;
  ${delivering(t, '', 'INTO settled')};
  RETURN settled;
END
$deliver$;
`;

/** Keeps the name that an earlier library calls, whose own function was slower; here too each statement sees what was committed before it. */
export const deliverBeforeFunction = (t: Tables): string => `
CREATE OR REPLACE FUNCTION ${t.deliverBefore}(text[], text[], text[], text) RETURNS text LANGUAGE sql VOLATILE
  AS $deliver$ SELECT ${t.deliver}($1, $2, $3, $4) $deliver$;
`;
