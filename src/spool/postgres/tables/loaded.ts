import type { SpooledMessage } from '../../contract.ts';
import { type EntryRow, entryOf, fixedColumns, messageOf, RowError, statusColumns } from '../../rows/entry-row.ts';
import { type NoteRow, noteColumns, noteOf } from '../../rows/note-row.ts';
import type { EntryRecord, NoteRecord } from '../../state/records.ts';
import type { TableReads, TagReads } from '../../state/transaction.ts';

/** Columns for {@link Loaded.entryRow}. */
export const entryNames = [...fixedColumns, ...statusColumns];
export const entryColumns = entryNames.join(', ');
/** The same as the result of a query: text reads the same whatever type parsers the host's pool has, and in binary, in which pg reads a bigint wrongly. */
export const entryTexts = (of = ''): string => entryNames.map((name) => `${of}${name}::text`).join(', ');
export const noteRowColumns = noteColumns.join(', ');

/** Matches JSON.stringify() of a storable id. */
const id = String.raw`"(?:[^"\\\x01-\x1f]|\\["\\bfnrt]|\\u00(?:0[1-9a-f]|1[0-9a-f]))*"`;
const idList = String.raw`^\[(?:${id}(?:, ?${id})*)?\]$`.replaceAll('\\', '\\\\');

/** The members of a note as a JSON array of ids. Empty if unreadable: a failing cast would abort the transaction for all other notes too. */
export function memberIds(column: string): string {
  return `CASE WHEN ${column} ~ E'${idList}' THEN ${column}::json ELSE '[]'::json END`;
}

/** An entry as read. */
export interface ReadEntry extends EntryRow {
  readonly body?: string | null;
}

const numbers = [
  ...['weight', 'accepted_at', 'pickup_at', 'expires_in', 'rev', 'due_at', 'due_within', 'expires_at', 'single'],
  ...['cancel_requested', 'attempt', 'ended_at', 'purged', 'ord'],
];

/** Converts an entry's row of {@link entryTexts}. */
export function asEntry(row: Readonly<Record<string, unknown>>): ReadEntry {
  const entry: Record<string, unknown> = { ...row };
  for (const name of numbers) if (entry[name] !== null) entry[name] = Number(entry[name]);
  return entry as unknown as ReadEntry;
}

/** Rows whose content is not what this library writes. */
export class UnreadableRows extends Error {
  /** Errors of entries, by id. */
  readonly entries: ReadonlyMap<string, Error>;
  /** Errors of notes, by id. */
  readonly notes: ReadonlyMap<string, Error>;

  constructor(entries: ReadonlyMap<string, Error>, notes: ReadonlyMap<string, Error>) {
    super(`${entries.size} entries and ${notes.size} notes cannot be read`);
    this.entries = entries;
    this.notes = notes;
  }

  /** The union with another one's rows. */
  and(other: UnreadableRows): UnreadableRows {
    return new UnreadableRows(new Map([...this.entries, ...other.entries]), new Map([...this.notes, ...other.notes]));
  }

  /** Whether it has all rows of another one. */
  includes({ entries, notes }: UnreadableRows): boolean {
    return [...entries.keys()].every((id) => this.entries.has(id)) && [...notes.keys()].every((id) => this.notes.has(id));
  }
}

/** The rows that a transaction has read and locked, for the state transitions. */
export class Loaded implements TableReads, TagReads {
  readonly entries = new Map<string, EntryRecord>();
  readonly notes = new Map<string, NoteRecord>();
  readonly #bodies = new Map<string, string>();
  readonly #byMessage = new Map<string, string[]>();
  readonly #byTag = new Map<string, string[]>();
  readonly #unreadable = new Map<string, Error>();
  readonly #unreadableNotes = new Map<string, Error>();

  entry(id: string): EntryRecord | undefined {
    return this.entries.get(id);
  }

  note(id: string): NoteRecord | undefined {
    return this.notes.get(id);
  }

  /** Only of messages that were queried. */
  entriesOfMessage(messageId: string): readonly string[] {
    return this.#byMessage.get(messageId) ?? [];
  }

  entriesWithTag(tag: string): Iterable<string> {
    return this.#byTag.get(tag) ?? [];
  }

  /** Adds an entry. Those of one message must come in order. */
  entryRow(row: ReadEntry): EntryRecord | undefined {
    if (typeof row.body === 'string') this.#bodies.set(row.id, row.body);
    const known = this.entries.get(row.id);
    if (known !== undefined) return known;
    try {
      const record = entryOf(row);
      this.entries.set(row.id, record);
      add(this.#byMessage, record.fixed.messageId, row.id);
      return record;
    } catch (error) {
      this.markUnreadable(row.id, error);
      return undefined;
    }
  }

  /** Adds a note; returns `undefined` when it is unreadable. */
  noteRow(row: NoteRow): NoteRecord | undefined {
    try {
      const note = noteOf(row);
      this.notes.set(note.id, note);
      return note;
    } catch (error) {
      if (!(error instanceof RowError)) throw error;
      this.#unreadableNotes.set(row.id, error);
      return undefined;
    }
  }

  attemptRow({ tag, entry_id }: { readonly tag: string; readonly entry_id: string }): void {
    add(this.#byTag, tag, entry_id);
  }

  hasMessage(id: string): boolean {
    return this.#bodies.has(id);
  }

  /** The message of an entry, if read with it. */
  message(id: string): SpooledMessage | undefined {
    const record = this.entries.get(id);
    const body = this.#bodies.get(id);
    if (record === undefined || body === undefined) return undefined;
    try {
      return messageOf(body, record.fixed.to);
    } catch (error) {
      this.markUnreadable(id, error);
      return undefined;
    }
  }

  /** The messages of entries that are about to be sent; one that is missing is unreadable too. */
  messages(ids: Iterable<string>): ReadonlyMap<string, SpooledMessage> {
    const messages = new Map<string, SpooledMessage>();
    for (const id of ids) {
      const message = this.message(id);
      if (message === undefined) this.markUnreadable(id, new RowError('the message'));
      else messages.set(id, message);
    }
    this.assertReadable();
    return messages;
  }

  /** @throws {UnreadableRows} when a row was unreadable. */
  assertReadable(): void {
    if (this.#unreadable.size + this.#unreadableNotes.size > 0) throw new UnreadableRows(this.#unreadable, this.#unreadableNotes);
  }

  /** Records that an entry, or its message, is unreadable. @throws any other error than that of a row */
  markUnreadable(id: string, error: unknown): void {
    if (!(error instanceof RowError)) throw error;
    if (!this.#unreadable.has(id)) this.#unreadable.set(id, error);
  }
}

function add(map: Map<string, string[]>, key: string, id: string): void {
  const ids = map.get(key);
  if (ids === undefined) map.set(key, [id]);
  else ids.push(id);
}
