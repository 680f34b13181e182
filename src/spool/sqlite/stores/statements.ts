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

/** Parameters of a statement for many keys. */
const keysAtOnce = 32;
/** Fewer keys than this are cheaper one by one. */
const fewKeys = 4;

/** Runs a statement for many keys: most of what a small statement costs is the call. */
export class ForKeys {
  readonly #database: DatabaseSync;
  readonly #sql: (isKey: string) => string;
  readonly #one: StatementSync;
  #many: StatementSync | undefined;

  /** @param sql The statement with a condition that `isKey` completes: `id ${isKey}`. Its other parameters come first. */
  constructor(database: DatabaseSync, sql: (isKey: string) => string) {
    this.#database = database;
    this.#sql = sql;
    this.#one = database.prepare(sql('= ?'));
  }

  /** Returns how many rows it changed. */
  run(keys: readonly Cell[], ...before: readonly Cell[]): number {
    let changes = 0;
    let from = 0;
    for (; keys.length - from >= fewKeys; from += keysAtOnce) {
      this.#many ??= this.#database.prepare(this.#sql(`IN (${Array.from({ length: keysAtOnce }, () => '?').join(', ')})`));
      const some = keys.slice(from, from + keysAtOnce);
      // Null is no key.
      while (some.length < keysAtOnce) some.push(null);
      changes += Number(this.#many.run(...before, ...some).changes);
    }
    for (; from < keys.length; from++) changes += Number(this.#one.run(...before, keys[from] as Cell).changes);
    return changes;
  }
}

/** A row before and after a change: the cells of the columns that may change. */
export interface ChangedRow {
  readonly key: number;
  readonly before: readonly Cell[];
  readonly after: readonly Cell[];
}

/**
 * Updates only the columns that change: each column that an UPDATE names costs the work on its indexes, changed or not. There is one statement
 * per kind of change, and few kinds. Rows in succession that get the same values, as all of a settlement do, share a call.
 */
export class ChangedColumns {
  readonly #database: DatabaseSync;
  readonly #table: string;
  readonly #columns: readonly string[];
  readonly #key: string;
  readonly #statements = new Map<number, ForKeys>();

  /** @param columns 31 at most. */
  constructor(database: DatabaseSync, table: string, columns: readonly string[], key: string) {
    this.#database = database;
    this.#table = table;
    this.#columns = columns;
    this.#key = key;
  }

  update(rows: Iterable<ChangedRow>): void {
    let keys: number[] = [];
    let mask = 0;
    let values: Cell[] = [];
    for (const { key, before, after } of rows) {
      let changed = 0;
      const cells: Cell[] = [];
      for (let index = 0; index < after.length; index++) {
        const cell = after[index] as Cell;
        if (cell === before[index]) continue;
        changed |= 1 << index;
        cells.push(cell);
      }
      if (changed === 0) continue;
      if (changed !== mask || !cells.every((cell, index) => cell === values[index])) {
        this.#write(mask, values, keys);
        keys = [];
        mask = changed;
        values = cells;
      }
      keys.push(key);
    }
    this.#write(mask, values, keys);
  }

  #write(mask: number, values: readonly Cell[], keys: readonly number[]): void {
    if (keys.length === 0) return;
    let statement = this.#statements.get(mask);
    if (statement === undefined) {
      const sets = this.#columns.filter((_, index) => (mask & (1 << index)) !== 0).map((name) => `${name} = ?`);
      statement = new ForKeys(
        this.#database,
        (isKey) => `UPDATE ${this.#table} SET ${sets.join(', ')} WHERE ${this.#key} ${isKey}`,
      );
      this.#statements.set(mask, statement);
    }
    statement.run(keys, ...values);
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
