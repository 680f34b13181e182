import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { LaneFilter } from '../../contract.ts';
import { turnAt } from '../../state/derived.ts';
import { LaneTurns } from './turns.ts';

/** Beyond any time. */
export const ever = Number.MAX_SAFE_INTEGER;

type Kind = 'deliver' | 'probe';

interface LaneRow {
  readonly deliver_turn: number | null;
  readonly deliver_served: number;
  readonly deliver_rev: number;
  readonly probe_turn: number | null;
  readonly probe_served: number;
  readonly probe_rev: number;
}

interface Served {
  readonly served: number;
  readonly rev: number;
}

type Lane = Readonly<Record<Kind, Served>>;

const never: Served = { served: 0, rev: 0 };

/** Lanes without anything that waits whose turn is remembered: more than can be at work at a time. */
const mostEmptied = 4_096;

/**
 * Rows of `lanes`. A lane's turn comes when something of it is due, but not before the time at which it was last served: so
 * the lanes that are due come in the order in which they were served, and those that are not are never met.
 */
export class LaneStore {
  /** Lanes in which something may be due at another time, or that were served. */
  readonly #touched = new Map<string, Partial<Lane>>();
  /** When lanes were served whose row was dropped since: what was at work in them comes back to the turn that they had. The latest come last. */
  readonly #emptied = new Map<string, Lane>();
  readonly #row: StatementSync;
  readonly #streamDue: StatementSync;
  readonly #probeDue: StatementSync;
  readonly #put: StatementSync;
  readonly #drop: StatementSync;
  readonly #turns: Readonly<Record<Kind, LaneTurns>>;

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
    this.#turns = { deliver: new LaneTurns(database, 'deliver'), probe: new LaneTurns(database, 'probe') };
  }

  /** Rows and lanes that claims have looked at so far. */
  get visits(): number {
    return this.#turns.deliver.visits + this.#turns.probe.visits;
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
      const before = row === undefined ? this.#emptied.get(lane) : lastServed(row);
      const delivered = deliver ?? before?.deliver ?? never;
      const probed = probe ?? before?.probe ?? never;
      if (streamDue === undefined && probeDue === undefined) {
        if (row !== undefined) this.#drop.run(lane);
        this.#placed(lane, { turn: null, ...delivered }, { turn: null, ...probed });
        this.#remember(lane, { deliver: delivered, probe: probed });
        continue;
      }
      this.#emptied.delete(lane);
      const deliverTurn = turnAt(numberOf(streamDue), delivered.served) ?? null;
      const probeTurn = turnAt(numberOf(probeDue), probed.served) ?? null;
      const same =
        row?.deliver_turn === deliverTurn &&
        row.deliver_rev === delivered.rev &&
        row.probe_turn === probeTurn &&
        row.probe_rev === probed.rev;
      if (!same) {
        this.#put.run(lane, deliverTurn, delivered.served, delivered.rev, probeTurn, probed.served, probed.rev);
        this.#placed(lane, { turn: deliverTurn, rev: delivered.rev }, { turn: probeTurn, rev: probed.rev });
      }
    }
    this.#touched.clear();
  }

  forgetTouched(): void {
    this.#touched.clear();
  }

  /** The rows may be others than were written here. */
  forgetAll(): void {
    this.forgetTouched();
    this.#turns.deliver.forget();
    this.#turns.probe.forget();
  }

  /** Lanes in which something is due by then, those served longest ago first; `limit` of them, those left out not counted. */
  *inTurn(kind: Kind, by: number, limit: number, filter?: LaneFilter): Iterable<string> {
    if (filter !== undefined && 'only' in filter) {
      yield* filter.only;
      return;
    }
    let count = 0;
    for (const [lane] of this.#turns[kind].inTurn(by, filter?.except ?? [], by < ever)) {
      if (count++ >= limit) return;
      yield lane;
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
    for (const [, turn] of this.#turns[kind].inTurn(ever, filter?.except ?? [])) return turn;
    return undefined;
  }

  #placed(lane: string, deliver: { turn: number | null; rev: number }, probe: { turn: number | null; rev: number }): void {
    this.#turns.deliver.put(lane, deliver.turn, deliver.rev);
    this.#turns.probe.put(lane, probe.turn, probe.rev);
  }

  #remember(lane: string, served: Lane): void {
    this.#emptied.delete(lane);
    if (served.deliver.served === 0 && served.probe.served === 0) return;
    this.#emptied.set(lane, served);
    if (this.#emptied.size <= mostEmptied) return;
    for (const oldest of this.#emptied.keys()) {
      this.#emptied.delete(oldest);
      return;
    }
  }
}

function lastServed(row: LaneRow): Lane {
  return {
    deliver: { served: row.deliver_served, rev: row.deliver_rev },
    probe: { served: row.probe_served, rev: row.probe_rev },
  };
}

function numberOf(cell: unknown): number | undefined {
  return typeof cell === 'number' ? cell : undefined;
}
