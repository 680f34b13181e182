import { OfflineImError } from '../core/errors/offline-im-error.ts';
import { quoted } from '../core/errors/quote.ts';
import { shownPause } from '../observability/stats.ts';
import { adminOf, laneOf, type PauseOptions, readPause } from '../sender/entries.ts';
import { type MessageEntry, shownEntry } from '../sender/status.ts';
import type { BulkResult, BulkVerb, EntryFilter, LaneReport, ListProgress, SpoolAdmin } from '../spool/admin/contract.ts';
import { type Change, type SpoolEntry, type SpoolState, type SpoolStorage, spoolStates } from '../spool/contract.ts';
import { isShut } from '../spool/sealed/entries.ts';
import { pausesOf } from '../spooler/lanes/obstacles.ts';
import { type Explanation, explain } from './explain.ts';
import { cursorFor, cursorOf, type HandleChange, type HandleQuery, readChange, readQuery } from './filters.ts';
import { type HandleAudit, type HandleLanes, type HandleReport, type HandleStats, shownLanes, shownReport } from './reports.ts';

/** Entries of a mailbox that are searched for the one that others wait for, and those read at a time. */
const [mostLooked, page] = [2_000, 200];

/** A spool that an operator has open: it needs no sender, and delivers nothing. */
export class SpoolHandle {
  readonly #storage: SpoolStorage;
  readonly #by: string;

  /** @param by The name in audits and pauses. */
  constructor(storage: SpoolStorage, by: string) {
    this.#storage = storage;
    this.#by = by;
  }

  /** Returns the same spool in the name of another user, such as that of a dashboard. */
  as(by: string): SpoolHandle {
    return new SpoolHandle(this.#storage, by);
  }

  /** The kind of spool: `file`, `sqlite`, `postgres`, `sealed file`, … */
  get kind(): string {
    return this.#storage.name;
  }

  /** Lists entries without their texts: those that have not ended first, each part in the order of acceptance. @throws {OfflineImError} `OPTION_INVALID`, `ADDRESS_INVALID` */
  async list(query: HandleQuery = {}): Promise<{ readonly entries: readonly MessageEntry[]; readonly cursor?: string }> {
    const { filter, limit, cursor, signal, onProgress } = readQuery(query);
    const entries: MessageEntry[] = [];
    let next = cursor === undefined ? undefined : await cursorOf(filter, cursor);
    let looked = 0;
    do {
      signal?.throwIfAborted();
      const page = await this.#admin.listBy(filter, next, limit - entries.length);
      for (const entry of page.entries) entries.push(shownEntry(entry));
      next = page.cursor;
      looked += page.looked ?? page.entries.length;
      onProgress?.({ looked, found: entries.length, changed: 0 });
    } while (next !== undefined && entries.length < limit);
    if (entries.length === 0) await this.#checkKeysFor(filter);
    return { entries, ...(next === undefined ? {} : { cursor: await cursorFor(filter, next) }) };
  }

  /** Returns the time by the spool's clock, which is that of the database if it has one. */
  async now(): Promise<Date> {
    return new Date((await this.#storage.admin?.now?.()) ?? Date.now());
  }

  /** Returns the entries of a message, or an entry, with their texts; empty if the id is unknown. */
  async get(id: string): Promise<readonly MessageEntry[]> {
    return (await this.#find(id)).map(shownEntry);
  }

  /** Counts entries by state, and lists what is paused. */
  async stats(): Promise<HandleStats> {
    const [states, paused] = await Promise.all([this.#storage.counts(), this.#storage.admin?.paused() ?? []]);
    return { states, paused: paused.map(shownPause) };
  }

  /** Returns what waits by mailbox, and the mailboxes and servers that the processes on this spool can't use. */
  async lanes(): Promise<HandleLanes> {
    return shownLanes(await this.#admin.lanes());
  }

  /**
   * The mailboxes and servers that the processes on this spool can't use, without the sums by mailbox of {@link SpoolHandle.lanes}, which read everything that waits.
   * @internal
   */
  async reports(): Promise<readonly HandleReport[]> {
    return (await this.#reports()).map(shownReport);
  }

  async #reports(): Promise<LaneReport['reports']> {
    const { admin } = this.#storage;
    return (await admin?.reports?.()) ?? (await admin?.lanes())?.reports ?? [];
  }

  /** Explains what each entry of a message, or one entry, is waiting for or how it ended, and what to do. @throws {OfflineImError} `ENTRY_UNKNOWN` */
  async explain(id: string): Promise<readonly Explanation[]> {
    const entries = await this.#known(id);
    const { admin } = this.#storage;
    const pauses = (await admin?.paused()) ?? [];
    const reports = await this.#reports();
    const now = (await this.now()).getTime();
    return Promise.all(
      entries.map(async (entry) => {
        const standing = await this.#storage.standing?.(entry.id);
        const older = standing?.behind === true ? await this.#headOf(entry) : undefined;
        return explain({ entry, standing, pauses: pausesOf(pauses, entry.lane), older, reports, now });
      }),
    );
  }

  /** What the conversation of an entry waits for: the one of it that stands behind none. A long queue is not looked through for it. */
  async #headOf({ lane, conversationId, audience }: SpoolEntry): Promise<SpoolEntry | undefined> {
    let cursor: string | undefined;
    for (let looked = 0; looked < mostLooked; looked += page) {
      const found = await this.#admin.listBy({ lane }, cursor, page);
      for (const entry of found.entries) {
        if (entry.conversationId !== conversationId || entry.audience !== audience) continue;
        if ((await this.#storage.standing?.(entry.id))?.behind === false) return entry;
      }
      cursor = found.cursor;
      if (cursor === undefined) return undefined;
    }
    return undefined;
  }

  /** Requeues dead entries, except those that may have been sent: see {@link SpoolHandle.requeueOne}. */
  requeue(change: HandleChange = {}): Promise<BulkResult> {
    return this.#change('requeue', change);
  }

  /** Cancels entries, except those that are `delivering` or `unconfirmed`. */
  cancel(change: HandleChange = {}): Promise<BulkResult> {
    return this.#change('cancel', change);
  }

  /** Holds waiting entries until they are released. */
  hold(change: HandleChange = {}): Promise<BulkResult> {
    return this.#change('hold', change);
  }

  /** Releases held entries, to the end of the order. */
  release(change: HandleChange = {}): Promise<BulkResult> {
    return this.#change('release', change);
  }

  /** Forgets entries that have ended; their tombstones stay for their time. */
  purge(change: HandleChange = {}): Promise<BulkResult> {
    return this.#change('purge', change);
  }

  /** Changes a message or an entry by its id, except entries that are `delivering` or `unconfirmed`. @throws {OfflineImError} `ENTRY_UNKNOWN` */
  async act(verb: Exclude<BulkVerb, 'requeue'>, id: string): Promise<readonly Change[]> {
    const entries = await this.#known(id);
    const atWork = (state: SpoolState): boolean => state === 'delivering' || state === 'unconfirmed';
    const ids = entries.filter(({ state }) => !atWork(state)).map((entry) => entry.id);
    const changes = ids.length === 0 ? [] : await this.#storage[verb](ids);
    await this.#audit(verb, changes.length);
    return changes;
  }

  /**
   * Requeues a dead message or entry. If it may have been sent, it is probed first, unless `force` is set.
   *
   * @param options.force Sends without a probe: someone may get it twice. @default false
   * @throws {OfflineImError} `ENTRY_UNKNOWN`
   */
  async requeueOne(id: string, options: { readonly force?: boolean } = {}): Promise<readonly Change[]> {
    const { force = false } = options;
    const entries = await this.#known(id);
    const changes = await this.#storage.requeue(
      entries.map((entry) => entry.id),
      { force },
    );
    await this.#audit(force ? 'requeue by force' : 'requeue', changes.length);
    return changes;
  }

  /** As `sender.pause()`. @throws {OfflineImError} `ADDRESS_INVALID`, `SPOOL_NOT_OPERABLE` */
  async pause(mailbox?: string, options: PauseOptions = {}): Promise<void> {
    const lane = laneOf(mailbox);
    const { why } = readPause(options);
    await this.#checkKeysFor({ lane });
    await this.#admin.pause({ lane, by: options.by ?? this.#by, why });
    await this.#audit('pause', undefined, lane);
  }

  /** As `sender.resume()`. @throws {OfflineImError} `ADDRESS_INVALID`, `SPOOL_NOT_OPERABLE` */
  async resume(mailbox?: string): Promise<boolean> {
    const lane = laneOf(mailbox);
    await this.#checkKeysFor({ lane });
    const was = await this.#admin.resume(lane);
    await this.#audit('resume', undefined, lane);
    return was;
  }

  /** Asks every process on this spool to try blocked mailboxes and unreachable servers; each does at its next poll, at the latest. */
  async retryNow(mailbox?: string): Promise<void> {
    const lane = laneOf(mailbox);
    await this.#checkKeysFor({ lane });
    await this.#audit('retry-now', undefined, lane);
  }

  /** Records in the audit that a person read the text of a message. */
  noteReading(): Promise<void> {
    return this.#audit('show --text');
  }

  /** Reads every entry and compares the counts. Resolves with one sentence per problem, and none if all is well. */
  async check(options: Pick<HandleQuery, 'signal' | 'onProgress'> = {}): Promise<readonly string[]> {
    const { signal, onProgress } = readQuery(options);
    const found: Partial<Record<SpoolState, number>> = {};
    const before = await this.#storage.counts();
    let looked = 0;
    for await (const { state } of this.#storage.list()) {
      found[state] = (found[state] ?? 0) + 1;
      looked += 1;
      if (looked % 1_000 !== 0) continue;
      signal?.throwIfAborted();
      onProgress?.({ looked, found: looked, changed: 0 });
    }
    const after = await this.#storage.counts();
    // What changed meanwhile, since a sender runs, proves nothing.
    return spoolStates.flatMap((state) =>
      before[state] === after[state] && (found[state] ?? 0) !== after[state]
        ? [`${state}: ${after[state]} counted, but ${found[state] ?? 0} readable`]
        : [],
    );
  }

  /** Returns the audit: what operators did, latest first. */
  async audit(): Promise<readonly HandleAudit[]> {
    return (await this.#admin.audit()).map(({ at, ...record }) => ({ ...record, at: new Date(at) }));
  }

  /** Closes the spool; later calls reject with `SPOOL_CLOSED`. */
  close(): Promise<void> {
    return this.#storage.close();
  }

  get #admin(): SpoolAdmin {
    return adminOf(this.#storage);
  }

  async #change(verb: BulkVerb, change: HandleChange): Promise<BulkResult> {
    const { filter, limit, dryRun, signal, onProgress } = readChange(`${verb}()`, change);
    await this.#checkKeysFor(filter);
    let count = 0;
    const follow = (progress: ListProgress): void => {
      count = progress.changed;
      onProgress?.(progress);
    };
    try {
      const result = await this.#admin.change(verb, filter, { limit, dryRun, signal, onProgress: follow });
      count = result.changes.length;
      return result;
    } finally {
      // What is purged leaves no address behind, not even there. One that was ended has done a part.
      const kept = verb === 'purge' ? { ...filter, lane: undefined, recipient: undefined } : filter;
      if (!dryRun) await this.#admin.audit({ by: this.#by, command: verb, filter: kept, count });
    }
  }

  async #audit(command: string, count?: number, lane?: string): Promise<void> {
    await this.#storage.admin?.audit({
      by: this.#by,
      command,
      ...(lane === undefined ? {} : { filter: { lane } }),
      ...(count === undefined ? {} : { count }),
    });
  }

  async #find(id: string) {
    const ofMessage = await this.#storage.findMessage(id);
    if (ofMessage.length === 0) return [(await this.#storage.get(id)) ?? []].flat();
    // What was purged is not shown.
    return (await Promise.all(ofMessage.map((entry) => this.#storage.get(entry.id)))).filter((entry) => entry !== undefined);
  }

  async #known(id: string) {
    const entries = await this.#find(id);
    if (entries.length > 0) return entries;
    if (await this.#isShut()) throw shut('message ids', 'Ids of entries, as list() shows them, still work.');
    throw new OfflineImError('ENTRY_UNKNOWN', `No message or entry has the id ${quoted(id)}; it may have been forgotten.`);
  }

  /** What is named by an address would silently not be found. @throws {OfflineImError} `SPOOL_KEY_MISSING` */
  async #checkKeysFor({ lane, recipient }: Pick<EntryFilter, 'lane' | 'recipient'>): Promise<void> {
    if ((lane === undefined && recipient === undefined) || !(await this.#isShut())) return;
    throw shut('mailboxes and recipients', 'Queries without them, such as by state, still work.');
  }

  /** Whether it is sealed, and was opened without keys: one of its entries tells. */
  async #isShut(): Promise<boolean> {
    for await (const entry of this.#storage.list()) return isShut(entry);
    return false;
  }
}

function shut(what: string, instead: string): OfflineImError {
  const text = `This spool is sealed and was opened without its keys, so ${what} can't be compared: pass its keys. ${instead}`;
  return new OfflineImError('SPOOL_KEY_MISSING', text);
}
