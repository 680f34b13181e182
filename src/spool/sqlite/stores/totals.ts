import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type SpoolState, spoolStates } from '../../contract.ts';
import type { EntryRecord } from '../../state/records.ts';
import { countColumns } from '../connection/schema.ts';

/** The one row of `spool`: revision, order, clock, totals. */
export interface SpoolRow {
  readonly rev: number;
  readonly ord: number;
  readonly clock_offset: number;
  /** The spool's time at the last change. */
  readonly last_now: number;
  /** Groups that appended something: what other processes watch. */
  readonly appends: number;
}

/** What a group of operations makes of {@link SpoolRow}. */
export interface SpoolRowChange {
  readonly rev: number;
  readonly ord: number;
  readonly offset: number;
  readonly now: number;
  readonly appended: boolean;
}

/** Reads and writes the totals; differences of a group are added up first. */
export class SpoolRowStore {
  readonly #read: StatementSync;
  readonly #write: StatementSync;
  readonly #counts: StatementSync;
  readonly #recount: StatementSync;
  readonly #differences = new Map<SpoolState, number>();

  constructor(database: DatabaseSync) {
    this.#read = database.prepare('SELECT rev, ord, clock_offset, last_now, appends FROM spool');
    this.#counts = database.prepare(`SELECT ${countColumns.join(', ')} FROM spool`);
    const counted = spoolStates.map(
      (state) => `${state}_count = (SELECT count(*) FROM entries WHERE state = '${state}' AND purged = 0)`,
    );
    this.#recount = database.prepare(`UPDATE spool SET ${counted.join(', ')}`);
    this.#write = database.prepare(
      `UPDATE spool SET rev = ?, ord = ?, clock_offset = ?, last_now = ?, appends = appends + ?,
       ${countColumns.map((name) => `${name} = ${name} + ?`).join(', ')}`,
    );
  }

  read(): SpoolRow {
    return this.#read.get() as unknown as SpoolRow;
  }

  counts(): Record<SpoolState, number> {
    const row = this.#counts.get() ?? {};
    const entries = spoolStates.map((state) => [state, Number(row[`${state}_count`] ?? 0) + (this.#differences.get(state) ?? 0)]);
    return Object.fromEntries(entries) as Record<SpoolState, number>;
  }

  /** Counts an entry, or one that is gone. Purged ones count no more. */
  count({ status }: EntryRecord, by: 1 | -1): void {
    if (status.purged !== true) this.countState(status.state, by);
  }

  countState(state: SpoolState, by: 1 | -1): void {
    this.#differences.set(state, (this.#differences.get(state) ?? 0) + by);
  }

  /** Counts what is written so far, all of it: after a row whose state nobody knows any more. */
  recount(): void {
    this.#recount.run();
    this.#differences.clear();
  }

  write({ rev, ord, offset, now, appended }: SpoolRowChange): void {
    this.#write.run(rev, ord, offset, now, appended ? 1 : 0, ...spoolStates.map((state) => this.#differences.get(state) ?? 0));
    this.#differences.clear();
  }

  forget(): void {
    this.#differences.clear();
  }
}
