import { asError } from '../../core/errors/thrown.ts';
import type { SpoolContext, SpooledMessage } from '../contract.ts';
import type { EntryRecord, NoteRecord } from '../state/records.ts';

/** A note as it is stored: its lease ends with the process. */
export type StoredNote = Omit<NoteRecord, 'lease'>;

/** Everything that a journal has kept, in any order. */
export interface JournalContents {
  readonly entries: readonly unknown[];
  readonly notes: readonly unknown[];
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
  /** Gives back what `load` took, such as its lock. */
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
