import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { NoteRow } from '../rows/note-row.ts';
import { noteCells, noteColumns, noteOf } from '../rows/note-row.ts';
import type { NoteRecord } from '../table/records.ts';

/** Rows of `notes`. */
export class NoteStore {
  readonly #notes = new Map<string, NoteRecord | undefined>();
  readonly #byId: StatementSync;
  readonly #put: StatementSync;
  readonly #drop: StatementSync;
  readonly #lapsed: StatementSync;
  readonly #renew: StatementSync;

  constructor(database: DatabaseSync) {
    const names = noteColumns.join(', ');
    this.#byId = database.prepare(`SELECT ${names} FROM notes WHERE id = ?`);
    this.#put = database.prepare(`INSERT OR REPLACE INTO notes (${names}) VALUES (${noteColumns.map(() => '?').join(', ')})`);
    this.#drop = database.prepare('DELETE FROM notes WHERE id = ?');
    this.#lapsed = database.prepare('SELECT id FROM notes WHERE lease_until <= ? ORDER BY lease_until LIMIT ?');
    this.#renew = database.prepare('UPDATE notes SET lease_until = ? WHERE id = ? AND token = ?');
  }

  find(id: string): NoteRecord | undefined {
    if (this.#notes.has(id)) return this.#notes.get(id);
    const row = this.#byId.get(id) as NoteRow | undefined;
    const note = row === undefined ? undefined : noteOf(row);
    this.#notes.set(id, note);
    return note;
  }

  put(note: NoteRecord): void {
    this.#put.run(...noteCells(note));
    this.#notes.set(note.id, note);
  }

  drop(id: string): void {
    this.#drop.run(id);
    this.#notes.set(id, undefined);
  }

  /** Ids of notes whose lease has run out. */
  lapsed(now: number, limit: number): string[] {
    return this.#lapsed.all(now, limit).map(({ id }) => String(id));
  }

  /** False when the claim is no longer that note's. */
  renew(noteId: string, token: string, until: number): boolean {
    this.#notes.delete(noteId);
    return this.#renew.run(until, noteId, token).changes > 0;
  }

  endGroup(): void {
    this.#notes.clear();
  }
}
