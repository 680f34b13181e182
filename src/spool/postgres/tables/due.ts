import { entryColumns, entryNames, entryTexts } from './loaded.ts';
import { statement, type Tables } from './statement.ts';
import { onlyLookedFor } from './streams.ts';
import { isNoneOf, writtenTexts } from './texts.ts';

/** Whether a lease has expired by `now` whose note is not unconfirmed yet. */
export function lapsedBy(t: Tables, now: string): string {
  return `EXISTS (SELECT 1 FROM ${t.notesNow} WHERE lease_until <= ${now})`;
}

/**
 * Selects what is due and not being claimed by another process, lane by lane, those after `$4` first. Lanes are given ($2), or those of the `$1` longest due if
 * these are all that are due, or else found one index lookup at a time, as far as needed. So the cost follows the number of rows taken, or of lanes in which
 * something waits, never the number of rows that wait.
 */
function taking(name: string, table: (t: Tables) => string, due: string, by: string, lock: (t: Tables) => string) {
  return statement(name, (t) => {
    const now = '(SELECT now FROM t)';
    const next = (after: string, condition: string): string =>
      `SELECT lane, ${due} AS due FROM ${table(t)} WHERE ${due} IS NOT NULL AND lane > ${after} AND ${condition} ORDER BY lane, ${due} LIMIT 1`;
    const walk = (from: string, condition: string, self: string): string =>
      `(${next(from, `(SELECT $2::text[] IS NULL AND NOT complete FROM c) AND ${condition}`)})
      UNION ALL SELECT n.lane, n.due FROM ${self}, LATERAL (${next(`${self}.lane`, condition)}) n`;
    const wanted = `due <= ${by.replace('now', now)} AND ${isNoneOf('lane', '$3')}`;
    return `WITH RECURSIVE t AS MATERIALIZED (
      SELECT ${t.now}() AS now
    ), d AS MATERIALIZED (
      SELECT lane FROM ${table(t)} WHERE ${due} <= ${now} ORDER BY ${due} LIMIT $1
    ), c AS MATERIALIZED (
      SELECT count(*) < $1 AS complete FROM d
    ), a AS (
      ${walk('$4', 'true', 'a')}
    ), b AS (
      ${walk(`''`, 'lane <= $4', 'b')}
    ), q AS (
      SELECT lane FROM unnest($2::text[]) AS asked(lane)
      UNION ALL (
        SELECT lane FROM (SELECT DISTINCT lane FROM d) l
        WHERE $2::text[] IS NULL AND (SELECT complete FROM c) AND ${isNoneOf('lane', '$3')} ORDER BY lane <= $4, lane
      )
      UNION ALL SELECT lane FROM a WHERE ${wanted}
      UNION ALL SELECT lane FROM b WHERE ${wanted}
    )
    SELECT t.now::text AS now, ${lapsedBy(t, now)}::text AS lapsed, s.key, s.lane, (SELECT nextval('${t.ticks}'))::text AS tick
    FROM t LEFT JOIN LATERAL (${lock(t)}) s ON true`;
  });
}

/**
 * Rows of the lane `q` that are due by `by`, longest due first. A range of the index on both columns, in its order, leaves the planner no other choice: with
 * `lane = q.lane` it may sort all rows of the lane, or filter the due rows of all lanes.
 */
function inLane(due: string, by: string): string {
  return `(lane, ${due}) >= (q.lane, ${Number.MIN_SAFE_INTEGER}) AND (lane, ${due}) <= (q.lane, ${by}) ORDER BY lane, ${due} LIMIT $5`;
}

function dueStreams(name: string, by: string, which = '') {
  const lock = (t: Tables): string => `SELECT s.key, s.lane FROM q, LATERAL (
      SELECT key, lane FROM ${t.streams} WHERE due_at IS NOT NULL ${which} AND ${inLane('due_at', by.replace('now', '(SELECT now FROM t)'))}
      FOR UPDATE SKIP LOCKED
    ) s LIMIT $6`;
  return taking(name, ({ streams }) => streams, 'due_at', by, lock);
}

/** Streams whose head is due. */
const due = dueStreams('take_due', 'now');
/** The same before their pickup time; a back-off still applies. */
export const early = dueStreams(
  'take_early',
  `${Number.MAX_SAFE_INTEGER}`,
  'AND (NOT deferred OR due_at <= (SELECT now FROM t))',
);
/** Unconfirmed notes whose probe is due, and whose stream is not locked. */
export const probes = taking(
  'take_probes',
  ({ notes }) => notes,
  'probe_at',
  'now',
  (t) => `WITH n AS MATERIALIZED (
      SELECT s.id, s.lane, s.stream FROM q, LATERAL (
        SELECT id, lane, stream FROM ${t.notes} WHERE probe_at IS NOT NULL AND ${inLane('probe_at', '(SELECT now FROM t)')}
        FOR UPDATE SKIP LOCKED
      ) s LIMIT $6
    ), l AS MATERIALIZED (
      SELECT key FROM ${t.streams} WHERE key = ANY(ARRAY(SELECT stream FROM n)) ORDER BY key FOR UPDATE SKIP LOCKED
    )
    SELECT n.id AS key, n.lane FROM n JOIN l ON l.key = n.stream`,
);

/** First entries of streams, in order; with the messages that fit a note: the first, and those within `bytes` together with it. */
const headsOf = (t: Tables, keys: string, most: string, bytes: string): string =>
  `FROM unnest(${keys}) AS q(key) LEFT JOIN LATERAL (
    SELECT ${entryColumns}, CASE WHEN row_number() OVER w = 1 OR sum(weight) OVER w <= ${bytes} THEN body END AS body
    FROM (SELECT ${entryColumns}, body FROM ${t.entries} WHERE stream = q.key AND active AND NOT ${onlyLookedFor} ORDER BY ord LIMIT ${most}) f
    WINDOW w AS (ORDER BY ord)
  ) e ON true`;

/** At least one row per stream; without an id if it has no entry. */
export const heads = statement('heads', (t) => `SELECT q.key, ${entryTexts()}, body ${headsOf(t, '$1::text[]', '$2', '$3')}`);

/** Locks the streams that are due; the first row holds the result of {@link due}, the others those of {@link heads}. @see dueFunction */
export const dueWithHeads = statement('due_with_heads', (t) => `SELECT * FROM ${t.due}($1, $2, $3, $4, $5, $6, $7, $8)`);

/** The arguments of {@link dueWithHeadsText}: all lanes, those after the lane of an entry first. */
interface Written {
  readonly most: number;
  readonly perLane: number;
  readonly limit: number;
  readonly maxEntries: number;
  readonly maxBytes: number;
  readonly lastEntry: string | undefined;
}

/** The same with its arguments written into the text: a server that logs it learns no address. */
export function dueWithHeadsText(t: Tables, { most, perLane, limit, maxEntries, maxBytes, lastEntry }: Written): string {
  const last =
    lastEntry === undefined ? `''` : `coalesce((SELECT lane FROM ${t.entries} WHERE id = (${writtenTexts([lastEntry])})[1]), '')`;
  const [lanes, takes, heads] = [[most], [Math.max(0, perLane), Math.max(0, limit)], [maxEntries, maxBytes]].map((numbers) =>
    numbers.map((one) => `${one}::bigint`).join(', '),
  );
  return `SELECT * FROM ${t.due}(${lanes}, NULL, '{}', ${last}, ${takes}, ${heads})`;
}

/** Reads the heads in a later statement, which sees what was committed before the streams were locked. Settings last until the end of the transaction. */
export function dueFunction(t: Tables): string {
  const columns = ['key', ...entryNames, 'body'].map((name) => `"${name}" text`);
  return `
CREATE OR REPLACE FUNCTION ${t.due}(bigint, text[], text[], text, bigint, bigint, bigint, bigint)
  RETURNS TABLE (${columns.join(', ')}) LANGUAGE plpgsql VOLATILE AS $due$
#variable_conflict use_column
DECLARE
  locked record;
BEGIN
  SELECT min(x.now) AS now, min(x.lapsed) AS lapsed, min(x.tick) AS tick, array_agg(x.key) FILTER (WHERE x.key IS NOT NULL) AS keys,
    (array_agg(x.lane))[count(*)] AS last INTO locked FROM (${due.text(t)}) x;
  body := json_build_array(locked.now, locked.lapsed, locked.tick, locked.last);
  RETURN NEXT;
  RETURN QUERY SELECT q.key, ${entryTexts('e.')}, e.body ${headsOf(t, 'locked.keys', '$7', '$8')};
END
$due$;
`;
}
