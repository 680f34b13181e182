import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { quoted } from '../../core/errors/quote.ts';
import type { SpoolContext, SpooledMessage } from '../contract.ts';
import { type Journal, type JournalChange, type JournalContents, JournalError } from '../journaled/journal.ts';
import type { EntryRecord } from '../state/records.ts';
import { openDatabase, stores } from './database.ts';
import { load, readMessages } from './load.ts';
import { errorOf, writing } from './requests.ts';
import { putChange } from './rows.ts';
import { lockTab } from './tab-lock.ts';
import type { IdbDatabase, IdbFactory, WebLocks } from './web-types.ts';

/** Where a journal lies, and who may have it open. */
export interface IndexedDbPlace {
  readonly name: string;
  /** ms to wait for another tab. */
  readonly patience: number;
  /** Looked up when it is opened: a page that can't have them still loads. */
  web(): { readonly indexedDB?: IdbFactory | undefined; readonly locks?: WebLocks | undefined };
}

interface Opened {
  readonly database: IdbDatabase;
  readonly context: SpoolContext;
}

/** A spool in one IndexedDB database: a change is one transaction of the database, so nothing of it is ever kept in part. */
export class IndexedDbJournal implements Journal {
  readonly checked = true;
  readonly #place: IndexedDbPlace;
  #opened: Opened | undefined;
  #unlock: (() => Promise<void>) | undefined;
  #giveUp = new AbortController();

  constructor(place: IndexedDbPlace) {
    this.#place = place;
  }

  /** From now on an open may wait for another tab (again). */
  expect(): void {
    if (this.#giveUp.signal.aborted) this.#giveUp = new AbortController();
  }

  /** An open that waits for another tab waits no longer. */
  giveUp(): void {
    this.#giveUp.abort();
  }

  async open(context: SpoolContext, lost: (error: unknown) => void): Promise<JournalContents> {
    const { name, patience } = this.#place;
    const { indexedDB, locks } = this.#place.web();
    if (indexedDB === undefined || locks === undefined) throw missing(name, indexedDB === undefined ? 'IndexedDB' : 'Web Locks');
    const onLost = (why: string, cause?: unknown): void => this.#lose(why, cause, lost);
    this.#unlock = await lockTab({
      locks,
      name,
      patience,
      clock: context.clock,
      signal: this.#giveUp.signal,
      onLost: (error) => onLost('another page took its lock', error),
    });
    let database: IdbDatabase | undefined;
    try {
      database = await openDatabase(indexedDB, name);
      database.addEventListener('close', () => onLost('the browser closed its database'));
      // Someone deletes it, or a later version of this library wants to change it: neither can go on while we have it.
      database.addEventListener('versionchange', () => onLost('another page deletes or changes its database'));
      this.#opened = { database, context };
      return await load(database, { name, context });
    } catch (error) {
      this.#opened = undefined;
      database?.close();
      await this.#letGo();
      if (error instanceof OfflineImError) throw error;
      const cause = error instanceof JournalError ? error.cause : error;
      const message = `The database ${quoted(name)} cannot be read: ${errorOf(cause).message}.`;
      throw new OfflineImError('SPOOL_ROOT_UNUSABLE', message, { cause, details: { name } });
    }
  }

  async write(change: JournalChange): Promise<void> {
    const { database } = this.#usable();
    await writing(database, [stores.entries, stores.messages, stores.notes], (idb) => putChange(idb, change));
  }

  async read(records: readonly EntryRecord[]): Promise<ReadonlyMap<string, SpooledMessage>> {
    const { database, context } = this.#usable();
    return await readMessages(database, { name: this.#place.name, context }, records);
  }

  async close(): Promise<void> {
    this.#opened?.database.close();
    this.#opened = undefined;
    await this.#letGo();
  }

  #lose(why: string, cause: unknown, lost: (error: unknown) => void): void {
    const opened = this.#opened;
    if (opened === undefined) return;
    this.#opened = undefined;
    // Transactions that are under way end first; the standard says so.
    opened.database.close();
    const message = `The spool ${quoted(this.#place.name)} closed itself: ${why}. Make a new sender with a new spool.`;
    const error = new OfflineImError('SPOOL_CLOSED', message, cause === undefined ? {} : { cause });
    lost(error);
    opened.context.onWarning?.(error);
  }

  #usable(): Opened {
    if (this.#opened === undefined) throw new JournalError('no', new Error('the database is closed'));
    return this.#opened;
  }

  async #letGo(): Promise<void> {
    const unlock = this.#unlock;
    this.#unlock = undefined;
    await unlock?.();
  }
}

function missing(name: string, what: string): OfflineImError {
  const message = `The spool ${quoted(name)} needs ${what}, which this page does not have: browsers have it in secure contexts (https, or localhost).`;
  return new OfflineImError('SPOOL_ROOT_UNUSABLE', message, { details: { name } });
}
