import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { EntryFilter } from '../admin/contract.ts';
import type { LaneTally } from '../admin/summaries.ts';
import { knownState } from '../rows/entry-row.ts';
import { hasIndexes, sourceOf } from './connection/admin-tables.ts';
import { entryColumns } from './stores/entries.ts';
import type { StoredRow } from './stores/statements.ts';

/** How many rows one step looks at: some ms. */
const slice = 5_000;
/** How many rows one step reads whole. */
const read = 500;

/** A place in a list: what has not ended comes first. */
export interface Cursor {
  readonly ended: boolean;
  readonly seq: number;
}

/** One step of a list: the rows it found, and where the next begins. */
export interface Step {
  readonly rows: readonly StoredRow[];
  readonly next: number | undefined;
  /** About how many places it looked at. */
  readonly looked: number;
}

type Narrowing = Readonly<Record<'ended' | 'state' | 'lane' | 'since' | 'until' | 'code' | 'recipient', string | number | null>>;

/** Codes and recipients are in JSON: a row that contains them anywhere is read whole, then compared. */
const narrowed = `purged = 0 AND (:ended IS NULL OR (ended_at IS NOT NULL) = :ended) AND (:state IS NULL OR state = :state) AND (:lane IS NULL OR lane = :lane)
  AND (:since IS NULL OR accepted_at >= :since) AND (:until IS NULL OR accepted_at < :until)
  AND (:code IS NULL OR instr(reason, :code) > 0) AND (:recipient IS NULL OR instr(lower(recipients), :recipient) > 0)`;

/** An address as in JSON, in lower case; null if SQLite can't compare it, since it folds the case of ASCII only. */
function plainIn(recipient: string | undefined): string | null {
  return recipient !== undefined && /^[\x20-\x7e]+$/.test(recipient) && !/["\\]/.test(recipient) ? recipient.toLowerCase() : null;
}

/** Lists and sums up entries for operators, in short steps. */
export class AdminReading {
  readonly database: DatabaseSync;
  readonly #indexed: boolean;
  readonly #known = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.database = database;
    this.#indexed = hasIndexes(database);
  }

  step(filter: EntryFilter, { ended, seq }: Cursor): Step {
    const narrowing: Narrowing = {
      ended: filter.state === undefined ? Number(ended) : null,
      state: filter.state ?? null,
      lane: filter.lane ?? null,
      since: filter.since ?? null,
      until: filter.until ?? null,
      code: filter.code ?? null,
      recipient: plainIn(filter.recipient),
    };
    const source = sourceOf(filter.state, ended, this.#indexed);
    // SQLite counts and compares what an index holds; it reads the rows of these only.
    const { last, looked } =
      this.#statement(
        `SELECT max(seq) AS last, count(*) AS looked FROM (SELECT seq FROM ${source} AND seq > :after ORDER BY seq LIMIT ${slice})`,
      ).get({ after: seq }) ?? {};
    if (typeof last !== 'number') return { rows: [], next: undefined, looked: 0 };
    const sql = `SELECT ${entryColumns} FROM ${source} AND seq > :after AND seq <= :last AND ${narrowed} ORDER BY seq LIMIT ${read}`;
    const rows = this.#statement(sql).all({ ...narrowing, after: seq, last }) as unknown as readonly StoredRow[];
    const next = rows.length < read ? last : (rows.at(-1)?.seq ?? last);
    return { rows, next, looked: Number(looked) };
  }

  /** Sums up a slice. Returns the row after which the next one begins. */
  sum(tally: LaneTally, after: number): number | undefined {
    const source = sourceOf(undefined, false, this.#indexed);
    const rows = this.#statement(
      `WITH s AS MATERIALIZED (SELECT seq, lane, state, accepted_at, ended_at FROM ${source} AND seq > :after ORDER BY seq LIMIT ${slice})
       SELECT lane, state, count(*) AS count, min(accepted_at) AS oldest, (SELECT max(seq) FROM s) AS last
       FROM s WHERE ended_at IS NULL GROUP BY lane, state
       UNION ALL SELECT NULL, NULL, 0, 0, max(seq) FROM s`,
    ).all({ after });
    for (const { lane, state, count, oldest } of rows) {
      const known = knownState(state);
      if (typeof lane === 'string' && known !== undefined) tally.add(lane, known, Number(count), Number(oldest));
    }
    const last = rows[0]?.last;
    return typeof last === 'number' ? last : undefined;
  }

  #statement(sql: string): StatementSync {
    let statement = this.#known.get(sql);
    if (statement === undefined) {
      statement = this.database.prepare(sql);
      this.#known.set(sql, statement);
    }
    return statement;
  }
}
