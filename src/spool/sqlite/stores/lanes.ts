import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { LaneFilter } from '../../contract.ts';
import { turnAt } from '../../state/derived.ts';

type Kind = 'deliver' | 'probe';

interface LaneRow {
  readonly deliver_turn: number | null;
  readonly deliver_served: number;
  readonly deliver_rev: number;
  readonly probe_turn: number | null;
  readonly probe_served: number;
  readonly probe_rev: number;
}

interface Lane {
  deliver: { served: number; rev: number };
  probe: { served: number; rev: number };
}

/**
 * Rows of `lanes`. A lane's turn comes when something of it is due, but not before the time at which it was last served: so
 * the lanes that are due come in the order in which they were served, and those that are not are never met.
 */
export class LaneStore {
  /** Lanes in which something may be due at another time, or that were served. */
  readonly #touched = new Map<string, Partial<Lane>>();
  readonly #row: StatementSync;
  readonly #streamDue: StatementSync;
  readonly #probeDue: StatementSync;
  readonly #put: StatementSync;
  readonly #drop: StatementSync;
  readonly #turns: Readonly<Record<Kind, { readonly inTurn: StatementSync; readonly next: StatementSync }>>;

  constructor(database: DatabaseSync) {
    this.#row = database.prepare('SELECT * FROM lanes WHERE lane = ?');
    this.#streamDue = database.prepare(
      'SELECT due_at FROM streams WHERE lane = ? AND due_at IS NOT NULL ORDER BY due_at LIMIT 1',
    );
    this.#probeDue = database.prepare(
      "SELECT due_at FROM notes WHERE lane = ? AND state = 'unconfirmed' AND lease_until IS NULL ORDER BY due_at LIMIT 1",
    );
    this.#put = database.prepare('INSERT OR REPLACE INTO lanes VALUES (?, ?, ?, ?, ?, ?, ?)');
    this.#drop = database.prepare('DELETE FROM lanes WHERE lane = ?');
    const turns = (kind: Kind) => ({
      inTurn: database.prepare(
        `SELECT lane FROM lanes WHERE ${kind}_turn IS NOT NULL AND ${kind}_turn <= ? ORDER BY ${kind}_turn, ${kind}_rev LIMIT ? + 0`,
      ),
      next: database.prepare(
        `SELECT lane, ${kind}_turn AS turn FROM lanes WHERE ${kind}_turn IS NOT NULL ORDER BY ${kind}_turn LIMIT ? + 0`,
      ),
    });
    this.#turns = { deliver: turns('deliver'), probe: turns('probe') };
  }

  touch(lane: string): void {
    if (!this.#touched.has(lane)) this.#touched.set(lane, {});
  }

  served(lane: string, kind: Kind, served: number, rev: number): void {
    this.#touched.set(lane, { ...this.#touched.get(lane), [kind]: { served, rev } });
  }

  /** Computes anew when the touched lanes have their turn. */
  refresh(): void {
    for (const [lane, { deliver, probe }] of this.#touched) {
      const row = this.#row.get(lane) as LaneRow | undefined;
      const streamDue = this.#streamDue.get(lane)?.due_at;
      const probeDue = this.#probeDue.get(lane)?.due_at;
      if (streamDue === undefined && probeDue === undefined) {
        if (row !== undefined) this.#drop.run(lane);
        continue;
      }
      const delivered = deliver ?? { served: row?.deliver_served ?? 0, rev: row?.deliver_rev ?? 0 };
      const probed = probe ?? { served: row?.probe_served ?? 0, rev: row?.probe_rev ?? 0 };
      const deliverTurn = turnAt(numberOf(streamDue), delivered.served) ?? null;
      const probeTurn = turnAt(numberOf(probeDue), probed.served) ?? null;
      const same =
        row?.deliver_turn === deliverTurn &&
        row.deliver_rev === delivered.rev &&
        row.probe_turn === probeTurn &&
        row.probe_rev === probed.rev;
      if (!same) {
        this.#put.run(lane, deliverTurn, delivered.served, delivered.rev, probeTurn, probed.served, probed.rev);
      }
    }
    this.#touched.clear();
  }

  forgetTouched(): void {
    this.#touched.clear();
  }

  /** Lanes in which something is due by then, those served longest ago first; `limit` of them, those left out not counted. */
  *inTurn(kind: Kind, by: number, limit: number, filter?: LaneFilter): Iterable<string> {
    if (filter !== undefined && 'only' in filter) {
      yield* filter.only;
      return;
    }
    const left = new Set(filter?.except);
    for (const { lane } of this.#turns[kind].inTurn.all(by, limit + left.size)) {
      if (!left.has(String(lane))) yield String(lane);
    }
  }

  /** When the next of those lanes has its turn. */
  next(kind: Kind, filter?: LaneFilter): number | undefined {
    if (filter !== undefined && 'only' in filter) {
      const turns = filter.only.flatMap((lane) => {
        const row = this.#row.get(lane) as LaneRow | undefined;
        return (kind === 'deliver' ? row?.deliver_turn : row?.probe_turn) ?? [];
      });
      return turns.length === 0 ? undefined : Math.min(...turns);
    }
    const left = new Set(filter?.except);
    const rows = this.#turns[kind].next.all(left.size + 1);
    return rows.flatMap(({ lane, turn }) => (left.has(String(lane)) ? [] : Number(turn)))[0];
  }
}

function numberOf(cell: unknown): number | undefined {
  return typeof cell === 'number' ? cell : undefined;
}
