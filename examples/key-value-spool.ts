/**
 * A spool of your own over any key-value store that writes a batch all or none (LevelDB, LMDB, a transaction of Redis, …), for one process at a time.
 * `JournaledSpool` holds the states, the order and the leases; a `Journal` only has to write and read. docs/write-your-own-spool.md explains it.
 */
import {
  type EntryRecord,
  type Journal,
  type JournalContents,
  JournalError,
  JournaledSpool,
  type NoteRecord,
  type SpooledMessage,
  type SpoolTransaction,
} from 'offline-im';

/** What is asked of the store. */
export interface KeyValueStore {
  get(key: string): Promise<string | undefined>;
  /** Every value whose key begins so. */
  values(prefix: string): Promise<readonly string[]>;
  /** Durable when it resolves, all or nothing; `undefined` deletes. */
  batch(changes: ReadonlyMap<string, string | undefined>): Promise<void>;
}

class KeyValueJournal implements Journal {
  readonly #store: KeyValueStore;

  constructor(store: KeyValueStore) {
    this.#store = store;
  }

  async open(): Promise<JournalContents> {
    const [entries, notes] = await Promise.all([this.#store.values('entry/'), this.#store.values('note/')]);
    return {
      entries: entries.map((value) => JSON.parse(value) as EntryRecord),
      notes: notes.map((value) => JSON.parse(value) as NoteRecord),
    };
  }

  async write(tx: SpoolTransaction, added: ReadonlyMap<string, SpooledMessage>): Promise<void> {
    const changes = new Map<string, string | undefined>();
    for (const [id, message] of added) changes.set(`message/${id}`, JSON.stringify(message));
    for (const [id, record] of tx.entries) {
      changes.set(`entry/${id}`, JSON.stringify(record));
      // A tombstone keeps no text.
      const { state, purged } = record.status;
      if (state === 'delivered' || state === 'cancelled' || purged === true) changes.set(`message/${id}`, undefined);
    }
    for (const [id, note] of tx.notes) {
      // A lease ends with the process; whoever opens the store next knows that nobody holds one.
      const { lease: _lease, ...rest } = note ?? {};
      changes.set(`note/${id}`, note === undefined ? undefined : JSON.stringify(rest));
    }
    try {
      await this.#store.batch(changes);
    } catch (error) {
      // Say `no` only where the store is certain that nothing was kept; after `unknown` the spool closes itself.
      throw new JournalError('unknown', error);
    }
  }

  async read(records: readonly EntryRecord[]): Promise<ReadonlyMap<string, SpooledMessage>> {
    const messages = new Map<string, SpooledMessage>();
    for (const { fixed } of records) {
      const value = await this.#store.get(`message/${fixed.id}`);
      if (value !== undefined) messages.set(fixed.id, JSON.parse(value) as SpooledMessage);
    }
    return messages;
  }

  async forget(entryIds: readonly string[]): Promise<void> {
    await this.#store.batch(new Map(entryIds.map((id) => [`entry/${id}`, undefined])));
  }

  async close(): Promise<void> {}
}

/** `new KeyValueSpool(store)`: durable as far as the store is. */
export class KeyValueSpool extends JournaledSpool {
  constructor(store: KeyValueStore) {
    super({ name: 'key-value', durable: true, journal: new KeyValueJournal(store) });
  }
}
