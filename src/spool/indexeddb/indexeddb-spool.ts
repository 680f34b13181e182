import { byDefault, having, optional, type RulesFor, readOptions, rule, text } from '../../core/options.ts';
import type { SpoolContext } from '../contract.ts';
import { JournaledSpool } from '../journaled/journaled-spool.ts';
import { IndexedDbJournal } from './indexeddb-journal.ts';
import { browserHas, type IdbFactory, type WebLocks } from './web-types.ts';

/** Options of an {@link IndexedDbSpool}. */
export interface IndexedDbSpoolOptions {
  /**
   * Name of the database, within the origin of the page. Pages of one origin that use the same name share what waits there,
   * one at a time; give each account its own.
   *
   * @default 'offline-im'
   */
  readonly name?: string | undefined;
  /**
   * How long `open()` waits for another tab that has the spool, in ms, before it rejects with `SPOOL_LOCKED`. The default is
   * for a page that was just reloaded, since its former self lets go a moment later. 0 does not wait; `Infinity` waits until
   * the other tab is gone, and so do `start()` and `send()` of the sender; its `stop()` gives up after its time-out, and `close()` of this spool at once.
   *
   * @default 1000
   */
  readonly waitForLock?: number | undefined;
  /** The database factory: for tests outside browsers. @default globalThis.indexedDB */
  readonly indexedDB?: IdbFactory | undefined;
  /** The lock manager: for tests outside browsers. @default navigator.locks */
  readonly locks?: WebLocks | undefined;
}

const rules = {
  name: byDefault(text('the name of a database'), 'offline-im'),
  waitForLock: byDefault(
    rule<number>('a whole number of ms, 0 or more, or Infinity', (value) => value === Number.POSITIVE_INFINITY || isWait(value)),
    1_000,
  ),
  indexedDB: optional(having<IdbFactory>('an IDBFactory', ['open'])),
  locks: optional(having<WebLocks>('a LockManager', ['request'])),
} satisfies RulesFor<IndexedDbSpoolOptions>;

function isWait(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/**
 * Keeps messages in an IndexedDB database: for browsers, workers and Electron renderers. What was accepted survives the end
 * of the tab and of the browser, and, where the browser honours `durability: 'strict'`, a power cut. It does not survive a browser
 * that finds its database damaged (Chromium then deletes all of it; `spool:corrupt` and a `warning` with `SPOOL_CORRUPT` say so), someone who
 * clears the site's data, or a browser that evicts them (ask for `navigator.storage.persist()`). For one tab at a
 * time, by a Web Lock that the browser releases when the tab is gone, however it ended; its start reads every entry but no
 * text, so for up to some 10,000 waiting messages. docs/browsers.md says what to do about the other tabs.
 *
 * `open()` rejects with `SPOOL_LOCKED` while another tab has it or holds up its database, `SPOOL_CLOSED` when its lock is stolen meanwhile, `SPOOL_ROOT_UNUSABLE` where the browser has no IndexedDB or no
 * Web Locks (a page over plain http has none) or refuses storage, `SPOOL_VERSION` when a later version of this library wrote
 * it, `SPOOL_CORRUPT` when a database of that name is someone else's. A full quota is `SPOOL_FAILED`, with nothing kept of that message.
 * When the database is deleted or closed from outside, or the lock stolen, the spool warns, closes itself, and every call
 * rejects with `SPOOL_CLOSED`.
 *
 * @throws {OfflineImError} `OPTION_INVALID`
 * @example
 * ```ts
 * const sender = new OfflineImSender({ spool: new IndexedDbSpool({ name: 'offline-im alice' }), … });
 * ```
 */
export class IndexedDbSpool extends JournaledSpool {
  readonly #journal: IndexedDbJournal;

  constructor(options: IndexedDbSpoolOptions = {}) {
    const { name, waitForLock, indexedDB, locks } = readOptions('IndexedDbSpool', options, rules);
    const web = (): ReturnType<typeof browserHas> => {
      const has = browserHas();
      return { indexedDB: indexedDB ?? has.indexedDB, locks: locks ?? has.locks };
    };
    const journal = new IndexedDbJournal({ name, timeout: waitForLock, web });
    super({ name: 'indexeddb', durable: true, journal });
    this.#journal = journal;
  }

  override open(context: SpoolContext): Promise<void> {
    this.#journal.expect();
    return super.open(context);
  }

  override close(): Promise<void> {
    // It would wait behind an open that waits for another tab, which may take for ever.
    this.#journal.giveUp();
    return super.close();
  }
}
