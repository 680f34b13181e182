import { missing } from '../../core/errors/missing.ts';
import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import type { AppendResult, NewSpoolEntry } from '../contract.ts';
import { type SpoolContext, type SpooledMessage, type SpoolState, spoolStates } from '../contract.ts';
import { appendMessage } from '../state/append.ts';
import { type EntryRecord, holdsPlace, isInNote, viewOf } from '../state/records.ts';
import { Transaction } from '../state/transaction.ts';
import type { StoredChange } from './stores/entries.ts';
import type { StoredRow } from './stores/statements.ts';
import type { SpoolRow, SpoolRowChange, Stores } from './stores/stores.ts';

/** An entry that was set aside while a group ran; reported once the group is committed. */
export type CorruptReport = Parameters<NonNullable<SpoolContext['onCorrupt']>>[0];

/**
 * Operations that become durable together, in one SQL transaction. They change the pure {@link Transaction}, whose reads see its
 * own changes; `flush` writes the changes so far, so that queries see them too.
 */
export class Group {
  readonly stores: Stores;
  readonly now: number;
  /** The wall clock: for displayed times, and for expiries. */
  readonly wall: number;
  readonly rev: number;
  readonly reports: CorruptReport[] = [];
  readonly #offset: number;
  readonly #writes: boolean;
  readonly #added = new Map<string, SpooledMessage>();
  #tx: Transaction;
  #appended = false;
  #dirty = false;

  /** @param writes Whether it has the write lock; a group that only reads sets nothing aside. */
  constructor(stores: Stores, row: SpoolRow, time: { readonly now: number; readonly offset: number }, writes: boolean) {
    this.stores = stores;
    this.#writes = writes;
    this.now = time.now;
    this.wall = time.now - time.offset;
    this.rev = row.rev + 1;
    this.#offset = time.offset;
    this.#dirty = time.offset !== row.clock_offset;
    this.#tx = new Transaction(stores, this.rev, row.ord, -time.offset);
  }

  get tx(): Transaction {
    return this.#tx;
  }

  /** Whether there is something to commit. */
  get dirty(): boolean {
    return this.#dirty || !this.#tx.empty || this.stores.unreadable.found;
  }

  get appended(): boolean {
    return this.#appended;
  }

  /** Attaches the message of an entry that this group appends. */
  attach(entryId: string, message: SpooledMessage): void {
    this.#added.set(entryId, message);
    this.#appended = true;
  }

  /** Records that something was written outside the pure transaction. */
  changed(): void {
    this.#dirty = true;
  }

  /** Writes the changes so far, and sets unreadable rows aside; queries see both from then on. */
  flush(): void {
    const { stores } = this;
    if (this.#writes) this.#setUnreadableAside();
    if (!this.#tx.empty) {
      const tx = this.#tx;
      this.#tx = new Transaction(stores, this.rev, tx.lastOrder, tx.skew);
      this.#dirty = true;
      this.#putNotes(tx.notes);
      this.#putEntries(tx.entries.values());
      this.#added.clear();
    }
    stores.streams.refresh();
    stores.lanes.refresh();
    // Reading the heads of streams may have found more.
    if (this.#writes && stores.unreadable.found) this.flush();
  }

  /** The last step before COMMIT. Returns the change of the spool's row. */
  finish(): SpoolRowChange {
    this.flush();
    const change: SpoolRowChange = {
      rev: this.rev,
      ord: this.#tx.lastOrder,
      offset: this.#offset,
      now: this.now,
      appended: this.#appended,
    };
    this.stores.spool.write(change);
    return change;
  }

  #putNotes(changed: Transaction['notes']): void {
    const { notes, lanes, streams, entries } = this.stores;
    const dropped: string[] = [];
    for (const [id, note] of changed) {
      const lane = (note ?? notes.find(id))?.lane;
      if (note === undefined) dropped.push(id);
      else notes.put(note);
      if (lane === undefined) continue;
      lanes.touch(lane);
      // A changed back-off moves the due time of the stream, even if the members stay unchanged.
      const head =
        note?.state === 'deferred' ? entries.find(note.entryIds[0] ?? missing('The first member of a note')) : undefined;
      if (head !== undefined && head.stream !== null) streams.touch(head.stream);
    }
    notes.drop(dropped);
  }

  #putEntries(records: Iterable<EntryRecord>): void {
    const { entries, streams, lanes, spool } = this.stores;
    const changes: StoredChange[] = [];
    for (const record of records) {
      const { fixed, status } = record;
      const before = entries.find(fixed.id);
      const active = holdsPlace(status);
      spool.count(record, 1);
      if (before === undefined) {
        const joined = active ? streams.join(record) : undefined;
        if (joined?.isNew === true) lanes.touch(fixed.lane);
        entries.insert(record, joined?.id ?? null, this.#added.get(fixed.id));
        continue;
      }
      spool.count(before.record, -1);
      const stream = active ? (before.stream ?? streams.join(record).id) : null;
      if (before.stream !== null || stream !== null) lanes.touch(fixed.lane);
      if (stream === null) {
        if (before.stream !== null) streams.touchLeft(before.stream);
      } else if (status.state === 'delivering') {
        // Only heads are claimed; the rest of the stream waits.
        streams.touchBusy(stream);
      } else streams.touch(stream);
      changes.push({ before, record, stream });
    }
    entries.update(changes);
  }

  #setUnreadableAside(): void {
    const { entries, notes, unreadable } = this.stores;
    for (const [id, error] of unreadable.takeNotes()) {
      notes.drop([id]);
      // The record of what was sent is lost with the note: its members may neither be sent again nor probed.
      for (const row of entries.rowsOfNote(id)) unreadable.entry(row, error);
    }
    for (const { row, error } of unreadable.takeEntries()) this.#setAside(row, error);
  }

  /** Moves an unreadable row to `corrupt`: it leaves its stream and its note, and the rest goes on. */
  #setAside(row: StoredRow, error: Error): void {
    const { entries, streams, lanes, spool } = this.stores;
    entries.setAside(row, error.message, this.wall);
    this.#dirty = true;
    const state = spoolStates.find((one): one is SpoolState => one === row.state);
    if (state === undefined) spool.recount();
    else if (row.purged !== 1) spool.countState(state, -1);
    if (row.stream !== null) streams.touch(row.stream);
    lanes.touch(row.lane);
    const note = state !== undefined && isInNote(state) ? this.#tx.note(row.note_id ?? undefined) : undefined;
    if (note !== undefined) {
      const entryIds = note.entryIds.filter((id) => id !== row.id);
      if (entryIds.length === 0) this.#tx.dropNote(note.id);
      else this.#tx.putNote({ ...note, entryIds });
    }
    this.reports.push({ where: row.id, error });
  }
}

/** Appends whole messages. The results are valid once the group is committed. */
export function appendAll(group: Group, messages: readonly (readonly NewSpoolEntry[])[]): AppendResult[] {
  return messages.map((entries) => append(group, entries));
}

function append(group: Group, entries: readonly NewSpoolEntry[]): AppendResult {
  const { tx, now } = group;
  for (const entry of entries) assertStorable(entry);
  const { messageId, ...plan } = appendMessage(tx, entries, now);
  if (plan.status === 'conflict') return { messageId, status: 'conflict' };
  if (plan.status === 'appended') for (const { id, message } of entries) group.attach(id, message);
  const kept = plan.entryIds.flatMap((id) => {
    const record = tx.entry(id);
    return record === undefined ? [] : viewOf(record);
  });
  return { messageId, status: plan.status, entries: kept };
}

/** Refuses half a surrogate pair, which SQLite would return as another character: two ids could become one. */
function assertStorable({ id, messageId, contentHash, lane, conversationId, recipientsKey, messageClass }: NewSpoolEntry): void {
  for (const text of [id, messageId, contentHash, lane, conversationId, recipientsKey, messageClass]) {
    if (!text.isWellFormed()) {
      throw new OfflineImError(
        'MESSAGE_INVALID',
        'An id or an address of the message contains a lone surrogate, which SQLite cannot store.',
      );
    }
  }
}

/** Groups lists into parts of at most `most` items, without splitting a list. */
export function chunked<Item>(lists: readonly (readonly Item[])[], most: number): (readonly (readonly Item[])[])[] {
  const parts: (readonly Item[])[][] = [];
  let items = most;
  for (const list of lists) {
    if (items + list.length > most) {
      parts.push([]);
      items = 0;
    }
    parts.at(-1)?.push(list);
    items += list.length;
  }
  return parts;
}
