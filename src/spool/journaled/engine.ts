import type { Clock } from '../../core/clock.ts';
import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { SerialQueue } from '../../core/queues.ts';
import type { Change, Reason, SpoolContext, SpoolEntry, SpooledMessage } from '../contract.ts';
import { clamp, type EntryRecord, isTombstone, viewOf } from '../state/records.ts';
import type { Transaction } from '../state/transaction.ts';
import { lapse, toUnconfirmed } from '../state/unconfirmed.ts';
import { type Journal, JournalError } from './journal.ts';
import { StateTable } from './state-table.ts';

const died: Reason = { code: 'OUTCOME_UNKNOWN', text: 'The process ended before an outcome was recorded.' };

/**
 * After opening, by the only process that has the spool: whatever was delivering may have been sent, no due time is
 * further off than its maximum, and the grace period of unconfirmed notes starts anew, since the wall clock may have been
 * set while nobody looked.
 */
export function recover(table: StateTable, now: number): void {
  const tx = table.begin();
  for (const note of table.notes()) {
    const { lease, ...rest } = note;
    if (note.state === 'delivering') toUnconfirmed(tx, note, { lastRanAt: now, after: 0, reason: died, now });
    else tx.putNote({ ...rest, due: clamp(note.due, now), lastRanAt: now });
  }
  for (const record of table.entries()) {
    const { fixed, status } = tx.entry(record.fixed.id) ?? record;
    const due = clamp(status.due, now);
    const expiresAt = Math.min(status.expiresAt, now + fixed.expiresIn);
    const endedAt = status.endedAt === undefined ? undefined : Math.min(status.endedAt, now);
    if (due === status.due && expiresAt === status.expiresAt && endedAt === status.endedAt) continue;
    // The revision stays: what is on disk is not wrong, only read with another clock.
    tx.replace(record, { ...status, due, expiresAt, ...(endedAt === undefined ? {} : { endedAt }) }, { report: false });
  }
  table.commit(tx);
}

export const noMessages: ReadonlyMap<string, SpooledMessage> = new Map();

/**
 * Keeps a {@link StateTable} and its {@link Journal} in step: operations run one at a time, each is written before it is
 * committed, and after an error that leaves the journal in doubt nothing runs any more.
 */
export class JournalEngine {
  readonly queue = new SerialQueue();
  readonly #name: string;
  readonly #journal: Journal;
  #table = new StateTable();
  #open = false;
  #failure: unknown;
  #now: () => number = () => 0;
  #tombstones = 0;

  constructor(name: string, journal: Journal) {
    this.#name = name;
    this.#journal = journal;
  }

  get table(): StateTable {
    return this.#table;
  }

  now(): number {
    return this.#now();
  }

  open(context: SpoolContext): Promise<void> {
    return this.queue.run(async () => {
      if (this.#open) return;
      this.#now = steadyWallClock(context.clock);
      this.#tombstones = context.tombstones;
      const contents = await this.#journal.open(context, (error) => void this.queue.run(() => this.#fail(error)));
      if (contents !== undefined) {
        this.#table = new StateTable();
        this.#table.load(contents.entries, contents.notes);
      }
      recover(this.#table, this.#now());
      this.#open = true;
      this.#failure = undefined;
      await this.sweepTombstones();
    });
  }

  close(): Promise<void> {
    return this.queue.run(async () => {
      if (!this.#open) return;
      this.#open = false;
      await this.#journal.close();
    });
  }

  /** Runs an operation when those before it are done. */
  run<Result>(operation: (now: number) => Promise<Result>): Promise<Result> {
    return this.queue.run(() => this.runNow(operation));
  }

  /** The same from within the queue. Leases that ran out by now have become unconfirmed. */
  async runNow<Result>(operation: (now: number) => Promise<Result>): Promise<Result> {
    this.#assertOpen();
    const now = this.#now();
    try {
      await this.#lapse(now);
      return await operation(now);
    } catch (error) {
      throw error instanceof JournalError ? this.failed(error) : error;
    }
  }

  /** Runs an operation that changes the table, and answers with its changes. */
  change(operation: (tx: Transaction, now: number) => void): Promise<readonly Change[]> {
    return this.run(async (now) => {
      const tx = this.#table.begin();
      operation(tx, now);
      await this.commit(tx);
      return tx.changes;
    });
  }

  /** Writes a transaction, then commits it. @throws {JournalError} */
  async commit(tx: Transaction, added: ReadonlyMap<string, SpooledMessage> = noMessages): Promise<void> {
    if (tx.empty) return;
    // An earlier write of the same operation may have closed it.
    if (!this.#open) throw new JournalError('no', this.#failure);
    try {
      await this.#journal.write(tx, added);
    } catch (cause) {
      const error = cause instanceof JournalError ? cause : new JournalError('unknown', cause);
      if (error.kept === 'unknown') await this.#fail(error);
      throw error;
    }
    this.#table.commit(tx);
  }

  async views(records: readonly EntryRecord[]): Promise<SpoolEntry[]> {
    const messages = await this.#journal.read(records.filter(({ status }) => !isTombstone(status)));
    return records.map((record) => viewOf(record, messages.get(record.fixed.id)));
  }

  records(ids: readonly string[]): EntryRecord[] {
    return ids.flatMap((id) => this.#table.entry(id) ?? []);
  }

  /** Messages of entries that are about to be sent; `undefined` when one had to be set aside: choose again. */
  async messagesOf(records: readonly EntryRecord[]): Promise<ReadonlyMap<string, SpooledMessage> | undefined> {
    const messages = await this.#journal.read(records);
    const unreadable = records.filter(({ fixed }) => !messages.has(fixed.id));
    for (const record of unreadable) await this.#setAside(record);
    return unreadable.length === 0 ? messages : undefined;
  }

  /** Forgets tombstones whose time is over. */
  async sweepTombstones(): Promise<void> {
    const over = this.#now() - this.#tombstones;
    const ids: string[] = [];
    for (let message = this.#table.tombstones.take(over); message !== undefined; message = this.#table.tombstones.take(over)) {
      ids.push(...this.#table.entriesOfMessage(message));
    }
    for (const id of ids) this.#table.forget(id);
    if (ids.length > 0) await this.#journal.forget(ids);
  }

  async #setAside(record: EntryRecord): Promise<void> {
    const tx = this.#table.begin();
    tx.leaveNote(record);
    await this.commit(tx);
    this.#table.forget(record.fixed.id);
  }

  async #lapse(now: number): Promise<void> {
    if ((this.#table.leases.peek() ?? Number.POSITIVE_INFINITY) > now) return;
    const tx = this.#table.begin();
    lapse(tx, this.#table.leasedNotes(), now);
    try {
      await this.commit(tx);
    } catch (error) {
      // As long as a full disk can't take it in, the lease counts as running: nobody else could have it, and reading goes on.
      if (!(error instanceof JournalError) || error.kept === 'unknown') throw error;
    }
  }

  /** A failed write as the library's own error. */
  failed(error: JournalError): OfflineImError {
    const message = `The ${this.#name} spool failed: ${error.message}. What it had accepted is still there.`;
    return new OfflineImError('SPOOL_FAILED', message, { cause: error, details: { kept: error.kept } });
  }

  async #fail(error: unknown): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    this.#failure = error;
    await this.#journal.close().catch(() => undefined);
  }

  #assertOpen(): void {
    if (this.#open) return;
    if (this.#failure === undefined) {
      throw new OfflineImError('SPOOL_CLOSED', `The ${this.#name} spool is not open; call open() first.`);
    }
    const message = `The ${this.#name} spool closed itself after a storage error; open a new one, what it had accepted is still there.`;
    throw new OfflineImError('SPOOL_CLOSED', message, { cause: this.#failure });
  }
}

/** Wall time that never jumps while the spool is open: a clock set back or forward moves no due time. */
function steadyWallClock(clock: Clock): () => number {
  const wall = clock.now();
  const start = clock.monotonic();
  // Whole ms: these times are shown and stored.
  return () => Math.floor(wall + (clock.monotonic() - start));
}
