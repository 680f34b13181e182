import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { SpoolState } from '../../contract.ts';
import { headDue } from '../../state/derived.ts';
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
