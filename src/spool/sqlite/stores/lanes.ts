import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type LeftOut, leftOutBy } from '../../../core/joined.ts';
import { DueQueue } from '../../../core/queues.ts';
import type { LaneFilter } from '../../contract.ts';
import { turnAt } from '../../state/records.ts';
import { type RowsOf, rowsOf } from './statements.ts';

/** A lane's place in the order of turns. */
interface Place {
  readonly turn: number;
  readonly rev: number;
}

/** Remembered scans of the index, one per long list: open for batches, not shut, and each of these with paused lanes. */
const mostLooks = 4;
/** At most this many lanes are remembered by name per scan. */
const mostMet = 20_000;
const firstPage = 16;
const largestPage = 512;

/** How far the index was scanned for one choice of excluded lanes. */
interface Look {
  readonly long: LeftOut['long'];
  /** All lanes up to here are excluded, or in `met`. */
  passed: Place & { readonly lane: string };
  /** Lanes up to `passed` that are not excluded. */
  readonly met: Map<string, Place>;
  readonly turns: DueQueue;
}

/**
 * The lanes of one table by their turn, without those that a claim excludes: thousands of mailboxes whose server is down come first in the index, at every claim.
 * So it remembers up to where the index holds nothing else, until another connection changes something.
 */
export class LaneTurns {
  readonly #after: RowsOf;
  /** The most recently used comes last. */
  readonly #looks: Look[] = [];
  #visits = 0;

  constructor(database: DatabaseSync, kind: 'deliver' | 'probe') {
    const order = `${kind}_turn, ${kind}_rev, lane`;
    this.#after = rowsOf(
      database.prepare(
        `SELECT ${order} FROM lanes WHERE ${kind}_turn IS NOT NULL AND (${order}) > (?, ?, ?) AND ${kind}_turn <= ? ORDER BY ${order} LIMIT ? + 0`,
      ),
    );
  }

  /** Rows and lanes visited so far. */
  get visits(): number {
    return this.#visits;
  }

  /** Lanes whose turn comes by then, in that order. `remember`: whether to keep the lanes met on the way. */
  *inTurn(by: number, except: readonly string[], remember = true): Iterable<readonly [lane: string, turn: number]> {
    const { long, short } = leftOutBy(except);
    const isSkipped = (lane: string): boolean => short.some((set) => set.has(lane));
    const kept = long.length === 0 ? undefined : this.#look(long);
    const look = kept === undefined || remember ? (kept ?? begun(long)) : { ...kept };
    const taken: string[] = [];
    try {
      for (let lane = look.turns.take(by); lane !== undefined; lane = look.turns.take(by)) {
        this.#visits += 1;
        taken.push(lane);
        const { turn } = look.met.get(lane) ?? { turn: by };
        if (!isSkipped(lane)) yield [lane, turn];
      }
      for (const place of this.#rows(look, by)) {
        const { lane, turn } = place;
        if (long.some((set) => set.has(lane)) || look.met.has(lane)) continue;
        if (look === kept) {
          look.met.set(lane, place);
          look.turns.set(lane, turn, place.rev);
        }
        if (!isSkipped(lane)) yield [lane, turn];
      }
    } finally {
      for (const lane of taken) {
        const place = look.met.get(lane);
        if (place !== undefined) look.turns.set(lane, place.turn, place.rev);
      }
    }
  }

  /** Records that a lane was written, with its turn or none. */
  put(lane: string, turn: number | null, rev: number): void {
    for (const look of this.#looks) {
      const { passed, met, turns, long } = look;
      const isBefore = turn !== null && (turn < passed.turn || (turn === passed.turn && rev <= passed.rev));
      if (isBefore && !long.some((set) => set.has(lane))) {
        met.set(lane, { turn, rev });
        turns.set(lane, turn, rev);
      } else if (met.delete(lane)) turns.set(lane, undefined);
    }
    if (this.#looks.some(({ met }) => met.size > mostMet)) this.forget();
  }

  /** Called after writes of others, or a rollback: lanes may be anywhere. */
  forget(): void {
    this.#looks.length = 0;
  }

  #look(long: LeftOut['long']): Look {
    const at = this.#looks.findIndex((look) => look.long.length === long.length && long.every((set, i) => set === look.long[i]));
    const [look = begun(long)] = at < 0 ? [] : this.#looks.splice(at, 1);
    this.#looks.push(look);
    if (this.#looks.length > mostLooks) this.#looks.shift();
    return look;
  }

  /** Reads on from `passed`, and moves it with each row. */
  *#rows(look: Look, by: number): Iterable<Place & { readonly lane: string }> {
    for (let page = firstPage; ; page = Math.min(largestPage, 4 * page)) {
      const { turn, rev, lane } = look.passed;
      const rows = this.#after.all(turn, rev, lane, by, page);
      for (const row of rows) {
        this.#visits += 1;
        look.passed = { turn: Number(row[0]), rev: Number(row[1]), lane: String(row[2]) };
        yield look.passed;
      }
      if (rows.length < page) return;
    }
  }
}

function begun(long: LeftOut['long']): Look {
  const passed = { turn: Number.MIN_SAFE_INTEGER, rev: Number.MIN_SAFE_INTEGER, lane: '' };
  return { long, passed, met: new Map(), turns: new DueQueue() };
}

/** After any time. */
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

/** At most this many empty lanes have their turn remembered: more than can be in progress at a time. */
const mostEmptied = 4_096;

/**
 * Rows of `lanes`. A lane's turn comes when something in it is due, but not before the time at which it was last served: so
 * due lanes come in the order in which they were served, and others are never visited.
 */
export class LaneStore {
  /** Lanes that were served, or whose due times may have changed. */
  readonly #touched = new Map<string, Partial<Lane>>();
  /** When lanes without a row were last served: work that returns to them gets the turn that they had. The latest come last. */
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

  /** Rows and lanes that claims have visited so far. */
  get visits(): number {
    return this.#turns.deliver.visits + this.#turns.probe.visits;
  }

  touch(lane: string): void {
    if (!this.#touched.has(lane)) this.#touched.set(lane, {});
  }

  served(lane: string, kind: Kind, served: number, rev: number): void {
    this.#touched.set(lane, { ...this.#touched.get(lane), [kind]: { served, rev } });
  }

  /** Recomputes the turns of touched lanes. */
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

  /** Called when rows may differ from those written here. */
  forgetAll(): void {
    this.forgetTouched();
    this.#turns.deliver.forget();
    this.#turns.probe.forget();
  }

  /** Lanes in which something is due by then, those served longest ago first; at most `limit`, without excluded ones. */
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

  /** The next turn of those lanes. */
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
