import type { ClaimRequest } from '../../contract.ts';
import type { PgClient } from '../connection/pool.ts';
import { dueWithHeads, early, probes } from '../tables/due.ts';
import type { Sql } from '../tables/statement.ts';

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
  /** The first entries of these streams, where they have been read with it. */
  readonly heads?: readonly HeadRow[];
}

/** What an entry is read as, with the stream that it was looked for in. */
export type HeadRow = Readonly<Record<string, unknown>>;

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
    // Before its time, anything may be taken: what is due says nothing of that.
    const most = soon || only !== null ? 0 : 2 * Math.min(limit, 1_000) + 100;
    const values = [most, only, except, last, Math.max(0, perLane), Math.max(0, limit)];
    if (kind === 'deliver' && !soon) return this.#lockWithHeads(client, sql, request, values);
    const rows = await sql.rows<Row>(client, kind === 'probe' ? probes : early, values);
    const keys = rows.flatMap(({ key }) => key ?? []);
    this.#last[kind] = rows.at(-1)?.lane ?? last;
    return { now: Number(rows[0]?.now), lapsed: rows[0]?.lapsed === 'true', tick: Number(rows[0]?.tick), keys };
  }

  async #lockWithHeads(client: PgClient, sql: Sql, request: ClaimRequest, values: readonly unknown[]): Promise<LockedDue> {
    const [first, ...heads] = await sql.rows<HeadRow>(client, dueWithHeads, [...values, request.maxEntries, request.maxBytes]);
    const [now, lapsed, tick, lane] = JSON.parse(String(first?.body)) as [string, string, string, string | null];
    this.#last.deliver = lane ?? this.#last.deliver;
    const keys = [...new Set(heads.map(({ key }) => String(key)))];
    return { now: Number(now), lapsed: lapsed === 'true', tick: Number(tick), keys, heads };
  }
}

function turned(lanes: readonly string[], last: string): readonly string[] {
  const sorted = [...lanes].sort();
  const from = sorted.findIndex((lane) => lane > last);
  return from <= 0 ? sorted : [...sorted.slice(from), ...sorted.slice(0, from)];
}
