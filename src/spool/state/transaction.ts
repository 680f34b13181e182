import type { Change, SpoolState } from '../contract.ts';
import { type EntryRecord, type EntryStatus, isInNote, type NoteRecord } from './records.ts';

/** The parts that {@link Transaction.move} sets besides the state; `undefined` removes an optional one. */
export type StatusPatch = {
  readonly [Part in Exclude<keyof EntryStatus, 'state' | 'rev'>]?: EntryStatus[Part] | undefined;
};

/** The records below a transaction. */
export interface TableReads {
  entry(id: string): EntryRecord | undefined;
  note(id: string): NoteRecord | undefined;
  entriesOfMessage(messageId: string): readonly string[];
}

/** Finds the entries of an attempt, for a late `delivered`. */
export interface TagReads {
  entriesWithTag(tag: string): Iterable<string>;
}

/** Collects the changes of one operation. Its own reads see them; nobody else does until the storage has committed them. */
export class Transaction {
  readonly entries = new Map<string, EntryRecord>();
  /** Notes that were put; `undefined`: dropped. */
  readonly notes = new Map<string, NoteRecord | undefined>();
  /** Entries to delete: unreadable ones, and tombstones whose time is over. */
  readonly forgotten = new Set<string>();
  readonly changes: Change[] = [];
  readonly rev: number;
  readonly #table: TableReads;
  readonly #messages = new Map<string, string[]>();
  /** ms by which the wall clock is ahead of the spool's time. */
  readonly skew: number;
  #order: number;

  constructor(table: TableReads, rev: number, order: number, skew = 0) {
    this.#table = table;
    this.rev = rev;
    this.#order = order;
    this.skew = skew;
  }

  /** The wall clock at that time of the spool: for times that are shown, and for expiries, which hosts set by the calendar. */
  wall(now: number): number {
    return now + this.skew;
  }

  get lastOrder(): number {
    return this.#order;
  }

  /** Whether there is nothing to write. */
  get empty(): boolean {
    return this.entries.size === 0 && this.notes.size === 0 && this.forgotten.size === 0;
  }

  nextOrder(): number {
    this.#order += 1;
    return this.#order;
  }

  entry(id: string): EntryRecord | undefined {
    return this.entries.get(id) ?? this.#table.entry(id);
  }

  note(id: string | undefined): NoteRecord | undefined {
    if (id === undefined) return undefined;
    return this.notes.has(id) ? this.notes.get(id) : this.#table.note(id);
  }

  entriesOfMessage(messageId: string): readonly string[] {
    return [...this.#table.entriesOfMessage(messageId), ...(this.#messages.get(messageId) ?? [])];
  }

  members(note: NoteRecord): EntryRecord[] {
    const members: EntryRecord[] = [];
    for (const id of note.entryIds) {
      const record = this.entry(id);
      if (record !== undefined) members.push(record);
    }
    return members;
  }

  add(record: EntryRecord): void {
    this.entries.set(record.fixed.id, record);
    const ids = this.#messages.get(record.fixed.messageId);
    if (ids === undefined) this.#messages.set(record.fixed.messageId, [record.fixed.id]);
    else ids.push(record.fixed.id);
  }

  forget(id: string): void {
    this.forgotten.add(id);
  }

  /** Changes the status of an entry, and reports it if the state changes. */
  move(record: EntryRecord, state: SpoolState, patch: StatusPatch = {}): EntryRecord {
    const next: EntryRecord = { fixed: record.fixed, status: patched({ ...record.status, state, rev: this.rev }, patch) };
    this.entries.set(record.fixed.id, next);
    if (record.status.state !== state) this.report(next, record.status.state, state);
    return next;
  }

  report({ fixed, status }: EntryRecord, from: SpoolState, to: SpoolState | 'purged'): void {
    const change: { -readonly [Part in keyof Change]: Change[Part] } = {
      entryId: fixed.id,
      messageId: fixed.messageId,
      from,
      to,
    };
    if (status.noteId !== undefined) change.noteId = status.noteId;
    if (status.reason !== undefined) change.reason = status.reason;
    this.changes.push(change);
  }

  putNote(note: NoteRecord): void {
    this.notes.set(note.id, note);
  }

  dropNote(id: string): void {
    this.notes.set(id, undefined);
  }

  /** Takes an entry out of its note, if it is in one; the other members keep the note. */
  leaveNote({ fixed, status }: EntryRecord): void {
    if (!isInNote(status.state)) return;
    const note = this.note(status.noteId);
    if (note === undefined) return;
    const entryIds = note.entryIds.filter((id) => id !== fixed.id);
    if (entryIds.length === 0) this.dropNote(note.id);
    else this.putNote({ ...note, entryIds });
  }
}

/** Sets the parts of the patch in place; `undefined` removes one. */
function patched(status: EntryStatus, patch: StatusPatch): EntryStatus {
  const given: Readonly<Record<string, unknown>> = patch;
  const parts = status as unknown as Record<string, unknown>;
  // Not Object.entries(): this runs several times per message.
  for (const part in given) {
    if (given[part] !== undefined) parts[part] = given[part];
    else if (part in parts) delete parts[part];
  }
  return status;
}
