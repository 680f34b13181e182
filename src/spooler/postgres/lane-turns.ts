import type { ClaimRequest, LaneFilter } from '../storage.ts';
import { lapsedBy } from './leases.ts';
import type { PgClient } from './pool.ts';
import type { Sql } from './statement.ts';
import { statement } from './statement.ts';
import type { Tables } from './tables.ts';

type Kind = ClaimRequest['kind'];

/** What a claim finds before it locks anything. */
export interface Outlook {
  readonly now: number;
  /** A lease ran out. */
  readonly lapsed: boolean;
  /** Lanes of what is due longest. */
  readonly lanes: readonly string[];
  /** These are all lanes in which anything is due. */
  readonly complete: boolean;
}

const what = (kind: Kind, t: Tables) =>
  kind === 'deliver' ? ({ table: t.streams, due: 'due_at' } as const) : ({ table: t.notes, due: 'probe_at' } as const);

const outlooks = each((kind) =>
  statement(`outlook_${kind}`, (t) => {
    const { table, due } = what(kind, t);
    return `WITH t AS MATERIALIZED (SELECT ${t.now}() AS now)
    SELECT t.now::text AS now, ${lapsedBy(t, 't.now')}::text AS lapsed, (
      SELECT coalesce(json_agg(l), '[]') FROM (
        SELECT lane, count(*) AS n FROM (SELECT lane FROM ${table} WHERE ${due} <= t.now ORDER BY ${due} LIMIT $1) d GROUP BY lane
      ) l
    )::text AS lanes FROM t`;
  }),
);

/** From lane to lane, by one look at the index each, however much waits in them. */
const walks = each((kind) =>
  statement(`walk_${kind}`, (t) => {
    const { table, due } = what(kind, t);
    const next = (after: string): string =>
      `SELECT lane, ${due} AS due FROM ${table} WHERE ${due} IS NOT NULL AND lane > ${after} ORDER BY lane, ${due} LIMIT 1`;
    return `WITH RECURSIVE l AS (
      (${next('$1')}) UNION ALL SELECT n.lane, n.due FROM l, LATERAL (${next('l.lane')}) n WHERE n.lane <= $2
    )
    SELECT lane FROM l WHERE lane <= $2 AND due <= $3::bigint AND lane <> ALL($4::text[]) LIMIT $5`;
  }),
);

export async function outlook(client: PgClient, sql: Sql, kind: Kind, limit: number): Promise<Outlook> {
  const most = 4 * Math.min(limit, 1_000) + 100;
  const row = await sql.row<{ now: string; lapsed: string; lanes: string }>(client, outlooks[kind], [most]);
  const lanes = JSON.parse(row.lanes) as { lane: string; n: number }[];
  const found = lanes.reduce((sum, { n }) => sum + n, 0);
  return { now: Number(row.now), lapsed: row.lapsed === 'true', lanes: lanes.map(({ lane }) => lane), complete: found < most };
}

/** Beyond any time, and after any lane. */
const ever = Number.MAX_SAFE_INTEGER;
const afterAll = '\u{10FFFF}';

/** The order in which lanes are asked: round and round by name, so that none with much to do starves the others. */
export class LaneTurns {
  readonly #last = { deliver: '', probe: '' };

  served(kind: Kind, lane: string): void {
    this.#last[kind] = lane;
  }

  /** Lanes in which something may be due, next in turn first, in portions. */
  async *inTurn(client: PgClient, sql: Sql, request: ClaimRequest, seen: Outlook): AsyncIterable<readonly string[]> {
    const { kind, lanes: filter = { except: [] }, limit } = request;
    const last = this.#last[kind];
    const early = kind === 'deliver' && request.ignorePickup === true;
    if ('only' in filter) yield turned(filter.only, last);
    else if (seen.complete && !early) yield turned(allBut(seen.lanes, filter), last);
    else {
      const by = early ? ever : seen.now;
      const atOnce = Math.max(16, Math.min(limit, 500));
      for (const [from, to] of [[last, afterAll] as const, ['', last] as const]) {
        let after = from;
        for (;;) {
          const rows = await sql.rows<{ lane: string }>(client, walks[kind], [after, to, by, filter.except, atOnce]);
          const found = rows.map(({ lane }) => lane);
          if (found.length > 0) yield found;
          if (found.length < atOnce) break;
          after = found.at(-1) ?? '';
        }
      }
    }
  }
}

function allBut(lanes: readonly string[], { except }: Extract<LaneFilter, { except: unknown }>): readonly string[] {
  const left = new Set(except);
  return lanes.filter((lane) => !left.has(lane));
}

function turned(lanes: readonly string[], last: string): readonly string[] {
  const sorted = [...lanes].sort();
  const from = sorted.findIndex((lane) => lane > last);
  return from <= 0 ? sorted : [...sorted.slice(from), ...sorted.slice(0, from)];
}

function each<Value>(make: (kind: Kind) => Value): Readonly<Record<Kind, Value>> {
  return { deliver: make('deliver'), probe: make('probe') };
}
