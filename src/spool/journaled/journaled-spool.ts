import { checkArguments } from '../../core/arguments.ts';
import { systemClock, Turns } from '../../core/clock.ts';
import { flag, having, type RulesFor, readOptions, text } from '../../core/options.ts';
import { GroupCommit, sliceSize } from '../../core/queues.ts';
import type { SpoolAdmin } from '../admin/contract.ts';
import { hasEnded } from '../admin/filter.ts';
import { StoredAdmin } from '../admin/stored-admin.ts';
import { spoolArguments } from '../arguments.ts';
import type {
  AppendResult,
  Change,
  ClaimedNote,
  ClaimRequest,
  ClaimToken,
  ExpireRequest,
  LaneFilter,
  NewSpoolEntry,
  Settlement,
  SettleResult,
  SpoolContext,
  SpoolEntry,
  SpooledMessage,
  SpoolQuery,
  SpoolState,
  SpoolStorage,
  Standing,
} from '../contract.ts';
import { appendMessage, appendStorable, splitByMessage } from '../state/append.ts';
import { claimPick } from '../state/claim.ts';
import { dueIn } from '../state/derived.ts';
import { type EntryRecord, viewOf } from '../state/records.ts';
import { lateSubject, settleEach } from '../state/settle.ts';
import { failedAppends, type Subject, type Transition, TransitionSpool } from '../state/transition-spool.ts';
import { JournaledRecords, journaledQueries } from './admin.ts';
import { JournalEngine } from './engine.ts';
import { type Journal, JournalError, type StoredNote } from './journal.ts';
import { entriesAmong, expire, pick, putBack, select, standingIn, wholeNotes } from './selection.ts';

/** Options of a {@link JournaledSpool}. */
export interface JournaledSpoolOptions {
  /** Names the spool in error messages. */
  readonly name: string;
  /** Whether an append that resolved survives the end of the process. */
  readonly durable: boolean;
  /** Makes changes durable. One journal belongs to one spool. */
  readonly journal: Journal;
}

const rules = {
  name: text('a name'),
  durable: flag(),
  journal: having<Journal>('a Journal', ['open', 'write', 'read', 'close']),
} satisfies RulesFor<JournaledSpoolOptions>;

/** How many calls are written together at most. */
const groupSize = 256;

/**
 * A spool for one process: the state table in memory, made durable by a {@link Journal}. Operations run one at a time;
 * appends and settlements that arrive meanwhile are written together.
 *
 * @throws {OfflineImError} `OPTION_INVALID`
 */
export class JournaledSpool extends TransitionSpool implements SpoolStorage {
  readonly name: string;
  readonly capabilities: SpoolStorage['capabilities'];
  /** Present when the journal keeps a document for operators, or when the spool is not durable. */
  readonly admin?: SpoolAdmin;
  readonly #records: JournaledRecords;
  readonly #engine: JournalEngine;
  readonly #appends: GroupCommit<readonly NewSpoolEntry[], readonly AppendResult[]>;
  readonly #settlements: GroupCommit<readonly Settlement[], SettleResult>;

  constructor(options: JournaledSpoolOptions) {
    const { name, durable, journal } = readOptions('JournaledSpool', options, rules);
    super();
    checkArguments(JournaledSpool.prototype, 'spool', spoolArguments);
    this.name = name;
    this.capabilities = { durable, shared: false };
    this.#engine = new JournalEngine(name, journal);
    this.#records = new JournaledRecords(this.#engine, journal);
    if (journal.admin !== undefined || !durable)
      this.admin = new StoredAdmin(this, this.#records, journaledQueries(this.#engine));
    this.#appends = new GroupCommit(this.#engine.queue, groupSize, (batch) => this.#append(batch));
    this.#settlements = new GroupCommit(this.#engine.queue, groupSize, (batch) => this.#settle(batch));
  }

  open(context: SpoolContext): Promise<void> {
    this.#records.forget();
    return this.#engine.open(context);
  }

  append(entries: readonly NewSpoolEntry[]): Promise<readonly AppendResult[]> {
    return appendStorable(entries, (storable) => this.#appends.add(storable));
  }

  claim(request: ClaimRequest): Promise<readonly ClaimedNote[]> {
    return this.#engine.run(async (now) => {
      for (;;) {
        const picks = pick(this.#engine.table, request, now);
        if (picks.length === 0) return [];
        const claimed = await this.#claim(picks, request, now);
        if (claimed !== undefined) return claimed;
      }
    });
  }

  /** `undefined` when a message had to be set aside: choose again. */
  async #claim(picks: ReturnType<typeof pick>, request: ClaimRequest, now: number): Promise<readonly ClaimedNote[] | undefined> {
    let claimed: readonly ClaimedNote[] | undefined;
    try {
      const messages = await this.#engine.messagesOf(picks.flatMap((one) => one.members));
      if (messages === undefined) return undefined;
      const tx = this.#engine.table.begin();
      const notes = picks.map((one) => claimPick(tx, one, messages, request, now));
      await this.#engine.commit(tx);
      claimed = notes;
      return claimed;
    } finally {
      if (claimed === undefined) putBack(this.#engine.table, picks);
    }
  }

  renew(claims: readonly ClaimToken[], lease: number): Promise<readonly ClaimToken[]> {
    return this.#engine.run(async (now) => {
      const { table } = this.#engine;
      const tx = table.begin();
      const held = new Map([...table.leasedNotes()].map((id) => [table.note(id)?.lease?.token, table.note(id)]));
      const lost: ClaimToken[] = [];
      for (const token of claims) {
        const note = held.get(token);
        if (note?.lease === undefined) lost.push(token);
        else tx.putNote({ ...note, lease: { ...note.lease, until: now + lease } });
      }
      await this.#engine.commit(tx);
      return lost;
    });
  }

  settle(settlements: readonly Settlement[]): Promise<SettleResult> {
    return this.#settlements.add(settlements);
  }

  async expire(request: ExpireRequest): Promise<readonly Change[]> {
    await this.#engine.run(() => this.#engine.sweepTombstones());
    return this.transit({}, ({ tx, now }) => {
      expire(tx, this.#engine.table, request, now);
      return tx.changes;
    });
  }

  nextDue(lanes?: LaneFilter): Promise<number | undefined> {
    return this.#engine.run(async (now) => dueIn(this.#engine.table.dueTimes(lanes), now));
  }

  get(entryId: string): Promise<SpoolEntry | undefined> {
    return this.#engine.run(async () => {
      await this.#engine.admit({ entries: [entryId] });
      const record = this.#engine.table.entry(entryId);
      return record === undefined || record.status.purged === true ? undefined : (await this.#engine.views([record]))[0];
    });
  }

  findMessage(messageId: string): Promise<readonly SpoolEntry[]> {
    return this.#engine.run(async () => {
      await this.#engine.admit({ messages: [messageId] });
      const { table } = this.#engine;
      return this.#engine.views(table.entriesOfMessage(messageId).flatMap((id) => table.entry(id) ?? []));
    });
  }

  standing(entryId: string): Promise<Standing | undefined> {
    return this.#engine.run(async (now) => {
      await this.#engine.admit({ entries: [entryId] });
      return standingIn(this.#engine.table, entryId, now);
    });
  }

  async *list(query: SpoolQuery = {}): AsyncIterable<SpoolEntry> {
    const records = await this.#engine.run(async () => entriesAmong(this.#engine.table, query.state));
    const turns = new Turns(systemClock);
    const asked = ({ lane, state }: Pick<SpoolEntry, 'lane' | 'state'>): boolean =>
      (query.lane === undefined || lane === query.lane) && (query.state === undefined || state === query.state);
    const seen = new Set<string>();
    for (const record of records) {
      if (record === undefined) await turns.step(sliceSize);
      // One that left memory and came back comes twice.
      if (record === undefined || seen.has(record.fixed.id)) continue;
      seen.add(record.fixed.id);
      if (!asked({ lane: record.fixed.lane, state: record.status.state })) continue;
      const entry = await this.get(record.fixed.id);
      if (entry !== undefined && asked(entry)) yield entry;
    }
    if (query.state !== undefined && !hasEnded(query.state)) return;
    for await (const some of this.#engine.endedBesides(seen)) {
      for (const record of some) if (record.status.purged !== true && asked(viewOf(record))) yield viewOf(record);
    }
  }

  counts(): Promise<Readonly<Record<SpoolState, number>>> {
    return this.#engine.run(async () => this.#engine.table.counts());
  }

  /** Adds up the sizes of messages as a note holds them. */
  usage(): Promise<{ readonly bytes: number }> {
    return this.#engine.run(async () => ({ bytes: this.#engine.table.bytes }));
  }

  close(): Promise<void> {
    return this.#engine.close();
  }

  /** @internal */
  protected override transit<Result>(
    { entries = [], tags = [] }: Subject,
    operation: (transition: Transition) => Result,
  ): Promise<Result> {
    return this.#engine.run(async (now) => {
      await this.#engine.admit({ entries, tags });
      return this.#engine.change(now, operation);
    });
  }

  /**
   * Goes through everything that is kept, some at a time. `read` runs between other operations and sees each note with all its members; `use` runs beside them. Entries that
   * are appended meanwhile are left out, unless one has joined a note of what was there: then all of its message comes. Entries that change meanwhile come as they are by then.
   */
  protected async inSteps<Step>(
    read: (records: readonly EntryRecord[], notes: readonly StoredNote[]) => Promise<Step>,
    use: (step: Step, progress: { readonly copied: number; readonly total: number }) => Promise<void>,
  ): Promise<void> {
    const { ids, order } = await this.#engine.run(async () => {
      const { table } = this.#engine;
      return { ids: Array.from(table.entries(), ({ fixed }) => fixed.id), order: table.order };
    });
    const [before, seen] = [new Set(ids), new Set<string>()];
    for (let from = 0; from < ids.length; from += groupSize) {
      const step = await this.#engine.run(() => {
        const { records, notes } = wholeNotes(this.#engine.table, ids.slice(from, from + groupSize), { before, seen });
        return read(records, notes);
      });
      await use(step, { copied: Math.min(from + groupSize, ids.length), total: ids.length });
    }
    for await (const some of this.#engine.endedBesides(seen)) {
      const known = some.filter(({ fixed, status }) => status.order <= order || before.has(fixed.id));
      const step = await this.#engine.run(() => read(known, []));
      await use(step, { copied: ids.length, total: ids.length });
    }
  }

  /** Finds entries, in no particular order. */
  protected recordsWhere(isWanted: (record: EntryRecord) => boolean): Promise<readonly EntryRecord[]> {
    return this.#engine.run(() => select(this.#engine.table.entries(), isWanted));
  }

  /** Appends all together; where that was not kept, message by message, so that a bad one fails alone. */
  #append(batch: readonly (readonly NewSpoolEntry[])[]): Promise<(readonly AppendResult[])[]> {
    return this.#engine.runNow(async (now) => {
      const groups = batch.map(splitByMessage);
      const messages = groups.flat();
      let results = await this.#appendMessages(messages, now);
      if (messages.length > 1 && results.some((one) => one.status === 'failed' && one.kept === 'no')) {
        const alone: AppendResult[] = [];
        for (const message of messages) alone.push(...(await this.#appendMessages([message], now)));
        results = alone;
      }
      return groups.map((group) => results.splice(0, group.length));
    });
  }

  async #appendMessages(messages: readonly (readonly NewSpoolEntry[])[], now: number): Promise<AppendResult[]> {
    const added = new Map<string, SpooledMessage>();
    let plans: ReturnType<typeof appendMessage>[];
    try {
      await this.#engine.admit({ messages: messages.flatMap(([entry]) => entry?.messageId ?? []) });
      const tx = this.#engine.table.begin();
      plans = messages.map((entries) => {
        const plan = appendMessage(tx, entries, now);
        if (plan.status === 'appended') for (const { id, message } of entries) added.set(id, message);
        return plan;
      });
      await this.#engine.commit(tx, added);
    } catch (error) {
      if (!(error instanceof JournalError)) throw error;
      return failedAppends(messages, error.kept, this.#engine.failed(error));
    }
    return plans.map((plan): AppendResult => {
      if (plan.status === 'conflict') return { messageId: plan.messageId, status: 'conflict' };
      const records = plan.entryIds.flatMap((id) => this.#engine.table.entry(id) ?? []);
      return { messageId: plan.messageId, status: plan.status, entries: records.map((record) => viewOf(record)) };
    });
  }

  #settle(batch: readonly (readonly Settlement[])[]): Promise<SettleResult[]> {
    return this.#engine.runNow(async (now) => {
      await this.#engine.admit(lateSubject(this.#engine.table, batch.flat()));
      return this.#engine.change(now, (transition) => batch.map((one) => settleEach(transition, one)));
    });
  }
}
