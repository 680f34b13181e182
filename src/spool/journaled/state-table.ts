import { DueQueue, sliceSize, sorting } from '../../core/queues.ts';
import { type LaneFilter, type SpoolState, spoolStates } from '../contract.ts';
import { headDue, laneFilter, messageEndedSince, probeAt } from '../state/derived.ts';
import { type EntryRecord, isTombstone, mayExpireAt, type NoteRecord, streamKey } from '../state/records.ts';
import { Transaction } from '../state/transaction.ts';
import type { EndedTotals } from './journal.ts';
import { LaneQueues, type Placed, type Stream, Streams, Tags } from './lane-queues.ts';

/** A table that can be read and claimed from, but not changed. */
export type TableView = Omit<StateTable, 'commit' | 'load' | 'loading' | 'admit' | 'shed' | 'beside' | 'uncount' | 'skew'> & {
  readonly skew: number;
};

/**
 * The state table of docs/states.md in memory: all entries and notes of a spool without their messages, and the indexes that claims need. An operation reads it through a
 * {@link Transaction}, which collects the changes; a storage makes them durable and then commits them, so that the table never shows what a crash could take back.
 */
export class StateTable {
  readonly #entries = new Map<string, Placed>();
  readonly #notes = new Map<string, NoteRecord>();
  /** By message id. Most messages have one entry, for which a list would be large. */
  readonly #byMessage = new Map<string, string | readonly string[]>();
  /** Entries by the tags of their unknown attempts, for a late `delivered`. */
  readonly #byTag = new Tags();
  readonly #streams = new Streams();
  readonly #counts = Object.fromEntries(spoolStates.map((state) => [state, 0])) as Record<SpoolState, number>;
  /** Streams by the due time of their head. */
  readonly deliver = new LaneQueues();
  /** Unconfirmed notes by their next probe. */
  readonly probe = new LaneQueues();
  /** Claimed notes by the end of their lease. */
  readonly leases = new DueQueue();
  /** Entries by when an expiry may change them, which is a time of the wall clock. */
  readonly expiries = new DueQueue();
  /** Messages with only tombstones left, by the end of the last one, a time of the wall clock. Its keys are in the order in which they came. */
  readonly tombstones = new DueQueue();
  /** The steps that index an entry. A map takes milliseconds to grow: while a spool is loaded they grow one after the other, not all at one entry. */
  readonly #places: readonly ((row: Placed, before?: EntryRecord, changed?: Set<Stream>) => void)[] = [
    ({ record }, before) => {
      if (before === undefined) this.#putInMessage(record);
      else this.#count(before, -1);
      this.#count(record, 1);
      const { fixed, status } = record;
      if (status.unknownAttempts === before?.status.unknownAttempts) return;
      for (const { tag } of status.unknownAttempts) this.#byTag.add(tag, fixed.id);
    },
    (row, before, changed) => this.#streams.place(row, before, changed),
    ({ record: { fixed, status } }, before) => {
      const mayExpire = mayExpireAt(status);
      if (before === undefined || mayExpire !== mayExpireAt(before.status)) this.expiries.set(fixed.id, mayExpire);
      const joins = before === undefined && typeof this.#byMessage.get(fixed.messageId) !== 'string';
      if (joins || isTombstone(status) || (before && isTombstone(before.status))) this.trackTombstones(fixed.messageId);
    },
  ];
  #bytes = 0;
  #rev = 0;
  #order = 0;

  /** ms by which the wall clock is ahead of the time that due times are counted in. */
  skew = 0;

  /** Starts an operation. Only one may be open at a time. */
  begin(): Transaction {
    return new Transaction(this, this.#rev + 1, this.#order, this.skew);
  }

  entry(id: string): EntryRecord | undefined {
    return this.#entries.get(id)?.record;
  }

  note(id: string | undefined): NoteRecord | undefined {
    return id === undefined ? undefined : this.#notes.get(id);
  }

  entriesOfMessage(messageId: string): readonly string[] {
    const ids = this.#byMessage.get(messageId);
    return typeof ids === 'string' ? [ids] : (ids ?? []);
  }

  entriesWithTag(tag: string): Iterable<string> {
    return this.#byTag.of(tag);
  }

  /** Active entries of a stream, oldest first. */
  stream(key: string): Iterable<string> {
    return this.#streams.of(key);
  }

  leasedNotes(): Iterable<string> {
    return this.leases.keys();
  }

  *entries(): Iterable<EntryRecord> {
    for (const { record } of this.#entries.values()) yield record;
  }

  ids(): Iterable<string> {
    return this.#entries.keys();
  }

  /** The streams that have active entries. */
  streams(): Iterable<Pick<Stream, 'ids'>> {
    return this.#streams.all();
  }

  notes(): Iterable<NoteRecord> {
    return this.#notes.values();
  }

  /** When something of those lanes is due next, to deliver or to probe, and when a lease of theirs ends. */
  dueTimes(lanes?: LaneFilter): readonly (number | undefined)[] {
    return [this.deliver.earliest(lanes), this.probe.earliest(lanes), this.#leaseEnd(lanes)];
  }

  counts(): Record<SpoolState, number> {
    return { ...this.#counts };
  }

  /** The last place in the order of acceptance. */
  get order(): number {
    return this.#order;
  }

  /** Weights of all entries whose message is kept. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Applies what an operation changed. */
  commit(tx: Transaction): void {
    this.#rev = Math.max(this.#rev, tx.rev);
    this.#order = Math.max(this.#order, tx.lastOrder);
    const streams = new Set<Stream>();
    for (const record of tx.entries.values()) this.#putEntry(record, streams);
    tx.notes.forEach((note, id) => {
      this.#putNote(id, note, streams, tx.entries);
    });
    for (const stream of streams) this.#refresh(stream);
    for (const id of tx.forgotten) this.#forget(id);
  }

  /** Takes in the records of a storage, in any order: `order` says which entry of a stream comes first. */
  load(entries: Iterable<EntryRecord>, notes: Iterable<NoteRecord>): void {
    for (const loading = this.loading(entries, notes); loading.next().done !== true; );
  }

  /** Takes them in with interruptions, in which nothing else may use the table. */
  *loading(entries: Iterable<EntryRecord>, notes: Iterable<NoteRecord>): Generator<void, void> {
    let count = 0;
    for (const record of yield* sorting(entries, (a, b) => a.status.order - b.status.order)) {
      const known = this.#entries.get(record.fixed.id);
      if (known === undefined) this.#entries.set(record.fixed.id, { record, stream: undefined });
      else known.record = record;
      this.#rev = Math.max(this.#rev, record.status.rev);
      this.#order = Math.max(this.#order, record.status.order);
      if (++count % sliceSize === 0) yield;
    }
    for (const place of this.#places) {
      for (const row of this.#entries.values()) {
        place(row);
        if (++count % sliceSize === 0) yield;
      }
    }
    for (const note of notes) {
      this.#putNote(note.id, note, new Set(), this.#entries);
      if (++count % sliceSize === 0) yield;
    }
    for (const stream of this.#streams.all()) {
      this.#refresh(stream);
      if (++count % sliceSize === 0) yield;
    }
  }

  /** Counts entries that are not in memory. */
  beside({ counts, rev, order }: EndedTotals): void {
    this.#rev = Math.max(this.#rev, rev);
    this.#order = Math.max(this.#order, order);
    for (const [state, count] of counts) this.#counts[state] += count;
  }

  /** Takes in tombstones, always all of a message; they are counted already. */
  admit(records: Iterable<EntryRecord>): void {
    const streams = new Set<Stream>();
    for (const record of records) {
      if (this.#entries.has(record.fixed.id)) continue;
      this.#count(record, -1);
      this.#putEntry(record, streams);
    }
    for (const stream of streams) this.#refresh(stream);
  }

  /** Lets messages with only tombstones leave memory until `most` are left, the latest ones. */
  shed(most: number): void {
    for (const messageId of this.tombstones.keys()) {
      if (this.tombstones.size <= most) return;
      for (const id of this.entriesOfMessage(messageId)) {
        const record = this.entry(id);
        this.#forget(id);
        if (record !== undefined) this.#count(record, 1);
      }
    }
  }

  /** An entry that is not in memory is gone. */
  uncount(record: EntryRecord): void {
    this.#count(record, -1);
  }

  #forget(id: string): void {
    const row = this.#entries.get(id);
    if (row === undefined) return;
    const { record, stream } = row;
    const { fixed, status } = record;
    this.#entries.delete(id);
    this.#count(record, -1);
    const others = this.entriesOfMessage(fixed.messageId).filter((other) => other !== id);
    if (others.length === 0) this.#byMessage.delete(fixed.messageId);
    else this.#byMessage.set(fixed.messageId, others);
    for (const { tag } of status.unknownAttempts) this.#byTag.remove(tag, id);
    this.expiries.set(id, undefined);
    this.trackTombstones(fixed.messageId);
    if (stream === undefined) return;
    this.#streams.remove(stream, id);
    this.#refresh(stream);
  }

  /** Updates when the head of a stream is due; a stream whose head is at work waits for it. */
  refreshStream(key: string): void {
    const stream = this.#streams.get(key);
    if (stream !== undefined) this.#refresh(stream);
  }

  #refresh(stream: Stream): void {
    const head = this.#streams.head(stream, this.#orderOf);
    const status = head === undefined ? undefined : this.entry(head)?.status;
    this.deliver.set(stream.lane, stream.key, status && headDue(status, this.note(status.noteId))?.at);
  }

  readonly #orderOf = (id: string): number => this.entry(id)?.status.order ?? 0;

  #leaseEnd(lanes: LaneFilter | undefined): number | undefined {
    if (lanes === undefined || ('except' in lanes && lanes.except.length === 0)) return this.leases.peek();
    const wanted = laneFilter(lanes);
    if (wanted(this.note(this.leases.peekKey())?.lane ?? '')) return this.leases.peek();
    let earliest: number | undefined;
    for (const id of this.leases.keys()) {
      const note = this.#notes.get(id);
      if (note?.lease === undefined || !wanted(note.lane)) continue;
      earliest = Math.min(earliest ?? note.lease.until, note.lease.until);
    }
    return earliest;
  }

  #putEntry(record: EntryRecord, streams: Set<Stream>): void {
    const known = this.#entries.get(record.fixed.id);
    const before = known?.record;
    const row = known ?? { record, stream: undefined };
    row.record = record;
    if (known === undefined) this.#entries.set(record.fixed.id, row);
    for (const place of this.#places) place(row, before, streams);
  }

  #putInMessage({ fixed }: EntryRecord): void {
    const others = this.entriesOfMessage(fixed.messageId);
    this.#byMessage.set(fixed.messageId, others.length === 0 ? fixed.id : [...others, fixed.id].sort());
  }

  /** @param put Entries whose streams are marked as changed already. */
  #putNote(id: string, note: NoteRecord | undefined, streams: Set<Stream>, put: ReadonlyMap<string, unknown>): void {
    const before = this.#notes.get(id);
    const lane = note?.lane ?? before?.lane;
    if (lane === undefined) return;
    if (note === undefined) this.#notes.delete(id);
    else this.#notes.set(id, note);
    const next = note && probeAt(note);
    if (next !== (before && probeAt(before))) this.probe.set(lane, id, next);
    const until = note?.lease?.until;
    if (until !== before?.lease?.until) this.leases.set(id, until);
    const firstId = (note ?? before)?.entryIds[0] ?? '';
    const first = put.has(firstId) ? undefined : this.#entries.get(firstId);
    const stream = first && (first.stream ?? this.#streams.get(streamKey(first.record.fixed)));
    if (stream !== undefined) streams.add(stream);
  }

  /** Updates whether only tombstones are left of a message. */
  trackTombstones(messageId: string): void {
    const ids = this.#byMessage.get(messageId);
    const only = typeof ids === 'string' ? this.entry(ids)?.status : undefined;
    const statuses = only === undefined ? this.entriesOfMessage(messageId).flatMap((id) => this.entry(id)?.status ?? []) : [only];
    this.tombstones.set(messageId, messageEndedSince(statuses));
  }

  #count({ fixed, status }: EntryRecord, by: 1 | -1): void {
    if (!isTombstone(status)) this.#bytes += by * fixed.weight;
    if (status.purged !== true) this.#counts[status.state] += by;
  }
}
