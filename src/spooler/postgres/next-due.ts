import type { LaneFilter } from '../../spool/contract.ts';
import type { PgClient } from '../../spool/postgres/connection/pool.ts';
import { type Sql, statement } from '../../spool/postgres/tables/statement.ts';
import type { Tables } from './tables.ts';

/** Times at which something is due or a lease ends. */
const sources = (t: Tables) => [
  { table: t.streams, due: 'due_at' },
  { table: t.notes, due: 'probe_at' },
  { table: t.notes, due: 'lease_until' },
  { table: t.streams, due: 'lease_until' },
];

const least = (t: Tables, parts: readonly string[]): string => `SELECT (least(${parts.join(', ')}) - ${t.now}())::text AS due`;

const ofAll = statement('next_due', (t) =>
  least(
    t,
    sources(t).map(({ table, due }) => `(SELECT min(${due}) FROM ${table} WHERE ${due} IS NOT NULL)`),
  ),
);

/** The first that are due are asked before anything else: hardly ever are they all of lanes that are left out. */
const first = 200;

const ofAllBut = statement('next_due_but', (t) =>
  least(
    t,
    sources(t).map(
      ({ table, due }) => `(
      SELECT CASE WHEN count(*) FILTER (WHERE lane <> ALL($1::text[])) > 0 OR count(*) < ${first}
        THEN min(${due}) FILTER (WHERE lane <> ALL($1::text[]))
        ELSE (SELECT min(${due}) FROM ${table} WHERE ${due} IS NOT NULL AND lane <> ALL($1::text[])) END
      FROM (SELECT lane, ${due} FROM ${table} WHERE ${due} IS NOT NULL ORDER BY ${due} LIMIT ${first}) f
    )`,
    ),
  ),
);

const ofOnly = statement('next_due_only', (t) =>
  least(
    t,
    sources(t).map(({ table, due }) => `(SELECT min(${due}) FROM ${table} WHERE ${due} IS NOT NULL AND lane = ANY($1::text[]))`),
  ),
);

/** ms until something of those lanes is due, or a lease of theirs ends. */
export async function nextDue(client: PgClient, sql: Sql, lanes: LaneFilter | undefined): Promise<number | undefined> {
  const row = await ask(client, sql, lanes);
  return row.due === null ? undefined : Math.max(0, Number(row.due));
}

function ask(client: PgClient, sql: Sql, lanes: LaneFilter | undefined): Promise<{ readonly due: string | null }> {
  if (lanes === undefined || ('except' in lanes && lanes.except.length === 0)) return sql.row(client, ofAll, []);
  return 'only' in lanes ? sql.row(client, ofOnly, [lanes.only]) : sql.row(client, ofAllBut, [lanes.except]);
}
