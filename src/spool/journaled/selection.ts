import { systemClock, Turns } from '../../core/clock.ts';
import { DueQueue, sliceSize, sorting } from '../../core/queues.ts';
import type { ClaimRequest, ExpireRequest, SpoolState, Standing } from '../contract.ts';
import { type Picked, runOf } from '../state/claim.ts';
import { standingOf } from '../state/derived.ts';
import { closedLanes, expireEntry } from '../state/expire.ts';
import { type EntryRecord, isInNote, mayExpireAt, streamKey } from '../state/records.ts';
import type { Transaction } from '../state/transaction.ts';
import type { StoredNote } from './journal.ts';
import type { TableView } from './state-table.ts';
import { storedEntry, storedNote } from './times.ts';

/**
 * Picks what is due, lane by lane, those served longest ago first. Changes no record. What it picked is out of the queues until the claim is committed; see
 * {@link putBack}.
 */
export function pick(table: TableView, request: ClaimRequest, now: number): Picked[] {
  const waiting = request.kind === 'deliver' ? table.deliver : table.probe;
  const picks: Picked[] = [];
  const by = request.kind === 'deliver' && request.ignorePickup === true ? Number.POSITIVE_INFINITY : now;
  for (const lane of waiting.inTurn(by, request.lanes)) {
    const room = Math.min(request.perLane, request.limit - picks.length);
    if (room <= 0) break;
    const found = request.kind === 'deliver' ? pickDue(table, lane, request, now, room) : pickProbes(table, lane, now, room);
    if (found.length > 0) waiting.served(lane, now);
    picks.push(...found);
  }
  return picks;
}

function pickDue(table: TableView, lane: string, request: ClaimRequest, now: number, room: number): Picked[] {
  const queue = table.deliver.get(lane);
  const picks: Picked[] = [];
  const passedOver: string[] = [];
  while (queue !== undefined && picks.length < room) {
    const key = queue.take(request.ignorePickup === true ? Number.POSITIVE_INFINITY : now);
    if (key === undefined) break;
    const found = head(table, key, request, now);
    if (found === undefined) passedOver.push(key);
    else picks.push(found);
  }
  for (const key of passedOver) table.refreshStream(key);
  return picks;
}

/** Puts back what was picked and not claimed: it is due as before. */
export function putBack(table: TableView, picks: readonly Picked[]): void {
  for (const { members } of picks) for (const { fixed } of members.slice(0, 1)) table.refreshStream(streamKey(fixed));
}

function head(table: TableView, key: string, request: ClaimRequest, now: number): Picked | undefined {
  const run = runOf(records(table, key), request, now);
  if (run === undefined || 'members' in run) return run;
  return deferredNote(table, run.deferredNoteId, now);
}

function* records(table: TableView, key: string): Iterable<EntryRecord> {
  for (const id of table.stream(key)) {
    const record = table.entry(id);
    if (record === undefined) return;
    yield record;
  }
}

function deferredNote(table: TableView, noteId: string, now: number): Picked | undefined {
  const note = table.note(noteId);
  if (note === undefined || note.due.at > now) return undefined;
  return { note, members: note.entryIds.flatMap((id) => table.entry(id) ?? []) };
}

function pickProbes(table: TableView, lane: string, now: number, room: number): Picked[] {
  const queue = table.probe.get(lane);
  const picks: Picked[] = [];
  while (queue !== undefined && picks.length < room) {
    const id = queue.take(now);
    if (id === undefined) break;
    const note = table.note(id);
    if (note !== undefined) picks.push({ note, members: note.entryIds.flatMap((member) => table.entry(member) ?? []) });
  }
  for (const { note } of picks) if (note !== undefined) table.probe.set(lane, note.id, note.due.at);
  return picks;
}

/**
 * Ends what has expired by the wall clock, but never what nobody has tried: a clock set forward, a night asleep or a week switched off ends nothing untried. What may
 * have been sent is probed once more.
 */
export function expire(tx: Transaction, table: TableView, request: ExpireRequest, now: number): void {
  const closed = closedLanes(request);
  const taken: string[] = [];
  const wall = tx.wall(now);
  for (let id = table.expiries.take(wall); id !== undefined; id = table.expiries.take(wall)) {
    taken.push(id);
    const record = tx.entry(id);
    if (record !== undefined) expireEntry(tx, record, request, closed, now);
  }
  for (const id of taken) {
    const status = table.entry(id)?.status;
    table.expiries.set(id, status && mayExpireAt(status));
  }
}

/** Shows `see` one entry after the other. The event loop turns meanwhile: there may be very many of them. */
export function visit(entries: Iterable<EntryRecord>, see: (record: EntryRecord) => void): Promise<void> {
  return new Turns(systemClock).run(visiting(entries, see));
}

function* visiting(entries: Iterable<EntryRecord>, see: (record: EntryRecord) => void): Generator<void, void> {
  let count = 0;
  for (const record of entries) {
    see(record);
    if (++count % sliceSize === 0) yield;
  }
}

/** The entries that are wanted, in the order of the table. */
export async function select(
  entries: Iterable<EntryRecord>,
  isWanted: (record: EntryRecord) => boolean,
): Promise<readonly EntryRecord[]> {
  const found: EntryRecord[] = [];
  await visit(entries, (record) => {
    if (isWanted(record)) found.push(record);
  });
  return found;
}

/**
 * Entries among which are all of that state, read while the table changes; one that moves meanwhile may come twice. Yields `undefined` now and then, so that the caller
 * can let the event loop turn. Hosts list what waits at each collection of metrics: those entries come without any that has ended, those accepted first first.
 */
export function* entriesAmong(table: TableView, state: SpoolState | undefined): Generator<EntryRecord | undefined, void> {
  const waits = state === 'spooled' || state === 'deferred' || state === 'delivering';
  let count = 0;
  for (const id of waits ? mergedStreams(table) : table.ids()) {
    if (id === undefined || ++count % sliceSize === 0) yield undefined;
    const record = id === undefined ? undefined : table.entry(id);
    if (record !== undefined) yield record;
  }
}

/** An active entry, and the ids of those behind it in its conversation. */
interface Waiting {
  readonly id: string;
  readonly at: number;
  readonly order: number;
  readonly behind: Iterator<string> | undefined;
}

/**
 * Ids of active entries, those accepted first first: one busy conversation must not hide what waits in the others. There may be a hundred thousand conversations, most of
 * one entry and in order already: their first entries are sorted only where they are not, and one more of a conversation waits in a queue when it has any.
 */
function* mergedStreams(table: TableView): Generator<string | undefined, void> {
  const heads: Waiting[] = [];
  let isSorted = true;
  let count = 0;
  for (const { ids = [] } of table.streams()) {
    const head = typeof ids === 'string' ? waiting(table, ids) : nextWaiting(table, ids[Symbol.iterator]());
    const last = heads.at(-1);
    if (head !== undefined) {
      if (last !== undefined && compareWaiting(last, head) > 0) isSorted = false;
      heads.push(head);
    }
    if (++count % sliceSize === 0) yield undefined;
  }
  const sorted = isSorted ? heads : yield* sorting(heads, compareWaiting);
  const later = new DueQueue();
  const byId = new Map<string, Waiting>();
  for (let taken = 0; ; ) {
    const head = sorted[taken];
    const other = byId.get(later.peekKey() ?? '');
    const isOther = other !== undefined && (head === undefined || compareWaiting(other, head) < 0);
    const first = isOther ? other : head;
    if (first === undefined) return;
    if (isOther) {
      later.set(first.id, undefined);
      byId.delete(first.id);
    } else taken += 1;
    yield first.id;
    const next = first.behind && nextWaiting(table, first.behind);
    if (next === undefined) continue;
    later.set(next.id, next.at, next.order);
    byId.set(next.id, next);
  }
}

function compareWaiting(one: Waiting, other: Waiting): number {
  return one.at - other.at || one.order - other.order;
}

function nextWaiting(table: TableView, behind: Iterator<string>): Waiting | undefined {
  for (let step = behind.next(); step.done !== true; step = behind.next()) {
    const next = waiting(table, step.value, behind);
    if (next !== undefined) return next;
  }
  return undefined;
}

function waiting(table: TableView, id: string, behind?: Iterator<string>): Waiting | undefined {
  const record = table.entry(id);
  return record && { id, at: record.fixed.acceptedAt, order: record.status.order, behind };
}

/** Where an entry stands in its conversation. */
export function standingIn(table: TableView, entryId: string, now: number): Standing | undefined {
  const record = table.entry(entryId);
  if (record === undefined) return undefined;
  const [head] = table.stream(streamKey(record.fixed));
  return standingOf(record, table.note(record.status.noteId), head === undefined ? undefined : table.entry(head), now);
}

/**
 * Those entries as they are stored, without those of `seen`, and their notes, each with all its members. A member that was not there `before` brings all of its message
 * along: a part would pass for the whole when the message is accepted once more.
 */
export function wholeNotes(
  table: TableView,
  ids: readonly string[],
  { before, seen }: { readonly before: ReadonlySet<string>; readonly seen: Set<string> },
): { readonly records: readonly EntryRecord[]; readonly notes: readonly StoredNote[] } {
  const records = new Map<string, EntryRecord>();
  const notes = new Map<string, StoredNote>();
  const wanted = ids.filter((id) => !seen.has(id));
  for (let id = wanted.pop(); id !== undefined; id = wanted.pop()) {
    const record = table.entry(id);
    if (record === undefined || records.has(id)) continue;
    records.set(id, storedEntry(record, table.skew));
    seen.add(id);
    if (!before.has(id)) wanted.push(...table.entriesOfMessage(record.fixed.messageId));
    const note = isInNote(record.status.state) ? table.note(record.status.noteId) : undefined;
    if (note === undefined || notes.has(note.id)) continue;
    const { lease: _lease, ...stored } = note;
    notes.set(note.id, storedNote(stored, table.skew));
    wanted.push(...note.entryIds);
  }
  return { records: [...records.values()], notes: [...notes.values()] };
}
