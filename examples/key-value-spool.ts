/**
 * A spool of your own over any key-value store that writes a batch all or none (LevelDB, LMDB, a transaction of Redis, …), for one
 * process at a time. `JournaledSpool` holds the states, the order and the leases; a `Journal` only puts and deletes what it is
 * given. docs/write-your-own-spool.md explains it.
 */
import {
  type EntryRecord,
  type Journal,
  type JournalChange,
  type JournalContents,
  JournalError,
  JournaledSpool,
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
    return { entries: entries.map(parsed), notes: notes.map(parsed) };
  }

  async write({ entries, notes, messages }: JournalChange): Promise<void> {
    const batch = new Map<string, string | undefined>();
    for (const [prefix, records] of Object.entries({ entry: entries, note: notes, message: messages })) {
      for (const [id, record] of records) batch.set(`${prefix}/${id}`, record && JSON.stringify(record));
    }
    try {
      await this.#store.batch(batch);
    } catch (error) {
      // Say `no` only where the store is certain that nothing was kept; after `unknown` the spool closes itself.
      throw new JournalError('unknown', error);
    }
  }

  async read(records: readonly EntryRecord[]): Promise<ReadonlyMap<string, unknown>> {
    const ids = records.map(({ fixed }) => fixed.id);
    const values = await Promise.all(ids.map((id) => this.#store.get(`message/${id}`)));
    return new Map(ids.flatMap((id, index) => (values[index] === undefined ? [] : [[id, parsed(values[index])] as const])));
  }

  async close(): Promise<void> {}
}

/** What is no JSON is not a record either: the spool reports it. */
function parsed(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}

/** `new KeyValueSpool(store)`: durable as far as the store is. */
export class KeyValueSpool extends JournaledSpool {
  constructor(store: KeyValueStore) {
    super({ name: 'key-value', durable: true, journal: new KeyValueJournal(store) });
  }
}
