import type { ClaimRequest } from '../../contract.ts';
import type { PgClient } from '../connection/pool.ts';
import { type Sql, statement, type Tables } from '../tables/statement.ts';
import { lapsedBy } from './leases.ts';

type Kind = ClaimRequest['kind'];

/** What a claim has locked. */
export interface LockedDue {
  readonly now: number;
  /** A lease ran out. */
  readonly lapsed: boolean;
  /** A new revision. */
  readonly tick: number;
  /** Streams whose head is due, or notes whose probe is. */
  readonly keys: readonly string[];
}

/**
 * What is due and not about to be claimed by another process, lane by lane, those after `$4` first. Lanes are asked for ($2), or those of the `$1` longest due where
 * these are all that are due, or found one after the other by a look at the index each, as far as need be. So the cost follows the number of what is taken,
 * or of lanes in which something waits, never what waits.
 */
function taking(name: string, table: (t: Tables) => string, due: string, by: string, lock: (t: Tables) => string) {
  return statement(name, (t) => {
    const now = '(SELECT now FROM t)';
    const next = (after: string, condition: string): string =>
      `SELECT lane, ${due} AS due FROM ${table(t)} WHERE ${due} IS NOT NULL AND lane > ${after} AND ${condition} ORDER BY lane, ${due} LIMIT 1`;
    const walk = (from: string, condition: string, self: string): string =>
      `(${next(from, `(SELECT $2::text[] IS NULL AND NOT complete FROM c) AND ${condition}`)})
      UNION ALL SELECT n.lane, n.due FROM ${self}, LATERAL (${next(`${self}.lane`, condition)}) n`;
    const wanted = `due <= ${by.replace('now', now)} AND lane <> ALL($3::text[])`;
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
        WHERE $2::text[] IS NULL AND (SELECT complete FROM c) AND lane <> ALL($3::text[]) ORDER BY lane <= $4, lane
      )
      UNION ALL SELECT lane FROM a WHERE ${wanted}
      UNION ALL SELECT lane FROM b WHERE ${wanted}
    )
    SELECT t.now::text AS now, ${lapsedBy(t, now)}::text AS lapsed, s.key, s.lane, (SELECT nextval('${t.ticks}'))::text AS tick
    FROM t LEFT JOIN LATERAL (${lock(t)}) s ON true`;
  });
}

/**
 * What of the lane `q` is due by then, longest due first. Said as a range of the index on both, and in its order, nothing else can give that: with
 * `lane = q.lane` a plan may sort all that waits in the lane, or look for it among what is due in all others.
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
/** The same before their pickup time; a back-off counts all the same. */
const early = dueStreams('take_early', `${Number.MAX_SAFE_INTEGER}`, 'AND (NOT deferred OR due_at <= (SELECT now FROM t))');
/** Unconfirmed notes whose probe is due, and whose stream nobody works on. */
const probes = taking(
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

interface Row {
  readonly now: string;
  readonly lapsed: string;
  readonly key: string | null;
  readonly lane: string | null;
  readonly tick: string;
}

/** Takes lanes in turn, round and round by name, so that none with much to do starves the others. */
export class LaneTurns {
  readonly #last: Record<Kind, string> = { deliver: '', probe: '' };

  /** Locks what is due. */
  async lockDue(client: PgClient, sql: Sql, request: ClaimRequest): Promise<LockedDue> {
    const { kind, lanes = { except: [] }, limit, perLane } = request;
    const last = this.#last[kind];
    const [only, except] = 'only' in lanes ? [turned(lanes.only, last), []] : [null, lanes.except];
    const soon = kind === 'deliver' && request.ignorePickup === true;
    const one = kind === 'probe' ? probes : soon ? early : due;
    // Before its time, anything may be taken: what is due says nothing of that.
    const most = soon || only !== null ? 0 : 2 * Math.min(limit, 1_000) + 100;
    const rows = await sql.rows<Row>(client, one, [most, only, except, last, Math.max(0, perLane), Math.max(0, limit)]);
    const keys = rows.flatMap(({ key }) => key ?? []);
    this.#last[kind] = rows.at(-1)?.lane ?? last;
    return { now: Number(rows[0]?.now), lapsed: rows[0]?.lapsed === 'true', tick: Number(rows[0]?.tick), keys };
  }
}

function turned(lanes: readonly string[], last: string): readonly string[] {
  const sorted = [...lanes].sort();
  const from = sorted.findIndex((lane) => lane > last);
  return from <= 0 ? sorted : [...sorted.slice(from), ...sorted.slice(0, from)];
}
