import { hasCode, OfflineImError } from '../../core/errors/offline-im-error.ts';
import { asError, property } from '../../core/errors/thrown.ts';
import type { SpoolContext, SpooledMessage, SpoolState } from '../contract.ts';
import type { EntryRecord, NoteRecord } from '../state/records.ts';

/** A note as it is stored: without its lease, which ends with the process. */
export type StoredNote = Omit<NoteRecord, 'lease'>;

/** The records that a journal has kept, in any order. */
export interface JournalContents {
  readonly entries: readonly unknown[];
  readonly notes: readonly unknown[];
  /**
   * Totals of {@link Journal.ended}.
   * @internal
   */
  readonly ended?: EndedTotals;
}

/** Totals of entries that are not in memory. */
export interface EndedTotals {
  readonly counts: ReadonlyMap<SpoolState, number>;
  /** The highest revision, of these and of those in memory. */
  readonly rev: number;
  /** The highest place in the order of acceptance, likewise. */
  readonly order: number;
}

/** Ids by which tombstones are looked up. */
export interface EndedKeys {
  readonly messages?: readonly string[];
  readonly entries?: readonly string[];
  /** Tags of attempts that may have been sent. */
  readonly tags?: readonly string[];
}

/** Tombstones that stay in the journal: the spool has only those in memory that it works with, always all of a message. */
export interface EndedRecords {
  /** Finds the records with these keys, and all others of their messages. @throws {JournalError} `no` */
  find(keys: EndedKeys): Promise<readonly EntryRecord[]>;
  /** Finds some of those that ended by `until`, unless they were put off; the same ones again until they are deleted. */
  over(until: number, most: number): Promise<readonly EntryRecord[]>;
  /** Keeps {@link EndedRecords.over} from finding a record before `until`: others of its message have not ended by then. */
  putOff(id: string, until: number): void;
  /** Reads all of them, some at a time, each once; `undefined` at the end. */
  read(): { next(): Promise<readonly EntryRecord[] | undefined> };
  /** Reads those after a place of the list, some at a time, some more than once; `undefined` at the end. */
  inOrder(after: ListPlace | undefined): { next(): Promise<EndedStep | undefined> };
}

/** A place in the list of entries that have ended: by the time of acceptance, then by id. */
export interface ListPlace {
  readonly acceptedAt: number;
  readonly id: string;
}

/** Some of the entries that have ended. */
export interface EndedStep {
  readonly records: readonly EntryRecord[];
  /** All entries before this place have been read; `undefined`: all entries have. */
  readonly rest: ListPlace | undefined;
}

/**
 * The changes of one operation, to be made durable all or none. They are complete: a note comes with all its members, an entry that is in
 * a note comes with that note, and a message is deleted as soon as only the tombstone of its entry may stay. A journal only has to
 * put the values, and to delete what is `undefined`.
 */
export interface JournalChange {
  /** By entry id; `undefined`: delete it. */
  readonly entries: ReadonlyMap<string, EntryRecord | undefined>;
  /** By note id; `undefined`: delete it. */
  readonly notes: ReadonlyMap<string, StoredNote | undefined>;
  /** By entry id; `undefined`: delete it. */
  readonly messages: ReadonlyMap<string, SpooledMessage | undefined>;
}

/**
 * Makes a {@link JournaledSpool} durable. Calls never overlap, and the spool shows nothing that the journal has not written, so
 * a journal can neither be too late nor miss a change.
 *
 * docs/write-your-own-spool.md shows how to write one.
 */
export interface Journal {
  /**
   * Whether the journal itself has checked what `open` and `read` resolve with: the spool then does not check it again. Leave it out unless
   * nothing but your own process can have changed it.
   *
   * @default false
   */
  readonly checked?: boolean;
  /**
   * `messages`: changes come without entries and notes, since nothing of this journal outlives the spool's own memory.
   *
   * @default 'everything'
   */
  readonly keeps?: 'everything' | 'messages';
  /**
   * Resolves with everything that was written and not deleted, or with `undefined` when this spool was open before and its memory is
   * still right. Take a lock here: one process at a time. Call `lost` when the storage is taken away later: the spool then
   * closes itself.
   */
  open(context: SpoolContext, lost: (error: unknown) => void): Promise<JournalContents | undefined>;
  /**
   * Makes a change durable, all or none.
   *
   * @throws {JournalError} with `kept`: whether any of it may have been kept; any other error counts as `unknown`
   */
  write(change: JournalChange): Promise<void>;
  /** Resolves with the messages of these entries, by entry id. An entry whose message is left out is taken out of the spool and reported to `context.onCorrupt`. */
  read(records: readonly EntryRecord[]): Promise<ReadonlyMap<string, unknown>>;
  /**
   * Keeps one small document for operators (pauses, audit), durable when `write` resolves. Optional: a durable spool without it can't be paused, and has no `admin`.
   */
  readonly admin?: {
    /** Resolves with the document; `undefined` when none was written yet. */
    read(): Promise<string | undefined>;
    write(document: string): Promise<void>;
  };
  /**
   * Tombstones that are not to be kept in memory.
   * @internal
   */
  readonly ended?: EndedRecords;
  /** Releases what `open` took, such as its lock. */
  close(): Promise<void>;
}

/** A read or write that failed. After a change of which `kept` is `unknown`, nothing may be trusted on this handle: the spool closes itself. */
export class JournalError extends Error {
  readonly kept: 'no' | 'unknown';

  constructor(kept: 'no' | 'unknown', cause: unknown) {
    const message = property(asError(cause), 'message'); // anybody's error: its getter may throw
    super(typeof message === 'string' ? message : 'an error without a message', { cause });
    this.kept = kept;
  }
}

/** A failed read or write as the library's own error. */
export function failedError(spool: string, error: JournalError): OfflineImError {
  // A journal that lost its storage says what is left.
  const left = hasCode(error.cause, 'SPOOL_CLOSED') ? '' : '. Everything accepted earlier is still there.';
  const message = `The ${spool} spool failed: ${error.message}${left}`;
  return new OfflineImError('SPOOL_FAILED', message, { cause: error, details: { kept: error.kept } });
}

/** The error for calls of a spool that is not open. @param failure What closed it, if anything did. */
export function closedError(spool: string, failure: unknown): OfflineImError {
  if (failure === undefined) return new OfflineImError('SPOOL_CLOSED', `The ${spool} spool is not open; call open() first.`);
  // A journal that lost its storage says what happened, and what is left.
  const message = hasCode(failure, 'SPOOL_CLOSED')
    ? String(property(failure, 'message'))
    : `The ${spool} spool closed itself after a storage error; open a new one. Everything accepted earlier is still there.`;
  return new OfflineImError('SPOOL_CLOSED', message, { cause: failure });
}
