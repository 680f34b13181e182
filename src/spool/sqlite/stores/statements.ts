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

/** Columns of an entry that was just accepted. */
export const usualEntry = {
  state: 'spooled',
  single: 0,
  unknown_attempts: null,
  cancel_requested: 0,
  tried_by: null,
  note_id: null,
  attempt: 0,
  reason: null,
  ended_at: null,
  sent_class: null,
  purged: 0,
  tombstone_at: null,
};

/** Inserts rows. Columns that hold what is usual in a new row are written in the statement: each parameter costs about 60 ns. */
export class UsualInsert {
  readonly #any: StatementSync;
  readonly #usual: StatementSync;
  /** By place: the usual cell, `undefined` where there is none. */
  readonly #cells: readonly (Cell | undefined)[];

  /** @param verb `INSERT INTO entries`, for example. */
  constructor(database: DatabaseSync, verb: string, columns: readonly string[], usual: Readonly<Record<string, Cell>>) {
    this.#cells = columns.map((name) => usual[name]);
    const values = (cells: readonly (Cell | undefined)[]): string => cells.map(literal).join(', ');
    const statement = (cells: readonly (Cell | undefined)[]): StatementSync =>
      database.prepare(`${verb} (${columns.join(', ')}) VALUES (${values(cells)})`);
    this.#any = statement(columns.map(() => undefined));
    this.#usual = statement(this.#cells);
  }

  /** Returns the row's number. */
  run(cells: readonly Cell[]): number {
    const others: Cell[] = [];
    for (let index = 0; index < cells.length; index++) {
      const [cell, usual] = [cells[index] as Cell, this.#cells[index]];
      if (usual === undefined) others.push(cell);
      else if (cell !== usual) return Number(this.#any.run(...cells).lastInsertRowid);
    }
    return Number(this.#usual.run(...others).lastInsertRowid);
  }
}

function literal(cell: Cell | undefined): string {
  if (cell === undefined) return '?';
  if (cell === null) return 'NULL';
  return typeof cell === 'string' ? `'${cell}'` : `${cell}`;
}

/** A row before and after a change: the cells of the columns that may change. */
export interface ChangedRow {
  readonly key: number;
  readonly before: readonly Cell[];
  readonly after: readonly Cell[];
}

/** A row's key, and its cells in the columns that change. */
interface Values {
  readonly key: number;
  readonly cells: readonly Cell[];
}

/** Which cell differs: -1 if none does, `undefined` if several do, or another one than between earlier rows. */
function differenceOf(one: readonly Cell[], other: readonly Cell[], earlier: number | undefined): number | undefined {
  let at = -1;
  for (let index = 0; index < one.length; index++) {
    if (one[index] === other[index]) continue;
    if (at >= 0 || (earlier !== undefined && earlier !== index)) return undefined;
    at = index;
  }
  return at;
}

/**
 * Updates only the columns that change: each column that an UPDATE names costs the work on its indexes, changed or not. There is one statement
 * per kind of change, and few kinds. Rows in succession share a call if they get the same values, as all of a settlement do, or differ in one,
 * as those of a claim differ in their notes.
 */
export class ChangedColumns {
  readonly #database: DatabaseSync;
  readonly #table: string;
  readonly #columns: readonly string[];
  readonly #key: string;
  readonly #statements = new Map<number, ForKeys>();
  /** By the columns that change, and the one among them in which rows differ. */
  readonly #differing = new Map<string, StatementSync>();

  /** @param columns 31 at most. */
  constructor(database: DatabaseSync, table: string, columns: readonly string[], key: string) {
    this.#database = database;
    this.#table = table;
    this.#columns = columns;
    this.#key = key;
  }

  update(rows: Iterable<ChangedRow>): void {
    let mask = 0;
    let run: Values[] = [];
    let differs: number | undefined;
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
      const first = run[0];
      const at = first === undefined || changed !== mask ? undefined : differenceOf(first.cells, cells, differs);
      if (at === undefined) {
        this.#writeRun(mask, run, differs);
        run = [];
        differs = undefined;
        mask = changed;
      } else if (at >= 0) differs = at;
      run.push({ key, cells });
    }
    this.#writeRun(mask, run, differs);
  }

  #writeRun(mask: number, run: readonly Values[], differs: number | undefined): void {
    const first = run[0];
    if (first === undefined) return;
    if (differs === undefined)
      this.#write(
        mask,
        first.cells,
        run.map(({ key }) => key),
      );
    else if (run.length < fewKeys) for (const { key, cells } of run) this.#write(mask, cells, [key]);
    else this.#writeDiffering(mask, run, differs);
  }

  /** @param at Which of the changed columns differs from row to row. */
  #writeDiffering(mask: number, run: readonly Values[], at: number): void {
    const kind = `${mask} ${at}`;
    let statement = this.#differing.get(kind);
    if (statement === undefined) {
      const rows = Array.from({ length: keysAtOnce }, () => '(?, ?)').join(', ');
      const sets = this.#changed(mask).map((name, index) => `${name} = ${index === at ? 'own.cell' : '?'}`);
      statement = this.#database.prepare(
        `WITH own (id, cell) AS (VALUES ${rows}) UPDATE ${this.#table} SET ${sets.join(', ')} FROM own WHERE ${this.#table}.${this.#key} = own.id`,
      );
      this.#differing.set(kind, statement);
    }
    const shared = (run[0]?.cells ?? []).toSpliced(at, 1);
    for (let from = 0; from < run.length; from += keysAtOnce) {
      const own: Cell[] = [];
      for (let index = from; index < from + keysAtOnce; index++) {
        const row = run[index];
        // Null is no key.
        own.push(row?.key ?? null, row?.cells[at] ?? null);
      }
      statement.run(...own, ...shared);
    }
  }

  #changed(mask: number): readonly string[] {
    return this.#columns.filter((_, index) => (mask & (1 << index)) !== 0);
  }

  #write(mask: number, values: readonly Cell[], keys: readonly number[]): void {
    if (keys.length === 0) return;
    let statement = this.#statements.get(mask);
    if (statement === undefined) {
      const sets = this.#changed(mask).map((name) => `${name} = ?`);
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
