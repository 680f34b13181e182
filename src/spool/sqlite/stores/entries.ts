import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { SpooledMessage } from '../../contract.ts';
import { addedAttempts } from '../../rows/attempts.ts';
import {
  bodyOf,
  type Cell,
  entryOf,
  fixedCells,
  fixedColumns,
  messageOf,
  RowError,
  statusCells,
  statusColumns,
  whole,
} from '../../rows/entry-row.ts';
import { type EntryRecord, type EntryStatus, isInNote, isTombstone, mayExpireAt, tombstoneSince } from '../../state/records.ts';
import type { Unreadable } from './statements.ts';
import {
  ChangedColumns,
  type ChangedRow,
  ForKeys,
  type RowsOf,
  rowsOf,
  type StoredRow,
  UsualInsert,
  usualEntry,
} from './statements.ts';

/** The columns that {@link storedRow} reads, in its order. */
export const entryNames: readonly string[] = ['seq', 'stream', ...fixedColumns, ...statusColumns];
export const entryColumns = entryNames.join(', ');

/** Names the cells; written out for speed, since every claim and settlement passes here. The tables are STRICT: types are right. */
export function storedRow(cells: readonly Cell[]): StoredRow {
  return {
    seq: cells[0],
    stream: cells[1],
    id: cells[2],
    message_id: cells[3],
    content_hash: cells[4],
    lane: cells[5],
    conversation_id: cells[6],
    audience: cells[7],
    recipients_key: cells[8],
    message_class: cells[9],
    weight: cells[10],
    recipients: cells[11],
    accepted_at: cells[12],
    pickup_at: cells[13],
    expires_in: cells[14],
    state: cells[15],
    rev: cells[16],
    due_at: cells[17],
    due_within: cells[18],
    expires_at: cells[19],
    single: cells[20],
    unknown_attempts: cells[21],
    cancel_requested: cells[22],
    tried_by: cells[23],
    note_id: cells[24],
    attempt: cells[25],
    reason: cells[26],
    ended_at: cells[27],
    sent_class: cells[28],
    purged: cells[29],
    ord: cells[30],
  } as StoredRow;
}

/** An entry and its place in the tables. */
export interface Stored {
  readonly seq: number;
  readonly stream: number | null;
  readonly record: EntryRecord;
  /** The columns that change, if this process has written them. */
  readonly cells?: readonly Cell[];
}

/** A change of an entry that is stored. */
export interface StoredChange {
  readonly before: Stored;
  readonly record: EntryRecord;
  readonly stream: number | null;
}

const columns = [...fixedColumns, ...statusColumns];
const derived = ['expiry', 'tombstone_at'] as const;

/** At most this many entries in progress are kept in memory. */
const mostKept = 1_024;

/**
 * Rows of `entries`, `bodies` and `attempts`. Caches what a group of operations has read until the group ends, and entries in
 * progress until they are settled. After a commit of another process a cached entry is valid if its row still has the same revision.
 */
export class EntryStore {
  readonly #stored = new Map<string, Stored>();
  /** Read before another process committed. */
  #stale = new Map<string, Stored>();
  /** Read or written by this group. */
  #touched: string[] = [];
  readonly #byId: RowsOf;
  readonly #revision: RowsOf;
  readonly #ofMessage: RowsOf;
  readonly #withTag: RowsOf;
  readonly #ofNote: RowsOf;
  readonly #insert: UsualInsert;
  readonly #update: ChangedColumns;
  readonly #putBody: StatementSync;
  readonly #body: RowsOf;
  readonly #dropBodies: ForKeys;
  readonly #putAttempt: StatementSync;
  readonly #dropAttempt: StatementSync;
  readonly #drop: StatementSync;
  readonly #setAside: StatementSync;
  readonly #unreadableRows: Unreadable;

  constructor(database: DatabaseSync, unreadable: Unreadable) {
    this.#unreadableRows = unreadable;
    const prepare = (sql: string) => database.prepare(sql);
    this.#byId = rowsOf(prepare(`SELECT ${entryColumns} FROM entries WHERE id = ?`));
    this.#revision = rowsOf(prepare('SELECT id, rev, due_at, expires_at FROM entries WHERE seq = ?'));
    this.#ofMessage = rowsOf(prepare('SELECT id FROM entries WHERE message_id = ? ORDER BY seq'));
    this.#withTag = rowsOf(prepare('SELECT entry_id FROM attempts WHERE tag = ?'));
    this.#ofNote = rowsOf(
      prepare(`SELECT ${entryColumns} FROM entries WHERE note_id = ? AND state IN ('delivering', 'deferred', 'unconfirmed')`),
    );
    this.#insert = new UsualInsert(database, 'INSERT INTO entries', [...columns, 'stream', ...derived], usualEntry);
    this.#update = new ChangedColumns(database, 'entries', [...statusColumns, 'stream', ...derived], 'seq');
    this.#putBody = prepare('INSERT INTO bodies (seq, body) VALUES (?, ?)');
    this.#body = rowsOf(prepare('SELECT body FROM bodies WHERE seq = ?'));
    this.#dropBodies = new ForKeys(database, (isKey) => `DELETE FROM bodies WHERE seq ${isKey}`);
    this.#putAttempt = prepare('INSERT OR IGNORE INTO attempts (tag, entry_id) VALUES (?, ?)');
    this.#dropAttempt = prepare('DELETE FROM attempts WHERE tag = ? AND entry_id = ?');
    this.#drop = prepare('DELETE FROM entries WHERE seq = ?');
    this.#setAside = prepare(
      `INSERT INTO corrupt (at, what, entry, body)
       SELECT ?, ?, json_object(${[...columns].map((name) => `'${name}', ${name}`).join(', ')}), body
       FROM entries LEFT JOIN bodies USING (seq) WHERE seq = ?`,
    );
  }

  find(id: string): Stored | undefined {
    const known = this.#stored.get(id) ?? this.#unchanged(id);
    if (known !== undefined) return known;
    const row = this.#row(id);
    return row === undefined ? undefined : this.read(row);
  }

  /** Converts a row that a query found; `undefined` if it is unreadable, and to be set aside. */
  read(row: StoredRow): Stored | undefined {
    const known = this.#stored.get(row.id);
    if (known !== undefined) return known;
    try {
      return this.#keep({ seq: row.seq, stream: row.stream, record: entryOf(row) });
    } catch (error) {
      this.#unreadable(row, error);
      return undefined;
    }
  }

  /** Members of a lost note; a full scan, for the rare case only. */
  rowsOfNote(noteId: string): StoredRow[] {
    return this.#ofNote.all(noteId).map(storedRow);
  }

  idsOfMessage(messageId: string): string[] {
    return this.#ofMessage.all(messageId).map(([id]) => String(id));
  }

  idsWithTag(tag: string): string[] {
    return this.#withTag.all(tag).map(([id]) => String(id));
  }

  /** Its message; `undefined` if there is none, or if it is unreadable and the entry is to be set aside. @param read Its body, if it was read already. */
  message({ seq, record }: Stored, read?: string): SpooledMessage | undefined {
    const body = read ?? this.#body.get(seq)?.[0];
    if (body === undefined) return undefined;
    try {
      return messageOf(String(body), record.fixed.to);
    } catch (error) {
      this.#unreadable(this.#row(record.fixed.id), error);
      return undefined;
    }
  }

  /** Records that a waiting entry has no message: it is unreadable too. */
  bodyMissing({ record }: Stored): void {
    this.#unreadable(this.#row(record.fixed.id), new RowError('the message'));
  }

  insert(record: EntryRecord, stream: number | null, message: SpooledMessage | undefined): void {
    const { fixed, status } = record;
    const cells = changingCells(status, stream);
    const seq = this.#insert.run([...fixedCells(fixed), ...cells]);
    // It may have been cancelled in the same group, and purged after that: nothing removes the text of a tombstone.
    if (message !== undefined && !isTombstone(status)) this.#putBody.run(seq, bodyOf(message));
    this.#putAttempts(record, undefined);
    this.#keep({ seq, stream, record, cells });
  }

  /** Updates entries, each of which is there once. */
  update(changes: readonly StoredChange[]): void {
    const ended: number[] = [];
    const rows = changes.map(({ before, record, stream }): ChangedRow => {
      const { seq } = before;
      const { status } = record;
      const cells = changingCells(status, stream);
      if (isTombstone(status) && !isTombstone(before.record.status)) ended.push(seq);
      this.#putAttempts(record, before.record);
      this.#keep({ seq, stream, record, cells });
      return { key: seq, before: before.cells ?? changingCells(before.record.status, before.stream), after: cells };
    });
    this.#update.update(rows);
    this.#dropBodies.run(ended);
  }

  forget({ seq, record: { fixed, status } }: Stored): void {
    this.#drop.run(seq);
    this.#dropBodies.run([seq]);
    for (const { tag } of status.unknownAttempts) this.#dropAttempt.run(tag, fixed.id);
    this.#stored.delete(fixed.id);
  }

  /** Moves an unreadable row to `corrupt`. */
  setAside(row: StoredRow, what: string, at: number): void {
    this.#setAside.run(at, what, row.seq);
    this.#drop.run(row.seq);
    this.#dropBodies.run([row.seq]);
    this.#stored.delete(row.id);
    this.#stale.delete(row.id);
  }

  /** Keeps only entries in progress, which are likely to be read again. */
  endGroup(): void {
    if (this.#stored.size + this.#stale.size > mostKept) this.forgetAll();
    for (const id of this.#touched) {
      const stored = this.#stored.get(id);
      if (stored !== undefined && !isInNote(stored.record.status.state)) this.#stored.delete(id);
    }
    this.#touched = [];
  }

  /** Called after a commit of another process. */
  markStale(): void {
    for (const [id, stored] of this.#stored) this.#stale.set(id, stored);
    this.#stored.clear();
    this.#touched = [];
  }

  /** Called after a rollback, for example: a revision may be assigned again. */
  forgetAll(): void {
    this.#stored.clear();
    this.#stale.clear();
    this.#touched = [];
  }

  #keep(stored: Stored): Stored {
    const { id } = stored.record.fixed;
    this.#stored.set(id, stored);
    this.#stale.delete(id);
    this.#touched.push(id);
    return stored;
  }

  /** A stale entry that is still valid: every change of a status has its own revision, except after a clock was set back. */
  #unchanged(id: string): Stored | undefined {
    const stored = this.#stale.get(id);
    if (stored === undefined) return undefined;
    this.#stale.delete(id);
    const { rev, due, expiresAt } = stored.record.status;
    const row = this.#revision.get(stored.seq);
    const same = row?.[0] === id && row[1] === rev && row[2] === whole(due.at) && row[3] === whole(expiresAt);
    return same ? this.#keep(stored) : undefined;
  }

  #row(id: string): StoredRow | undefined {
    const cells = this.#byId.get(id);
    return cells === undefined ? undefined : storedRow(cells);
  }

  #unreadable(row: StoredRow | undefined, error: unknown): void {
    if (!(error instanceof RowError)) throw error;
    if (row !== undefined) this.#unreadableRows.entry(row, error);
  }

  #putAttempts({ fixed, status }: EntryRecord, before: EntryRecord | undefined): void {
    if (status.unknownAttempts.length === 0) return;
    const added = addedAttempts(status.unknownAttempts, before?.status.unknownAttempts);
    for (const { tag } of added) this.#putAttempt.run(tag, fixed.id);
  }
}

function changingCells(status: EntryStatus, stream: number | null): readonly Cell[] {
  const expiry = mayExpireAt(status);
  return [...statusCells(status), stream, expiry === undefined ? null : Math.ceil(expiry), tombstoneSince(status) ?? null];
}
