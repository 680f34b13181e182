import { hasCode, OfflineImError } from '../../core/errors/offline-im-error.ts';
import { asError, property } from '../../core/errors/thrown.ts';
import type { SpoolContext, SpooledMessage, SpoolState } from '../contract.ts';
import type { EntryRecord, NoteRecord } from '../state/records.ts';

/** A note as it is stored: its lease ends with the process. */
export type StoredNote = Omit<NoteRecord, 'lease'>;

/** Everything that a journal has kept, in any order. */
export interface JournalContents {
  readonly entries: readonly unknown[];
  readonly notes: readonly unknown[];
  /**
   * What there is beside these in {@link Journal.ended}.
   * @internal
   */
  readonly ended?: EndedTotals;
}

/** Totals of entries that are not in memory. */
export interface EndedTotals {
  readonly counts: ReadonlyMap<SpoolState, number>;
  /** The highest of them, of these and of what is in memory. */
  readonly rev: number;
  readonly order: number;
}

/** Ids by which something that has ended is looked for. */
export interface EndedKeys {
  readonly messages?: readonly string[];
  readonly entries?: readonly string[];
  /** Of attempts that may have been sent. */
  readonly tags?: readonly string[];
}

/** Tombstones that stay where they were written: the spool has only those in memory that it works with, always all of a message. */
export interface EndedRecords {
  /** The records with these keys, with all others of their messages. @throws {JournalError} `no` */
  find(keys: EndedKeys): Promise<readonly EntryRecord[]>;
  /** Some of those that ended by then, unless they were put off; again and again until they are deleted. */
  over(until: number, most: number): Promise<readonly EntryRecord[]>;
  /** It is not over before then: others of its message have not ended yet, or later. */
  putOff(id: string, until: number): void;
  /** All that there are now, some at a time, each once, `undefined` at the end. */
  read(): { next(): Promise<readonly EntryRecord[] | undefined> };
  /** Those after a place of the list, some at a time, `undefined` at the end; some more than once. */
  inOrder(after: ListPlace | undefined): { next(): Promise<EndedStep | undefined> };
}

/** Where an entry stands in the list of what has ended: by the time of acceptance, then by id. */
export interface ListPlace {
  readonly acceptedAt: number;
  readonly id: string;
}

/** Some of what has ended. */
export interface EndedStep {
  readonly records: readonly EntryRecord[];
  /** Nothing that comes before this place is still to be read; `undefined`: nothing is. */
  readonly rest: ListPlace | undefined;
}

/**
 * What one operation changed, to be made durable all or none. It is complete: a note comes with all its members, an entry that is in
 * a note comes with that note, and a message is deleted as soon as only the tombstone of its entry may stay. A journal only has to
 * put what is there, and to delete what is `undefined`.
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
 * What makes a {@link JournaledSpool} durable. Calls never overlap, and the spool shows nothing that the journal has not written, so
 * a journal can neither be too late nor miss a change.
 *
 * docs/write-your-own-spool.md shows how to write one.
 */
export interface Journal {
  /**
   * What `open` and `read` give back was checked by the journal itself: the spool does not check it again. Leave it out unless
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
   * Resolves with everything that was written and not deleted; with `undefined` when the spool was closed before and its memory is
   * still right. Take a lock here: one process at a time. Call `lost` when someone takes the storage away later: the spool then
   * closes itself.
   */
  open(context: SpoolContext, lost: (error: unknown) => void): Promise<JournalContents | undefined>;
  /**
   * Makes a change durable, all or none.
   *
   * @throws {JournalError} which says whether anything of it may have been kept; any other error counts as `unknown`.
   */
  write(change: JournalChange): Promise<void>;
  /** Messages by entry id. An entry whose message is left out is taken out of the spool and reported to `context.onCorrupt`. */
  read(records: readonly EntryRecord[]): Promise<ReadonlyMap<string, unknown>>;
  /**
   * Keeps one small document for operators (pauses, audit), durable when `write` resolves. Optional: a durable spool without it can't be paused, and has no `admin`.
   */
  readonly admin?: {
    /** `undefined` when nothing was written yet. */
    read(): Promise<string | undefined>;
    write(document: string): Promise<void>;
  };
  /**
   * What has ended and is not to be kept in memory.
   * @internal
   */
  readonly ended?: EndedRecords;
  /** Gives back what `load` took, such as its lock. */
  close(): Promise<void>;
}

/** A write that failed. After `unknown`, nothing may be trusted on this handle: the spool closes itself. */
export class JournalError extends Error {
  readonly kept: 'no' | 'unknown';

  constructor(kept: 'no' | 'unknown', cause: unknown) {
    const message = property(asError(cause), 'message'); // of an error of anybody's
    super(typeof message === 'string' ? message : 'an error without a text', { cause });
    this.kept = kept;
  }
}

/** A failed write as the library's own error. */
export function failedError(spool: string, error: JournalError): OfflineImError {
  const message = `The ${spool} spool failed: ${error.message}. What it had accepted is still there.`;
  return new OfflineImError('SPOOL_FAILED', message, { cause: error, details: { kept: error.kept } });
}

/** What calls of a spool are told that is not open; `failure` has closed it. */
export function closedError(spool: string, failure: unknown): OfflineImError {
  if (failure === undefined) return new OfflineImError('SPOOL_CLOSED', `The ${spool} spool is not open; call open() first.`);
  // A journal that lost its storage says itself what happened, and what is left.
  const message = hasCode(failure, 'SPOOL_CLOSED')
    ? String(property(failure, 'message'))
    : `The ${spool} spool closed itself after a storage error; open a new one, what it had accepted is still there.`;
  return new OfflineImError('SPOOL_CLOSED', message, { cause: failure });
}
