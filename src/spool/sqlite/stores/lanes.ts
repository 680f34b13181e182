import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { LaneFilter, SpoolState } from '../../contract.ts';
import { headDue, turnAt } from '../../state/derived.ts';
import { type Due, type EntryRecord, streamKey } from '../../state/records.ts';
import type { NoteStore } from './notes.ts';

interface HeadRow {
  readonly state: SpoolState;
  readonly due_at: number;
  readonly due_within: number;
  readonly note_id: string | null;
}

/** Rows of `streams`: one for every stream that has active entries, due when its first entry is. */
export class StreamStore {
  readonly #notes: NoteStore;
  /** Streams whose head may be another one. */
  readonly #touched = new Set<number>();
  /** Streams of which nothing has changed but that their head is at work. */
  readonly #busy = new Set<number>();
  readonly #byKey: StatementSync;
  readonly #insert: StatementSync;
  readonly #head: StatementSync;
  readonly #update: StatementSync;
  readonly #rest: StatementSync;
  readonly #drop: StatementSync;

  constructor(database: DatabaseSync, notes: NoteStore) {
    this.#notes = notes;
    this.#byKey = database.prepare('SELECT id FROM streams WHERE key = ?');
    this.#insert = database.prepare('INSERT INTO streams (lane, key, deferred, due_at, due_within) VALUES (?, ?, 0, ?, ?)');
    this.#head = database.prepare('SELECT state, due_at, due_within, note_id FROM entries WHERE stream = ? ORDER BY ord LIMIT 1');
    this.#update = database.prepare('UPDATE streams SET deferred = ?, due_at = ?, due_within = ? WHERE id = ?');
    this.#rest = database.prepare('UPDATE streams SET deferred = 0, due_at = NULL, due_within = 0 WHERE id = ?');
    this.#drop = database.prepare('DELETE FROM streams WHERE id = ?');
  }

  /** The stream that an entry goes to the end of. */
  join({ fixed, status }: EntryRecord): { readonly id: number; readonly isNew: boolean } {
    const key = streamKey(fixed);
    const row = this.#byKey.get(key);
    if (row !== undefined) return { id: Number(row.id), isNew: false };
    const spooled = status.state === 'spooled';
    const { lastInsertRowid } = this.#insert.run(
      fixed.lane,
      key,
      spooled ? Math.ceil(status.due.at) : null,
      Math.ceil(status.due.within),
    );
    return { id: Number(lastInsertRowid), isNew: true };
  }

  touch(id: number): void {
    this.#touched.add(id);
  }

  /** Its head was claimed. */
  touchBusy(id: number): void {
    this.#busy.add(id);
  }

  /** Computes anew when the heads of the touched streams are due; a stream whose head is at work waits for it. */
  refresh(): void {
    for (const id of this.#busy) if (!this.#touched.has(id)) this.#rest.run(id);
    for (const id of this.#touched) {
      const head = this.#head.get(id) as HeadRow | undefined;
      if (head === undefined) this.#drop.run(id);
      else {
        const due = this.#dueOf(head);
        this.#update.run(head.state === 'deferred' ? 1 : 0, due?.at ?? null, due?.within ?? 0, id);
      }
    }
    this.forgetTouched();
  }

  forgetTouched(): void {
    this.#touched.clear();
    this.#busy.clear();
  }

  #dueOf(head: HeadRow): Due | undefined {
    const note = head.state === 'deferred' ? this.#notes.find(head.note_id ?? undefined) : undefined;
    const due = headDue({ state: head.state, due: { at: head.due_at, within: head.due_within } }, note);
    return due === undefined ? undefined : { at: Math.ceil(due.at), within: Math.ceil(due.within) };
  }
}

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
