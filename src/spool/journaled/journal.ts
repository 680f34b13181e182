import { asError } from '../../core/errors/thrown.ts';
import type { SpoolContext, SpooledMessage } from '../contract.ts';
import type { EntryRecord, NoteRecord } from '../state/records.ts';
import type { Transaction } from '../state/transaction.ts';

/** What a journal found when it was opened. Statuses are those with the highest revision. */
export interface JournalContents {
  /** In any order. */
  readonly entries: readonly EntryRecord[];
  readonly notes: readonly NoteRecord[];
}

/**
 * What makes a {@link JournaledSpool} durable. Calls never overlap.
 *
 * A `write` that rejects with a {@link JournalError} says whether anything of it may have been kept.
 */
export interface Journal {
  /**
   * `undefined`: the table is still as it was when the spool was closed. The journal calls `lost` when someone takes its
   * storage away while it is open: the spool then closes itself.
   */
  open(context: SpoolContext, lost: (error: unknown) => void): Promise<JournalContents | undefined>;
  /** Makes a transaction durable; `added` are the messages of its new entries. */
  write(tx: Transaction, added: ReadonlyMap<string, SpooledMessage>): Promise<void>;
  /** Messages of entries; what can't be read is set aside, reported, and left out. */
  read(records: readonly EntryRecord[]): Promise<ReadonlyMap<string, SpooledMessage>>;
  /** The tombstones of these entries are no longer needed. */
  forget(entryIds: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** A write that failed. After `unknown`, nothing may be trusted on this handle: the spool closes itself. */
export class JournalError extends Error {
  readonly kept: 'no' | 'unknown';

  constructor(kept: 'no' | 'unknown', cause: unknown) {
    super(asError(cause).message, { cause });
    this.kept = kept;
  }
}
