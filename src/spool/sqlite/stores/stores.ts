import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Clock } from '../../../core/clock.ts';
import { type SpoolState, spoolStates } from '../../contract.ts';
import type { EntryRecord, NoteRecord } from '../../state/records.ts';
import type { TableReads, TagReads } from '../../state/transaction.ts';
import { countColumns } from '../connection/schema.ts';
import { EntryStore } from './entries.ts';
import { LaneStore } from './lanes.ts';
import { NoteStore, StreamStore } from './notes.ts';
import { Unreadable } from './statements.ts';

/** All tables of a spool on one connection, for the state transitions. */
export class Stores implements TableReads, TagReads {
  readonly unreadable = new Unreadable();
  readonly spool: SpoolRowStore;
  readonly entries: EntryStore;
  readonly notes: NoteStore;
  readonly streams: StreamStore;
  readonly lanes: LaneStore;

  constructor(database: DatabaseSync) {
    this.spool = new SpoolRowStore(database);
    this.entries = new EntryStore(database, this.unreadable);
    this.notes = new NoteStore(database, this.unreadable);
    this.streams = new StreamStore(database, this.notes);
    this.lanes = new LaneStore(database);
  }

  entry(id: string): EntryRecord | undefined {
    return this.entries.find(id)?.record;
  }

  note(id: string): NoteRecord | undefined {
    return this.notes.find(id);
  }

  entriesOfMessage(messageId: string): readonly string[] {
    return this.entries.idsOfMessage(messageId);
  }

  entriesWithTag(tag: string): Iterable<string> {
    return this.entries.idsWithTag(tag);
  }

  /** Forgets what only this group needed. */
  endGroup(): void {
    this.entries.endGroup();
    this.notes.endGroup();
    this.#forgetPlans();
  }

  /** After a commit of another process: cached rows are validated before use. */
  markStale(): void {
    this.entries.markStale();
    this.notes.markStale();
    this.#forgetRead();
  }

  /** Forgets everything read or planned: after a rollback, for example. */
  forgetAll(): void {
    this.entries.forgetAll();
    this.notes.forgetAll();
    this.#forgetRead();
  }

  #forgetRead(): void {
    this.unreadable.forget();
    this.lanes.forgetAll();
    this.#forgetPlans();
  }

  #forgetPlans(): void {
    this.streams.forgetTouched();
    this.lanes.forgetTouched();
    this.spool.forget();
  }
}

/** The one row of `spool`: revision, order, clock, totals. */
export interface SpoolRow {
  readonly rev: number;
  readonly ord: number;
  readonly clock_offset: number;
  /** The spool's time at the last change. */
  readonly last_now: number;
  /** Number of groups that appended something: other processes watch it. */
  readonly appends: number;
}

/** The change that a group of operations makes to {@link SpoolRow}. */
export interface SpoolRowChange {
  readonly rev: number;
  readonly ord: number;
  readonly offset: number;
  readonly now: number;
  readonly appended: boolean;
}

/** Reads and writes the totals; sums the differences of a group first. */
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

  /** Adds or subtracts an entry. Purged ones don't count. */
  count({ status }: EntryRecord, by: 1 | -1): void {
    if (status.purged !== true) this.countState(status.state, by);
  }

  countState(state: SpoolState, by: 1 | -1): void {
    this.#differences.set(state, (this.#differences.get(state) ?? 0) + by);
  }

  /** Counts everything written so far: after a row whose state is unknown. */
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

/** ms: smaller differences are two readings of one clock. */
const tolerance = 50;

/**
 * The time of a spool that several processes share: the machine's wall clock plus an offset stored in the file. A process
 * that sees the wall clock jump against its own monotonic clock moves the offset the other way, under the write lock; the
 * others, which see the same jump, find it compensated. So no due time and no lease moves while a process has the spool open.
 * Displayed times and expiries follow the wall clock itself.
 */
export class SharedClock {
  readonly #clock: Clock;
  /** The spool's time and the monotonic time at the last look. */
  #last: { readonly now: number; readonly monotonic: number } | undefined;
  /** The smallest lead of the wall clock over the spool's time so far. */
  #leastSkew = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The spool's time for a stored offset, and the offset that yields it: a new one if the wall clock has jumped. */
  read(offset: number): { readonly now: number; readonly offset: number } {
    const wall = this.#clock.now();
    const monotonic = this.#clock.monotonic();
    const told = wall + offset;
    const expected = this.#last === undefined ? told : this.#last.now + (monotonic - this.#last.monotonic);
    const jumped = Math.abs(told - expected) > tolerance;
    const exact = jumped ? expected : told;
    this.#last = { now: exact, monotonic };
    const right = jumped ? Math.round(expected - wall) : offset;
    this.#leastSkew = Math.min(this.#leastSkew, -right);
    return { now: Math.floor(exact), offset: right };
  }

  /** ms: a lead of the wall clock such that no tombstone seen here is ahead of it by more than the time since, however the clock was set. */
  get leastSkew(): number {
    return this.#leastSkew;
  }
}
