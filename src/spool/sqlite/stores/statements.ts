import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Cell, EntryRow, RowError } from '../../rows/entry-row.ts';

/*
 * On speed: every statement here has `LIMIT ? + 0`, since SQLite inspects the value of a bare `LIMIT ?`, and so prepares the
 * statement anew each time one is bound.
 */

/** A row of `entries` as read. */
export type StoredRow = EntryRow & { readonly seq: number; readonly stream: number | null };

/** Rows as lists of cells, in the order of the columns: several times as fast as objects. */
export interface RowsOf {
  get(...parameters: Cell[]): readonly Cell[] | undefined;
  all(...parameters: Cell[]): readonly (readonly Cell[])[];
}

export function rowsOf(statement: StatementSync): RowsOf {
  // Missing in Node before 22.16 and 24.
  if (typeof statement.setReturnArrays === 'function') {
    statement.setReturnArrays(true);
    return statement as unknown as RowsOf;
  }
  const cells = (row: object): readonly Cell[] => Object.values(row) as Cell[];
  return {
    get(...parameters) {
      const row = statement.get(...parameters);
      return row === undefined ? undefined : cells(row);
    },
    all: (...parameters) => statement.all(...parameters).map(cells),
  };
}

/**
 * Updates only the columns that change: each column that an UPDATE names costs the work on its indexes, changed or not. There is one statement
 * per kind of change, and few kinds.
 */
export class ChangedColumns {
  readonly #database: DatabaseSync;
  readonly #table: string;
  readonly #columns: readonly string[];
  readonly #key: string;
  readonly #statements = new Map<number, StatementSync>();

  /** @param columns 31 at most. */
  constructor(database: DatabaseSync, table: string, columns: readonly string[], key: string) {
    this.#database = database;
    this.#table = table;
    this.#columns = columns;
    this.#key = key;
  }

  update(key: number, before: readonly Cell[], after: readonly Cell[]): void {
    let mask = 0;
    const values: Cell[] = [];
    for (const [index, cell] of after.entries()) {
      if (cell === before[index]) continue;
      mask |= 1 << index;
      values.push(cell);
    }
    if (mask === 0) return;
    let statement = this.#statements.get(mask);
    if (statement === undefined) {
      const sets = this.#columns.filter((_, index) => (mask & (1 << index)) !== 0).map((name) => `${name} = ?`);
      statement = this.#database.prepare(`UPDATE ${this.#table} SET ${sets.join(', ')} WHERE ${this.#key} = ?`);
      this.#statements.set(mask, statement);
    }
    statement.run(...values, key);
  }
}

/** Unreadable rows that the stores have met, until a group that writes sets them aside. Reads treat them as missing. */
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
