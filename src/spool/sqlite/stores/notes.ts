import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { missing } from '../../../core/errors/missing.ts';
import { knownState, RowError, whole } from '../../rows/entry-row.ts';
import { type NoteRow, noteCells, noteColumns, noteOf } from '../../rows/note-row.ts';
import { headDue } from '../../state/derived.ts';
import { type Due, type EntryRecord, type NoteRecord, streamKey } from '../../state/records.ts';
import { ForKeys, type RowsOf, rowsOf, type Unreadable, UsualInsert } from './statements.ts';

/** At most this many notes in progress are kept in memory. */
const mostKept = 1_024;

/** Columns of a note that is claimed for the first time. */
const usualNote = {
  state: 'delivering',
  due_within: 0,
  failures: 0,
  probes: 0,
  absences: 0,
  unconfirmed_for: 0,
  lease_kind: 'deliver',
  lease_before: null,
  lease_tried_by: null,
};

/** Rows of `notes`. As with entries, notes in progress stay in memory, and are valid after a commit of another process if their row still has the same claim. */
export class NoteStore {
  readonly #notes = new Map<string, NoteRecord | undefined>();
  /** Read before another process committed. */
  readonly #stale = new Map<string, NoteRecord>();
  #touched: string[] = [];
  readonly #byId: RowsOf;
  readonly #claim: RowsOf;
  readonly #put: UsualInsert;
  readonly #drop: ForKeys;
  readonly #lapsed: RowsOf;
  readonly #renew: StatementSync;
  readonly #unreadable: Unreadable;

  constructor(database: DatabaseSync, unreadable: Unreadable) {
    this.#unreadable = unreadable;
    const names = noteColumns.join(', ');
    this.#byId = rowsOf(database.prepare(`SELECT ${names} FROM notes WHERE id = ?`));
    this.#claim = rowsOf(
      database.prepare('SELECT token, lease_until, due_at, last_ran_at, entry_ids, frozen FROM notes WHERE id = ?'),
    );
    this.#put = new UsualInsert(database, 'INSERT OR REPLACE INTO notes', noteColumns, usualNote);
    this.#drop = new ForKeys(database, (isKey) => `DELETE FROM notes WHERE id ${isKey}`);
    this.#lapsed = rowsOf(database.prepare('SELECT id FROM notes WHERE lease_until <= ? ORDER BY lease_until LIMIT ? + 0'));
    this.#renew = database.prepare('UPDATE notes SET lease_until = ? WHERE id = ? AND token = ?');
  }

  find(id: string | undefined): NoteRecord | undefined {
    if (id === undefined) return undefined;
    if (this.#notes.has(id)) return this.#notes.get(id);
    const unchanged = this.#unchanged(id);
    if (unchanged !== undefined) return unchanged;
    const cells = this.#byId.get(id);
    const row = cells === undefined ? undefined : Object.fromEntries(noteColumns.map((name, index) => [name, cells[index]]));
    if (row === undefined) return this.#keep(id, undefined);
    try {
      return this.#keep(id, noteOf(row as unknown as NoteRow));
    } catch (error) {
      if (!(error instanceof RowError)) throw error;
      this.#unreadable.note(id, error);
      return undefined;
    }
  }

  put(note: NoteRecord): void {
    this.#put.run(noteCells(note));
    this.#keep(note.id, note);
  }

  drop(ids: readonly string[]): void {
    this.#drop.run(ids);
    for (const id of ids) this.#keep(id, undefined);
  }

  /** Ids of notes whose lease has expired. */
  lapsed(now: number, limit: number): string[] {
    return this.#lapsed.all(now, limit).map(([id]) => String(id));
  }

  /** Extends a lease. Returns false if the note has another claim, or none. */
  renew(noteId: string, token: string, until: number): boolean {
    this.#notes.delete(noteId);
    this.#stale.delete(noteId);
    return this.#renew.run(until, noteId, token).changes > 0;
  }

  endGroup(): void {
    if (this.#notes.size + this.#stale.size > mostKept) this.forgetAll();
    for (const id of this.#touched) if (this.#notes.get(id)?.lease === undefined) this.#notes.delete(id);
    this.#touched = [];
  }

  /** Called after a commit of another process. */
  markStale(): void {
    for (const [id, note] of this.#notes) if (note !== undefined) this.#stale.set(id, note);
    this.#notes.clear();
    this.#touched = [];
  }

  forgetAll(): void {
    this.#notes.clear();
    this.#stale.clear();
    this.#touched = [];
  }

  #keep(id: string, note: NoteRecord | undefined): NoteRecord | undefined {
    this.#notes.set(id, note);
    this.#stale.delete(id);
    this.#touched.push(id);
    return note;
  }

  /** A stale note that is still valid. Only the owner of a claim settles or renews it; other processes expire its lease, or remove an unreadable member. */
  #unchanged(id: string): NoteRecord | undefined {
    const note = this.#stale.get(id);
    if (note?.lease === undefined) return undefined;
    const { lease, due, lastRanAt, entryIds, frozen } = note;
    const row = this.#claim.get(id);
    const same =
      row?.[0] === lease.token &&
      row[1] === whole(lease.until) &&
      row[2] === whole(due.at) &&
      row[3] === whole(lastRanAt) &&
      row[4] === JSON.stringify(entryIds) &&
      row[5] === (frozen === undefined ? null : JSON.stringify(frozen));
    return same ? this.#keep(id, note) : undefined;
  }
}

interface HeadRow {
  readonly state: string;
  readonly due_at: number;
  readonly due_within: number;
  readonly note_id: string | null;
}

/** Rows of `streams`: one per stream with active entries, due when its first entry is. */
export class StreamStore {
  readonly #notes: NoteStore;
  /** Streams whose head may have changed. */
  readonly #touched = new Set<number>();
  /** Streams of which only the head was claimed. */
  #busy: number[] = [];
  /** Streams that an entry has left. */
  #left: number[] = [];
  readonly #byKey: StatementSync;
  readonly #insert: StatementSync;
  readonly #head: StatementSync;
  readonly #update: StatementSync;
  readonly #rest: ForKeys;
  readonly #dropEmpty: ForKeys;

  constructor(database: DatabaseSync, notes: NoteStore) {
    this.#notes = notes;
    this.#byKey = database.prepare('SELECT id FROM streams WHERE key = ?');
    this.#insert = database.prepare(
      'INSERT INTO streams (lane, key, deferred, due_at, due_within) VALUES (?, ?, 0, ?, ?) ON CONFLICT (key) DO NOTHING',
    );
    this.#head = database.prepare('SELECT state, due_at, due_within, note_id FROM entries WHERE stream = ? ORDER BY ord LIMIT 1');
    this.#update = database.prepare('UPDATE streams SET deferred = ?, due_at = ?, due_within = ? WHERE id = ?');
    this.#rest = new ForKeys(
      database,
      (isKey) => `UPDATE streams SET deferred = 0, due_at = NULL, due_within = 0 WHERE id ${isKey}`,
    );
    this.#dropEmpty = new ForKeys(
      database,
      (isKey) => `DELETE FROM streams WHERE id ${isKey} AND NOT EXISTS (SELECT 1 FROM entries WHERE stream = streams.id)`,
    );
  }

  /** The stream to whose end an entry goes. */
  join({ fixed, status }: EntryRecord): { readonly id: number; readonly isNew: boolean } {
    const key = streamKey(fixed);
    const spooled = status.state === 'spooled';
    // Most are new: to look for one first would be another call.
    const { changes, lastInsertRowid } = this.#insert.run(
      fixed.lane,
      key,
      spooled ? Math.ceil(status.due.at) : null,
      Math.ceil(status.due.within),
    );
    if (changes > 0) return { id: Number(lastInsertRowid), isNew: true };
    return { id: Number((this.#byKey.get(key) ?? missing('A stream')).id), isNew: false };
  }

  touch(id: number): void {
    this.#touched.add(id);
  }

  /** Records that its head was claimed. */
  touchBusy(id: number): void {
    if (this.#busy.at(-1) !== id) this.#busy.push(id);
  }

  /** Records that an entry has left it. */
  touchLeft(id: number): void {
    if (this.#left.at(-1) !== id) this.#left.push(id);
  }

  /** Recomputes when the heads of touched streams are due; a stream whose head is in progress waits for it. */
  refresh(): void {
    this.#rest.run(this.#busy);
    // Most had no other entry.
    if (this.#dropEmpty.run(this.#left) < this.#left.length) for (const id of this.#left) this.#touched.add(id);
    for (const id of this.#touched) {
      const head = this.#head.get(id) as HeadRow | undefined;
      if (head === undefined) this.#dropEmpty.run([id]);
      else {
        const due = this.#dueOf(head);
        this.#update.run(head.state === 'deferred' ? 1 : 0, due?.at ?? null, due?.within ?? 0, id);
      }
    }
    this.forgetTouched();
  }

  forgetTouched(): void {
    this.#touched.clear();
    this.#busy = [];
    this.#left = [];
  }

  #dueOf(head: HeadRow): Due | undefined {
    const note = head.state === 'deferred' ? this.#notes.find(head.note_id ?? undefined) : undefined;
    // A state that nobody writes: the claim that reads it sets the row aside, and the rest of the stream goes on.
    const state = knownState(head.state) ?? 'spooled';
    const due = headDue({ state, due: { at: head.due_at, within: head.due_within } }, note);
    return due === undefined ? undefined : { at: Math.ceil(due.at), within: Math.ceil(due.within) };
  }
}
