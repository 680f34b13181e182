import { systemClock, Turns } from '../../core/clock.ts';
import type { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { isA } from '../../core/errors/thrown.ts';
import { SerialQueue } from '../../core/queues.ts';
import type { SpoolContext, SpoolEntry, SpooledMessage } from '../contract.ts';
import { type EntryRecord, isTombstone, timeAfter, viewOf } from '../state/records.ts';
import { recoverEntry, recoverNote } from '../state/recover.ts';
import type { Transaction } from '../state/transaction.ts';
import type { Transition } from '../state/transition-spool.ts';
import { expireLeases } from '../state/unconfirmed.ts';
import { changeOf, isEmpty, messagesOf } from './change.ts';
import { EndedMemory } from './ended.ts';
import {
  closedError,
  type EndedKeys,
  type EndedStep,
  failedError,
  type Journal,
  JournalError,
  type ListPlace,
} from './journal.ts';
import { ReadJournal } from './read-journal.ts';
import { StateTable, type TableView } from './state-table.ts';
import { SteadyTime, storedChange, storedEntry, storedNote } from './times.ts';

/** How many records one write holds at most while the spool opens or tidies up. */
const recordsAtOnce = 500;

/**
 * Keeps a {@link StateTable} and its {@link Journal} in step. Operations run one at a time; the only way to change the table is
 * {@link JournalEngine.commit}, which writes first, so that memory is never ahead of the journal. After an error that leaves the
 * journal in doubt nothing runs any more.
 */
export class JournalEngine {
  readonly queue = new SerialQueue();
  readonly #name: string;
  readonly #journal: Journal;
  readonly #reader: ReadJournal;
  readonly #ended: EndedMemory;
  #table = new StateTable();
  #open = false;
  #recovered = false;
  #failure: unknown;
  #time = new SteadyTime(systemClock);
  #turns = new Turns(systemClock);
  #tombstones = 0;

  constructor(name: string, journal: Journal) {
    this.#name = name;
    this.#journal = journal;
    this.#reader = new ReadJournal(name, journal);
    this.#ended = new EndedMemory(journal.ended, () => this.#table);
  }

  get table(): TableView {
    return this.#table;
  }

  open(context: SpoolContext): Promise<void> {
    return this.queue.run(async () => {
      if (this.#open) return;
      this.#time = new SteadyTime(context.clock);
      this.#turns = new Turns(context.clock);
      this.#tombstones = context.tombstones;
      this.#failure = undefined;
      const contents = await this.#reader.open(context, (error) => void this.queue.run(() => this.#fail(error)));
      this.#open = true;
      try {
        if (contents === undefined) await this.#goOn();
        else {
          const table = new StateTable();
          await this.#turns.run(table.loading(contents.entries, contents.notes));
          if (contents.ended !== undefined) table.beside(contents.ended);
          this.#table = table;
        }
        this.#recovered = false;
        await this.#recover(this.#now());
        await this.sweepTombstones();
      } catch (error) {
        // Half open it would pass for open at the next call, and for a spool without a message.
        await this.#closeJournal();
        throw isA(error, JournalError) ? this.failed(error) : error;
      }
    });
  }

  close(): Promise<void> {
    return this.queue.run(async () => {
      if (!this.#open) return;
      this.#open = false;
      await this.#journal.close();
    });
  }

  /** Takes in the tombstones that an operation may be about. Called from within the queue, before it begins. */
  admit(keys: EndedKeys): Promise<void> {
    return this.#ended.admit(keys);
  }

  /** Reads the tombstones that are not in memory, some at a time, without those of `seen`. */
  endedBesides(seen: ReadonlySet<string>): AsyncIterable<readonly EntryRecord[]> {
    return this.#ended.besides(seen, (read) => this.run(read));
  }

  /** Reads those after a place of the list, nearly in its order. */
  endedInOrder(...asked: [seen: ReadonlySet<string>, after: ListPlace | undefined]): AsyncIterable<EndedStep> {
    return this.#ended.inOrder(...asked, (read) => this.run(read));
  }

  /** Runs an operation once those before it are done. */
  run<Result>(operation: (now: number) => Promise<Result>): Promise<Result> {
    return this.queue.run(() => this.runNow(operation));
  }

  /** Runs an operation from within the queue. Leases that have run out are unconfirmed by then. */
  async runNow<Result>(operation: (now: number) => Promise<Result>): Promise<Result> {
    this.#assertOpen();
    const now = this.#now();
    this.#ended.shed();
    try {
      await this.#recover(now);
      await this.#mindClockSetBack(now);
      await this.#expireLeases(now);
      return await operation(now);
    } catch (error) {
      throw isA(error, JournalError) ? this.failed(error) : error;
    }
  }

  /** Runs a transition from within the queue, and commits it. */
  async change<Result>(now: number, operation: (transition: Transition) => Result): Promise<Result> {
    const tx = this.#table.begin();
    const result = operation({ tx, tags: this.#table, now });
    await this.commit(tx);
    return result;
  }

  /** Writes what a transaction changed, then shows it. @throws {JournalError} */
  async commit(tx: Transaction, added: ReadonlyMap<string, SpooledMessage> = new Map()): Promise<void> {
    const change = this.#journal.keeps === 'messages' ? messagesOf(tx, added) : changeOf(tx, this.#table, added);
    if (!isEmpty(change)) await this.#write(change);
    this.#table.commit(tx);
  }

  async views(records: readonly EntryRecord[]): Promise<SpoolEntry[]> {
    const { messages } = await this.#reader.read(records.filter(({ status }) => !isTombstone(status)));
    return records.map((record) => viewOf(record, messages.get(record.fixed.id)));
  }

  /** Reads the messages of entries that are about to be sent; `undefined` when one had to be set aside: choose again. */
  async messagesOf(records: readonly EntryRecord[]): Promise<ReadonlyMap<string, SpooledMessage> | undefined> {
    const { messages, silent } = await this.#reader.read(records);
    if (records.every(({ fixed }) => messages.has(fixed.id))) return messages;
    const unreadable = records.filter(({ fixed }) => !messages.has(fixed.id));
    const tx = this.#table.begin();
    for (const record of unreadable) {
      tx.leaveNote(record);
      tx.forget(record.fixed.id);
    }
    await this.commit(tx);
    for (const id of silent) this.#reader.reportMissing(id);
    return undefined;
  }

  /** Forgets tombstones whose time is over. Those that can't be deleted now stay until the next time. */
  async sweepTombstones(): Promise<void> {
    const over = this.#time.slowest - this.#tombstones;
    for (;;) {
      const { found, outlived } = await this.#ended.admitOver(over, recordsAtOnce);
      const tx = this.#table.begin();
      for (const { fixed } of outlived) tx.forget(fixed.id);
      const messages: string[] = [];
      while (tx.forgotten.size < recordsAtOnce) {
        const message = this.#table.tombstones.take(over);
        if (message === undefined) break;
        messages.push(message);
        for (const id of this.#table.entriesOfMessage(message)) tx.forget(id);
      }
      if (tx.forgotten.size === 0 && !found) return;
      if (!(await this.#commitIfKept(tx))) {
        for (const message of messages) this.#table.trackTombstones(message);
        return;
      }
      for (const record of outlived) this.#table.uncount(record);
    }
  }

  async #write(change: ReturnType<typeof changeOf>): Promise<void> {
    // An earlier write of the same operation may have closed it.
    if (!this.#open) throw new JournalError('no', this.#failure);
    try {
      await this.#journal.write(storedChange(change, this.#table.skew));
    } catch (cause) {
      const error = isA(cause, JournalError) ? cause : new JournalError('unknown', cause);
      if (error.kept === 'unknown') await this.#fail(error);
      throw error;
    }
  }

  /** Returns false when nothing was kept, as on a full disk: reads go on, and the write is tried again later. */
  async #commitIfKept(tx: Transaction): Promise<boolean> {
    try {
      await this.commit(tx);
      return true;
    } catch (error) {
      if (isA(error, JournalError) && error.kept === 'no') return false;
      throw error;
    }
  }

  /** Goes on with the memory of an earlier opening, whose time and leases have ended with it. */
  async #goOn(): Promise<void> {
    const { skew } = this.#table;
    if (skew !== 0) {
      const [entries, notes] = [[...this.#table.entries()], [...this.#table.notes()]];
      this.#table = new StateTable();
      this.#table.load(
        entries.map((one) => storedEntry(one, skew)),
        notes.map((one) => storedNote(one, skew)),
      );
    }
    const tx = this.#table.begin();
    for (const id of this.#table.leasedNotes()) {
      const { lease: _lease, ...note } = this.#table.note(id) ?? {};
      if ('id' in note) tx.putNote(note);
    }
    await this.commit(tx);
  }

  /** Until all of it is written, a note of an earlier process stays as it was found: neither sent nor probed. */
  async #recover(now: number): Promise<void> {
    if (this.#recovered) return;
    this.#recovered =
      (await this.#inParts(this.#table.notes(), (tx, note) => recoverNote(tx, note, now))) &&
      (await this.#inParts(this.#table.entries(), (tx, record) => recoverEntry(tx, record, now)));
  }

  /** Makes no message expire later than its lifetime from now, as an opening does: else a clock set back from a year ahead would keep it for that year. */
  async #mindClockSetBack(now: number): Promise<void> {
    if (!this.#time.wentBack()) return;
    const kept = await this.#inParts(this.#table.entries(), (tx, record) => {
      const expiresAt = Math.min(record.status.expiresAt, timeAfter(tx.wall(now), record.fixed.expiresIn));
      if (expiresAt !== record.status.expiresAt) tx.move(record, record.status.state, { expiresAt });
    });
    if (kept) this.#time.expiriesAreRight();
  }

  /** Changes items one after the other, some hundred records per write; returns false as soon as a write was not kept. */
  async #inParts<Item>(items: Iterable<Item>, change: (tx: Transaction, item: Item) => void): Promise<boolean> {
    let tx = this.#table.begin();
    for (const item of items) {
      change(tx, item);
      await this.#turns.step();
      if (tx.entries.size + tx.notes.size < recordsAtOnce) continue;
      if (!(await this.#commitIfKept(tx))) return false;
      tx = this.#table.begin();
    }
    return this.#commitIfKept(tx);
  }

  /** While a full disk keeps it from being written, a lease that has run out counts as running: nobody else could have it. */
  async #expireLeases(now: number): Promise<void> {
    if ((this.#table.leases.peek() ?? Number.POSITIVE_INFINITY) > now) return;
    const tx = this.#table.begin();
    expireLeases(tx, this.#table.leasedNotes(), now);
    await this.#commitIfKept(tx);
  }

  /** A failed read or write as the library's own error. */
  failed(error: JournalError): OfflineImError {
    return failedError(this.#name, error);
  }

  async #fail(error: unknown): Promise<void> {
    if (this.#open) this.#failure = error;
    await this.#closeJournal();
  }

  /** Closes the journal after a failure, which matters more than any error of this. */
  async #closeJournal(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    await (async () => this.#journal.close())().catch(() => undefined);
  }

  /** Reads the spool's time, and tells the table by how much the wall clock is ahead. */
  #now(): number {
    const { now, skew } = this.#time.read();
    this.#table.skew = skew;
    return now;
  }

  #assertOpen(): void {
    if (!this.#open) throw closedError(this.#name, this.#failure);
  }
}
