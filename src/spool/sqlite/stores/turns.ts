import type { DatabaseSync } from 'node:sqlite';
import { DueQueue } from '../../../core/queues.ts';
import { type LeftOut, leftOutBy } from '../../state/derived.ts';
import { type RowsOf, rowsOf } from './statements.ts';

/** Where a lane stands in the order of turns. */
interface Place {
  readonly turn: number;
  readonly rev: number;
}

/** Long lists whose look through the index is remembered: what is open for batches, what is not shut, and either beside what is paused. */
const mostLooks = 4;
/** Lanes that a look remembers by name. */
const mostMet = 20_000;
const firstPage = 16;
const largestPage = 512;

/** How far the index was looked through beside one choice of lanes that are left out. */
interface Look {
  readonly long: LeftOut['long'];
  /** All lanes up to here are left out, or were met. */
  passed: Place & { readonly lane: string };
  /** Lanes up to there that are not left out. */
  readonly met: Map<string, Place>;
  readonly turns: DueQueue;
}

/**
 * The lanes of one table by their turn, without those that a claim leaves out: thousands of mailboxes whose server is down come first in the index, at each claim
 * again. So it is remembered how far the index holds nothing else, until something is changed past this connection.
 */
export class LaneTurns {
  readonly #after: RowsOf;
  /** The one used last comes last. */
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

  /** Rows and lanes that were looked at so far. */
  get visits(): number {
    return this.#visits;
  }

  /** Lanes whose turn comes by then, in that order. `remember`: whether what is met on the way is worth it. */
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

  /** A lane was written, and has its turn then, or none. */
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

  /** What others have written, or what was rolled back, may stand anywhere. */
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

  /** Each row moves what is passed. */
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
