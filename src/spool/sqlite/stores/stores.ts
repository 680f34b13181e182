import type { DatabaseSync } from 'node:sqlite';
import type { EntryRecord, NoteRecord } from '../../state/records.ts';
import type { TableReads, TagReads } from '../../state/transaction.ts';
import { EntryStore } from './entries.ts';
import { LaneStore } from './lanes.ts';
import { NoteStore } from './notes.ts';
import { StreamStore } from './streams.ts';
import { SpoolRowStore } from './totals.ts';
import { Unreadable } from './unreadable.ts';

/** All tables of a spool on one connection, as the state transitions read them. */
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

  /** What only this group needed is forgotten. */
  endGroup(): void {
    this.entries.endGroup();
    this.notes.endGroup();
    this.#forgetPlans();
  }

  /** What was read or planned counts no more: it was rolled back, or another process has changed something. */
  forgetAll(): void {
    this.entries.forgetAll();
    this.notes.forgetAll();
    this.unreadable.forget();
    this.#forgetPlans();
  }

  #forgetPlans(): void {
    this.streams.forgetTouched();
    this.lanes.forgetTouched();
    this.spool.forget();
  }
}
