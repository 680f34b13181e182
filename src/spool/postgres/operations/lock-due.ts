import type { ClaimRequest } from '../../contract.ts';
import type { PgClient } from '../connection/pool.ts';
import { dueWithHeads, dueWithHeadsText, early, probes } from '../tables/due.ts';
import type { Sql, Tables } from '../tables/statement.ts';
import { textArray } from '../tables/texts.ts';

type Kind = ClaimRequest['kind'];

/** The rows that a claim has locked. */
export interface LockedDue {
  readonly now: number;
  /** Whether a lease has expired. */
  readonly lapsed: boolean;
  /** A new revision. */
  readonly tick: number;
  /** Streams whose head is due, or notes whose probe is. */
  readonly keys: readonly string[];
  /** The first entries of these streams, if read already. */
  readonly heads?: readonly HeadRow[];
}

/** An entry's row with the key of its stream. */
export type HeadRow = Readonly<Record<string, unknown>>;

interface Row {
  readonly now: string;
  readonly lapsed: string;
  readonly key: string | null;
  readonly lane: string | null;
  readonly tick: string;
}

/** The query of a claim. */
interface Ask {
  readonly kind: Kind;
  readonly soon: boolean;
  readonly values: readonly Value[];
  /** The whole query without parameters, which can go together with BEGIN. It contains no addresses that a server could log. */
  readonly written: string | undefined;
}

type Value = string | number | null | readonly string[];

/** Takes lanes in turn, round robin by name, so that a busy lane doesn't starve the others. */
export class LaneTurns {
  readonly #last: Record<Kind, string> = { deliver: '', probe: '' };
  /** An entry of the last lane: stands for its name in a query without parameters. */
  #lastEntry: string | undefined;

  /** The query of the next claim. */
  ask(tables: Tables, request: ClaimRequest): Ask {
    const { kind, lanes = { except: [] }, limit, perLane, maxEntries, maxBytes } = request;
    const last = this.#last[kind];
    const [only, except] = 'only' in lanes ? [turned(lanes.only, last), []] : [null, lanes.except];
    const soon = kind === 'deliver' && request.ignorePickup === true;
    // With pickup times ignored, due times don't tell which lanes come first.
    const most = soon || only !== null ? 0 : 2 * Math.min(limit, 1_000) + 100;
    const range = [most, only, except, last, Math.max(0, perLane), Math.max(0, limit)];
    if (kind === 'probe' || soon) return { kind, soon, values: range, written: undefined };
    const values = [...range, maxEntries, maxBytes];
    const nameless = only === null && except.length === 0 && (last === '' || this.#lastEntry !== undefined);
    const written = nameless
      ? dueWithHeadsText(tables, { most, perLane, limit, maxEntries, maxBytes, lastEntry: this.#lastEntry })
      : undefined;
    return { kind, soon, values, written };
  }

  /** Locks what is due. @param first The server's answer to {@link Ask.written}. */
  async lockDue(client: PgClient, sql: Sql, { kind, soon, values, written }: Ask, first: readonly unknown[]): Promise<LockedDue> {
    const parameters = values.map((one) => (Array.isArray(one) ? textArray(one) : one));
    if (kind === 'deliver' && !soon) {
      const rows =
        written === undefined ? await sql.rows<HeadRow>(client, dueWithHeads, parameters) : (first as readonly HeadRow[]);
      return this.#lockedWithHeads(rows);
    }
    const rows = await sql.rows<Row>(client, kind === 'probe' ? probes : early, parameters);
    const keys = rows.flatMap(({ key }) => key ?? []);
    const last = rows.at(-1)?.lane ?? undefined;
    if (last !== undefined) {
      this.#last[kind] = last;
      if (kind === 'deliver') this.#lastEntry = undefined;
    }
    return { now: Number(rows[0]?.now), lapsed: rows[0]?.lapsed === 'true', tick: Number(rows[0]?.tick), keys };
  }

  #lockedWithHeads([first, ...heads]: readonly HeadRow[]): LockedDue {
    const [now, lapsed, tick, lane] = JSON.parse(String(first?.body)) as [string, string, string, string | null];
    if (lane !== null) {
      this.#last.deliver = lane;
      const entry = heads.find((head) => head.lane === lane)?.id;
      this.#lastEntry = typeof entry === 'string' ? entry : undefined;
    }
    const keys = [...new Set(heads.map(({ key }) => String(key)))];
    return { now: Number(now), lapsed: lapsed === 'true', tick: Number(tick), keys, heads };
  }
}

function turned(lanes: readonly string[], last: string): readonly string[] {
  const sorted = [...lanes].sort();
  const from = sorted.findIndex((lane) => lane > last);
  return from <= 0 ? sorted : [...sorted.slice(from), ...sorted.slice(0, from)];
}
