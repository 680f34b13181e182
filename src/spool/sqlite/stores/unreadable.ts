import type { RowError } from '../../rows/cells.ts';
import type { StoredRow } from './statements.ts';

/** What the stores have met and could not read, until a group of operations that writes sets it aside. To whoever asked, it was not there. */
export class Unreadable {
  readonly #entries = new Map<string, { readonly row: StoredRow; readonly error: RowError }>();
  readonly #notes = new Map<string, RowError>();

  get found(): boolean {
    return this.#entries.size > 0 || this.#notes.size > 0;
  }

  entry(row: StoredRow, error: RowError): void {
    this.#entries.set(row.id, { row, error });
  }

  note(id: string, error: RowError): void {
    this.#notes.set(id, error);
  }

  takeEntries(): readonly { readonly row: StoredRow; readonly error: RowError }[] {
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    return entries;
  }

  takeNotes(): readonly (readonly [id: string, error: RowError])[] {
    const notes = [...this.#notes];
    this.#notes.clear();
    return notes;
  }

  forget(): void {
    this.#entries.clear();
    this.#notes.clear();
  }
}
