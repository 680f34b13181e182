import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { RowError } from '../../rows/entry-row.ts';
import { type NoteRow, noteCells, noteColumns, noteOf } from '../../rows/note-row.ts';
import type { NoteRecord } from '../../state/records.ts';
import type { Unreadable } from './statements.ts';
import { type RowsOf, rowsOf } from './statements.ts';

/** Notes at work that are kept in memory at most. */
const mostKept = 1_024;

/** Rows of `notes`. As with entries, what is at work stays in memory until another process changes anything. */
export class NoteStore {
  readonly #notes = new Map<string, NoteRecord | undefined>();
  readonly #touched = new Set<string>();
  readonly #byId: RowsOf;
  readonly #put: StatementSync;
  readonly #drop: StatementSync;
  readonly #lapsed: RowsOf;
  readonly #renew: StatementSync;
  readonly #unreadable: Unreadable;

  constructor(database: DatabaseSync, unreadable: Unreadable) {
    this.#unreadable = unreadable;
    const names = noteColumns.join(', ');
    this.#byId = rowsOf(database.prepare(`SELECT ${names} FROM notes WHERE id = ?`));
    this.#put = database.prepare(`INSERT OR REPLACE INTO notes (${names}) VALUES (${noteColumns.map(() => '?').join(', ')})`);
    this.#drop = database.prepare('DELETE FROM notes WHERE id = ?');
    this.#lapsed = rowsOf(database.prepare('SELECT id FROM notes WHERE lease_until <= ? ORDER BY lease_until LIMIT ? + 0'));
    this.#renew = database.prepare('UPDATE notes SET lease_until = ? WHERE id = ? AND token = ?');
  }

  find(id: string | undefined): NoteRecord | undefined {
    if (id === undefined) return undefined;
    if (this.#notes.has(id)) return this.#notes.get(id);
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
    this.#put.run(...noteCells(note));
    this.#keep(note.id, note);
  }

  drop(id: string): void {
    this.#drop.run(id);
    this.#keep(id, undefined);
  }

  /** Ids of notes whose lease has run out. */
  lapsed(now: number, limit: number): string[] {
    return this.#lapsed.all(now, limit).map(([id]) => String(id));
  }

  /** False when the claim is no longer that note's. */
  renew(noteId: string, token: string, until: number): boolean {
    this.#notes.delete(noteId);
    return this.#renew.run(until, noteId, token).changes > 0;
  }

  endGroup(): void {
    if (this.#notes.size > mostKept) this.forgetAll();
    for (const id of this.#touched) if (this.#notes.get(id)?.lease === undefined) this.#notes.delete(id);
    this.#touched.clear();
  }

  forgetAll(): void {
    this.#notes.clear();
    this.#touched.clear();
  }

  #keep(id: string, note: NoteRecord | undefined): NoteRecord | undefined {
    this.#notes.set(id, note);
    this.#touched.add(id);
    return note;
  }
}
