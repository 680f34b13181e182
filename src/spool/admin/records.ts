/** What a storage keeps for operators beside its entries: small documents by kind and key. */
export type RecordKind = 'pause' | 'report' | 'audit';

export interface StoredRecord {
  readonly key: string;
  /** When it was first written, or last for a report. ms since 1970 UTC by the storage's clock. */
  readonly at: number;
  /** JSON. */
  readonly content: string;
}

/** The little that a storage has to do for {@link StoredAdmin}. Every write is durable when resolved, as far as the storage is. */
export interface AdminRecords {
  /** In the order of keys. `now` is the storage's clock. */
  read(kind: RecordKind): Promise<{ readonly now: number; readonly records: readonly StoredRecord[] }>;
  /** @param keepTime Whether a record that is there keeps its time. */
  put(kind: RecordKind, key: string, content: string, keepTime: boolean): Promise<void>;
  /** How many there were. */
  drop(kind: RecordKind, keys: readonly string[]): Promise<number>;
}
