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

/** Where a journal lies, and how long it waits for another tab. */
export interface IndexedDbPlace {
  readonly name: string;
  /** ms to wait for another tab. */
  readonly timeout: number;
  /** Called on open, so that a page without these still loads. */
  web(): { readonly indexedDB?: IdbFactory | undefined; readonly locks?: WebLocks | undefined };
}

/** ms that opening the database itself may take at least. */
const shortestLimit = 10_000;

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
  /** Called when someone takes the storage away; set while the spool is open. */
  #lost: ((error: unknown) => void) | undefined;
  /** Set when someone took the storage while it was being opened. */
  #early: OfflineImError | undefined;

  constructor(place: IndexedDbPlace) {
    this.#place = place;
  }

  /** Lets an open wait for another tab, also after {@link IndexedDbJournal.giveUp}. */
  expect(): void {
    if (this.#giveUp.signal.aborted) this.#giveUp = new AbortController();
  }

  /** Ends the waiting of an open for another tab. */
  giveUp(): void {
    this.#giveUp.abort();
  }

  async open(context: SpoolContext, lost: (error: unknown) => void): Promise<JournalContents> {
    const { name, timeout } = this.#place;
    const { indexedDB, locks } = this.#place.web();
    if (indexedDB === undefined || locks === undefined) throw missing(name, indexedDB === undefined ? 'IndexedDB' : 'Web Locks');
    this.#early = undefined;
    const onLost = (why: string, cause?: unknown): void => this.#lose(why, cause);
    this.#unlock = await lockTab({
      locks,
      name,
      timeout,
      clock: context.clock,
      signal: this.#giveUp.signal,
      onLost: (error) => onLost('another page took its lock', error),
    });
    let database: IdbDatabase | undefined;
    try {
      database = await openDatabase({
        factory: indexedDB,
        name,
        clock: context.clock,
        limit: Math.max(timeout, shortestLimit),
        signal: this.#giveUp.signal,
        onDataLoss: (error) => {
          context.onCorrupt?.({ where: name, error });
          context.onWarning?.(error);
        },
      });
      database.addEventListener('close', () => onLost('the browser closed its database'));
      // Someone deletes it, or a later version of this library wants to change it: neither can go on while we have it.
      database.addEventListener('versionchange', () => onLost('another page deletes or changes its database'));
      this.#opened = { database, context };
      const contents = await load(database, { name, context });
      this.#assertKept();
      this.#lost = lost;
      return contents;
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
    this.#lost = undefined;
    this.#opened?.database.close();
    this.#opened = undefined;
    await this.#letGo();
  }

  /** Also while it is being opened: whoever takes the lock then has the spool from then on. */
  #lose(why: string, cause: unknown): void {
    const message = `The spool ${quoted(this.#place.name)} closed itself: ${why}. Create a new sender with a new spool.`;
    const error = new OfflineImError('SPOOL_CLOSED', message, cause === undefined ? {} : { cause });
    const lost = this.#lost;
    if (lost === undefined) {
      this.#early ??= error;
      return;
    }
    this.#lost = undefined;
    const opened = this.#opened;
    this.#opened = undefined;
    // Transactions that are under way end first; the standard says so.
    opened?.database.close();
    lost(error);
    opened?.context.onWarning?.(error);
  }

  #assertKept(): void {
    if (this.#early !== undefined) throw this.#early;
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
  const message = `The spool ${quoted(name)} needs ${what}, which this page does not have: browsers offer it in secure contexts only (https, or localhost).`;
  return new OfflineImError('SPOOL_ROOT_UNUSABLE', message, { details: { name } });
}
