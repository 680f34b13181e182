import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { isA, property } from '../../core/errors/thrown.ts';
import { cursorInvalid } from '../admin/arguments.ts';
import type { EntryFilter, EntryPage } from '../admin/contract.ts';
import { fits, hasEnded } from '../admin/filter.ts';
import type { AdminQueries, AdminRecords, RecordKind, StoredRecord } from '../admin/stored-admin.ts';
import { LaneTally } from '../admin/summaries.ts';
import { type EntryRecord, viewOf } from '../state/records.ts';
import type { JournalEngine } from './engine.ts';
import { type Journal, JournalError, type ListPlace } from './journal.ts';
import { isLater } from './json-shape.ts';
import { visit } from './selection.ts';

/** How many parts of a log, of 16 kB each, one page reads at most: a filter that hardly any entry fits must not hold up the owner of a long log. */
const mostParts = 128;

/** Lists entries of the table in memory: those that have not ended first, each part in the order of acceptance. */
export function journaledQueries(engine: JournalEngine): AdminQueries {
  return {
    async listBy(filter, cursor, limit) {
      const found = new Page(filter, cursor, limit);
      const seen = new Set<string>();
      await engine.run(() =>
        visit(engine.table.entries(), (record) => {
          seen.add(record.fixed.id);
          found.add(record);
        }),
      );
      const { state } = filter;
      const mayBeEnded = !found.isFull && (state === undefined || state === 'delivered' || state === 'cancelled');
      if (mayBeEnded) await addEnded(engine, found, seen);
      return found.page();
    },
    summaries: () =>
      engine.run(async () => {
        const tally = new LaneTally();
        await visit(engine.table.entries(), ({ fixed, status }) => {
          if (!hasEnded(status.state)) tally.add(fixed.lane, status.state, 1, fixed.acceptedAt);
        });
        return tally.summaries();
      }),
  };
}

async function addEnded(engine: JournalEngine, found: Page, seen: Set<string>): Promise<void> {
  let parts = 0;
  for await (const { records, rest } of engine.endedInOrder(seen, found.afterEnded)) {
    parts += 1;
    for (const record of records) {
      seen.add(record.fixed.id);
      found.look(record);
    }
    if (rest !== undefined && found.isEnough([1, rest.acceptedAt, rest.id], parts >= mostParts)) return;
  }
}

type Key = readonly [ended: number, acceptedAt: number, id: string];

/** Where an entry stands in the list. */
const keyOf = ({ fixed, status }: EntryRecord): Key => [Number(hasEnded(status.state)), fixed.acceptedAt, fixed.id];

function keyIn(cursor: string): Key {
  try {
    const [ended, acceptedAt, id]: unknown[] = JSON.parse(cursor);
    if (typeof ended === 'number' && typeof acceptedAt === 'number' && typeof id === 'string') return [ended, acceptedAt, id];
  } catch {
    // Not JSON, or no array.
  }
  throw cursorInvalid(cursor);
}

/** One page of the entries that are added to it, of which it keeps as many as it needs. */
class Page {
  readonly #filter: EntryFilter;
  readonly #after: Key | undefined;
  readonly #limit: number;
  /** The places of the entries of the log that were looked at, in no order. */
  readonly #looked: Key[] = [];
  #found: { readonly record: EntryRecord; readonly key: Key }[] = [];
  /** Entries from here on are on a later page: as many as a page needs come before. */
  #beyond: Key | undefined;
  /** The last place up to which all entries were looked at, where that is not the end. */
  #reached: Key | undefined;

  constructor(filter: EntryFilter, cursor: string | undefined, limit: number) {
    this.#filter = filter;
    this.#after = cursor === undefined ? undefined : keyIn(cursor);
    this.#limit = limit;
  }

  /** The place after which entries that have ended are wanted. */
  get afterEnded(): ListPlace | undefined {
    const [ended, acceptedAt = 0, id = ''] = this.#after ?? [];
    return ended === 1 ? { acceptedAt, id } : undefined;
  }

  /** Adds an entry of a log that is read in parts. */
  look(record: EntryRecord): void {
    const key = keyOf(record);
    if (this.#isAfter(key)) this.#looked.push(key);
    this.add(record);
  }

  add(record: EntryRecord): void {
    const { fixed, status } = record;
    const key = keyOf(record);
    // Most of a long list is neither filtered nor sorted.
    if (!this.#isAfter(key) || (this.#beyond !== undefined && compare(key, this.#beyond) >= 0)) return;
    if (
      status.purged === true ||
      !fits(this.#filter, {
        state: status.state,
        lane: fixed.lane,
        to: fixed.to,
        acceptedAt: fixed.acceptedAt,
        reason: status.reason,
      })
    )
      return;
    this.#found.push({ record, key });
    if (this.#found.length > 4 * (this.#limit + 1) + 1_000) this.#cut();
  }

  #isAfter(key: Key): boolean {
    return this.#after === undefined || compare(key, this.#after) > 0;
  }

  /** Whether there is more than a page of entries that have not ended: those that have come after them. */
  get isFull(): boolean {
    this.#cut();
    const last = this.#found[this.#limit];
    return last !== undefined && last.key[0] === 0;
  }

  /** Whether the entries before `rest` make a page; or, where the page must end, whether there is a place at which the next one can go on. */
  isEnough(rest: Key, mustEnd: boolean): boolean {
    this.#cut();
    const last = this.#found[this.#limit];
    if (last !== undefined && compare(last.key, rest) < 0) return true;
    if (!mustEnd) return false;
    for (const key of this.#looked) {
      if (compare(key, rest) < 0 && (this.#reached === undefined || compare(this.#reached, key) < 0)) this.#reached = key;
    }
    return this.#reached !== undefined;
  }

  page(): EntryPage {
    const more = this.#cut();
    const reached = this.#reached;
    const all = this.#found.slice(0, this.#limit);
    const found = reached === undefined ? all : all.filter(({ key }) => compare(key, reached) <= 0);
    const last = more && found.length === this.#limit ? found.at(-1)?.key : reached;
    return {
      entries: found.map(({ record }) => viewOf(record)),
      ...(last === undefined ? {} : { cursor: JSON.stringify(last) }),
      ...(reached === undefined ? {} : { looked: this.#looked.length }),
    };
  }

  /** Whether there is more than a page. */
  #cut(): boolean {
    this.#found.sort((a, b) => compare(a.key, b.key));
    this.#found = this.#found.slice(0, this.#limit + 1);
    this.#beyond = this.#found[this.#limit]?.key;
    return this.#found.length > this.#limit;
  }
}

function compare(one: Key, other: Key): number {
  return one[0] - other[0] || one[1] - other[1] || (one[2] < other[2] ? -1 : Number(one[2] > other[2]));
}

interface Kept {
  readonly at: number;
  readonly content: string;
}

/** Kinds that outlive the process. The report of a process ends with it. */
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

  /** Writes a change before it shows. */
  async #change(kind: RecordKind, change: (records: Map<string, Kept>) => Map<string, Kept>): Promise<void> {
    const next = new Map(await this.#all());
    next.set(kind, change(new Map(next.get(kind))));
    if (durable.includes(kind)) {
      const document = durable.map((one) => [one, Object.fromEntries(next.get(one) ?? [])]);
      const text = JSON.stringify({ version: 1, ...Object.fromEntries(document) });
      await this.#coded('unknown', async () => this.#journal.admin?.write(text));
    }
    this.#kinds = next;
  }

  /** Gives whatever a journal fails with a code. */
  async #coded<Result>(kept: JournalError['kept'], call: () => Promise<Result>): Promise<Result> {
    try {
      return await call();
    } catch (error) {
      if (isA(error, OfflineImError)) throw error;
      throw this.#engine.failed(isA(error, JournalError) ? error : new JournalError(kept, error));
    }
  }

  async #all(): Promise<ReadonlyMap<RecordKind, Map<string, Kept>>> {
    this.#kinds ??= await this.#coded('no', async () => kindsIn((await this.#journal.admin?.read()) ?? '{}'));
    return this.#kinds;
  }
}

/** @throws {SyntaxError} for what is no JSON: a pause that can't be read must not be taken for none */
function kindsIn(document: string): Map<RecordKind, Map<string, Kept>> {
  const parsed: unknown = JSON.parse(document);
  const version = property(parsed, 'version');
  if (isLater(version, 1)) {
    const message = `The record of pauses and commands is stored in version ${version}; this library knows up to 1. A later version wrote it; use that version. Nothing was changed.`;
    throw new OfflineImError('SPOOL_VERSION', message, { details: { version, known: 1 } });
  }
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
