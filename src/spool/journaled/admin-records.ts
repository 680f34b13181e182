import { property } from '../../core/errors/thrown.ts';
import type { AdminRecords, RecordKind, StoredRecord } from '../admin/stored-admin.ts';
import type { JournalEngine } from './engine.ts';
import type { Journal } from './journal.ts';

interface Kept {
  readonly at: number;
  readonly content: string;
}

/** Kinds that outlive the process. What one process tells of itself ends with it. */
const durable: readonly RecordKind[] = ['pause', 'audit'];

/** Records in memory, written as one document where the journal takes one. */
export class JournaledRecords implements AdminRecords {
  readonly #engine: JournalEngine;
  readonly #journal: Journal;
  #kinds: Map<RecordKind, Map<string, Kept>> | undefined;

  constructor(engine: JournalEngine, journal: Journal) {
    this.#engine = engine;
    this.#journal = journal;
  }

  /** Another process may have had the storage meanwhile. */
  forget(): void {
    if (this.#journal.admin !== undefined) this.#kinds = undefined;
  }

  read(kind: RecordKind): Promise<{ readonly now: number; readonly records: readonly StoredRecord[] }> {
    return this.#engine.run(async (now) => {
      const records = [...((await this.#all()).get(kind) ?? [])].map(([key, kept]) => ({ key, ...kept }));
      return { now: this.#wall(now), records: records.sort((a, b) => (a.key < b.key ? -1 : 1)) };
    });
  }

  put(kind: RecordKind, key: string, content: string, keepTime: boolean): Promise<void> {
    return this.#engine.run(async (now) => {
      await this.#change(kind, (records) => {
        const before = records.get(key);
        return records.set(key, { at: keepTime && before !== undefined ? before.at : this.#wall(now), content });
      });
    });
  }

  drop(kind: RecordKind, keys: readonly string[]): Promise<number> {
    return this.#engine.run(async () => {
      let dropped = 0;
      await this.#change(kind, (records) => {
        for (const key of keys) dropped += Number(records.delete(key));
        return records;
      });
      return dropped;
    });
  }

  /** Operators read these times. */
  #wall(now: number): number {
    return now + this.#engine.table.skew;
  }

  /** Written before it shows. */
  async #change(kind: RecordKind, change: (records: Map<string, Kept>) => Map<string, Kept>): Promise<void> {
    const next = new Map(await this.#all());
    next.set(kind, change(new Map(next.get(kind))));
    if (durable.includes(kind)) {
      const document = durable.map((one) => [one, Object.fromEntries(next.get(one) ?? [])]);
      await this.#journal.admin?.write(JSON.stringify({ version: 1, ...Object.fromEntries(document) }));
    }
    this.#kinds = next;
  }

  async #all(): Promise<ReadonlyMap<RecordKind, Map<string, Kept>>> {
    this.#kinds ??= kindsIn((await this.#journal.admin?.read()) ?? '{}');
    return this.#kinds;
  }
}

/** @throws {SyntaxError} for what is no JSON: a pause that can't be read must not be taken for none */
function kindsIn(document: string): Map<RecordKind, Map<string, Kept>> {
  const parsed: unknown = JSON.parse(document);
  return new Map(
    durable.map((kind) => {
      const records = Object.entries((property(parsed, kind) ?? {}) as object).flatMap(([key, kept]: [string, unknown]) => {
        const [at, content] = [property(kept, 'at'), property(kept, 'content')];
        return typeof at === 'number' && typeof content === 'string' ? [[key, { at, content }] as const] : [];
      });
      return [kind, new Map(records)];
    }),
  );
}
