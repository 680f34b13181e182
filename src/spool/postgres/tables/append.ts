import { fixedColumns } from '../../rows/entry-row.ts';
import { latestTime } from '../../state/records.ts';
import { addCounters } from './counters.ts';
import { entryColumns } from './loaded.ts';
import { type Statement, statement, type Tables, transactionSettings } from './statement.ts';
import { recordset } from './write.ts';

/**
 * Locks the streams that the messages go to, in the order of their keys; one without active entries becomes due with its new first
 * entry. The lock lasts until COMMIT, and `tick`, which the order follows, is taken under it: each stream's order is that of the
 * commits, whichever process appends. Finds messages that are stored already; one that is committed just now is not visible, and
 * fails the insertion, which is then retried.
 */
export const lockStreams = statement(
  'append_lock',
  (t) => `WITH t AS MATERIALIZED (SELECT ${t.now}() AS now), l AS (
    ${putStreams(t, 'json_to_recordset($1::json) AS x(key text, lane text, within bigint), t', 't.now')} RETURNING 1
  ), locked AS MATERIALIZED (SELECT count(*) AS streams FROM l)
  SELECT t.now::text AS now, (SELECT nextval('${t.ticks}') FROM locked)::text AS tick, (
    SELECT coalesce(json_agg(e), '[]') FROM (
      SELECT ${entryColumns} FROM ${t.entriesNow} WHERE message_id = ANY($2::text[]) ORDER BY message_id, part
    ) e
  )::text AS kept FROM t`,
);

function putStreams(t: Tables, from: string, now: string): string {
  return `INSERT INTO ${t.streams} (key, lane, due_at, due_within) SELECT x.key, x.lane, ${now} + x.within, x.within
    FROM ${from} ORDER BY x.key ON CONFLICT (key) DO UPDATE SET lane = EXCLUDED.lane WHERE false`;
}

/** Columns in which new entries differ. */
const own = [...fixedColumns.filter((name) => name !== 'accepted_at'), 'due_within', 'ord', 'part', 'stream', 'body'];

export const insertEntries = statement(
  'append_insert',
  (t) => `WITH e AS (
    INSERT INTO ${t.entries} (${own.join(', ')}, accepted_at, due_at, expires_at, state, rev, single, cancel_requested, attempt, purged, active, kept)
    SELECT ${own.join(', ')}, $4::bigint, pickup_at, least($4::bigint + expires_in, ${latestTime}), 'spooled', $5::bigint, 0, 0, 0, 0, true, false
    FROM ${recordset('$1', own)} ORDER BY message_id, part
  ), c AS (
    ${addCounters(t, '$2')}
  )
  SELECT pg_notify('${t.channel}', $3) WHERE $3 IS NOT NULL`,
);

/** Columns that {@link appendNew} takes, each as an array; the last two as lines of JSON. */
const given = {
  id: 'text[]',
  message_id: 'text[]',
  part: 'integer[]',
  content_hash: 'text[]',
  lane: 'text[]',
  conversation_id: 'text[]',
  audience: 'text[]',
  recipients_key: 'text[]',
  message_class: 'text[]',
  weight: 'integer[]',
  expires_in: 'bigint[]',
  due_within: 'bigint[]',
  stream: 'text[]',
  recipients: 'text',
  body: 'text',
} as const;
const givenNames = Object.keys(given) as (keyof typeof given)[];

/** The values of these columns. */
export type NewRows = Readonly<Record<keyof typeof given, string>>;

/** The parameters of {@link appendNew}, in this order: the counters, the streams (key, lane, pickup), the entries. */
const types = ['bigint[]', 'text[]', 'text[]', 'bigint[]', ...Object.values(given)];

/** Appends messages if none of them is stored. Returns a text with the time and the tick; or null, having changed nothing, if one is. @see appendFunction */
export const appendNew: Statement = statement(
  'append_new',
  (t) => `SELECT ${t.append}(${types.map((type, index) => `$${index + 1}::${type}`).join(', ')}) AS taken`,
);

/** The values of {@link appendNew}. */
export function newValues(counters: string, streams: readonly string[], rows: NewRows): string[] {
  return [counters, ...streams, ...givenNames.map((name) => rows[name])];
}

/**
 * Does what {@link lockStreams} and {@link insertEntries} do, in one round trip; its plans stay with the server process even behind a pooler. It makes the settings that BEGIN makes
 * elsewhere (`transact.ts`), and takes arrays: parsing JSON of that many columns takes longer than writing the rows. It indexes each array, since PL/pgSQL has expanded them by
 * then; `unnest` of that many arrays costs 2 ms, whatever they hold.
 */
export const appendFunction = (t: Tables): string => {
  const parameter = (name: keyof typeof given): string => `$${types.length - givenNames.length + 1 + givenNames.indexOf(name)}`;
  const isLines = (name: keyof typeof given): boolean => given[name] === 'text';
  const at = (name: keyof typeof given): string => (isLines(name) ? `all_${name}[n]` : `(${parameter(name)})[n]`);
  const lines = givenNames.filter(isLines);
  const until = (within: string): string => `least(now + ${within}, ${latestTime})`;
  return `
CREATE OR REPLACE FUNCTION ${t.append}(${types.join(', ')}) RETURNS text LANGUAGE plpgsql VOLATILE AS $append$
#variable_conflict use_column
DECLARE
  now bigint;
  tick bigint;
  ${lines.map((name) => `all_${name} text[] := string_to_array(${parameter(name)}, E'\\n', '');`).join('\n  ')}
BEGIN
  PERFORM ${transactionSettings};
  IF EXISTS (SELECT 1 FROM ${t.entries} WHERE message_id = ANY(${parameter('message_id')})) THEN
    RETURN NULL;
  END IF;
  now := ${t.now}();
  ${putStreams(t, 'unnest($2, $3, $4) AS x(key, lane, within)', 'now')};
  tick := nextval('${t.ticks}');
  INSERT INTO ${t.entries} (${givenNames.join(', ')}, accepted_at, pickup_at, due_at, expires_at, ord, rev,
      state, single, cancel_requested, attempt, purged, active, kept)
    SELECT ${givenNames.map(at).join(', ')}, now, ${until(at('due_within'))}, ${until(at('due_within'))},
      ${until(at('expires_in'))}, tick * ${ordersATick} + n, tick, 'spooled', 0, 0, 0, 0, true, false
    FROM (SELECT n FROM generate_series(1, cardinality(${parameter('id')})) AS n ORDER BY ${at('message_id')}, ${at('part')}) AS x;
  ${addCounters(t, '$1')};
  RETURN now || ' ' || tick;
END
$append$;
`;
};

/** The function that an earlier library calls, which notifies in the same transaction. */
export const appendBeforeFunction = (t: Tables): string => `
CREATE OR REPLACE FUNCTION ${t.appendBefore}(text, ${types.join(', ')}) RETURNS text LANGUAGE sql VOLATILE AS $append$
  SELECT pg_notify('${t.channel}', $1);
  SELECT ${t.append}(${types.map((_, index) => `$${index + 2}`).join(', ')});
$append$;
`;

/** Orders that one revision can assign. */
export const ordersATick = 4_096;
