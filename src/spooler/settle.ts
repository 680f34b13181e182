import { sleep } from '../core/clock.ts';
import { hasCode, OfflineImError } from '../core/errors/offline-im-error.ts';
import { asError } from '../core/errors/thrown.ts';
import type { NoteEvent } from '../observability/events.ts';
import type { Change, ClaimedNote, Reason, Settlement, SettleResult, SpoolEntry } from '../spool/contract.ts';
import type { DeliveryOutcome, ProbeResult } from '../transport/contract.ts';
import type { SpoolerContext } from './context.ts';
import { hasMade, provesSent } from './outcome.ts';

/** Reports what settlements changed, as events; and each settlement, as a step. */
export function reportSettled(
  context: SpoolerContext,
  kind: 'deliver' | 'probe',
  settled: readonly Settled[],
  changes: readonly Change[],
): void {
  const byId = new Map(settled.flatMap((one) => one.note.entries.map((entry) => [entry.id, { one, entry }] as const)));
  for (const change of changes) {
    const { one, entry } = byId.get(change.entryId) ?? {};
    // As before the claim: an earlier failure is no news.
    if (one === undefined || entry === undefined || one.settlement.to === 'unclaim') reportChange(context, change);
    else reportOne(context, kind, change, one, entry);
  }
  reportDraftsLeft(context, settled, changes);
  for (const { note, settlement } of settled) {
    const { noteId } = note;
    if (context.trace.logs) reportStep(context, note, settlement);
    if (settlement.to === 'unconfirmed') context.probes.isNews(noteId);
    else context.probes.forget(noteId);
  }
}

function reportStep({ trace }: SpoolerContext, { noteId, attempt, lane }: ClaimedNote, settlement: Settlement): void {
  const reason = 'reason' in settlement ? reasonFields(settlement.reason) : {};
  trace.step('settle', { noteId, attempt, lane, to: settlement.to, ...reason });
}

/**
 * `message:dead` reports a draft by its reason; messages that go on alone, or end as cancelled, have no event that does. Neither have those that end for another reason,
 * such as a copy of another attempt.
 */
function reportDraftsLeft({ trace }: SpoolerContext, settled: readonly Settled[], changes: readonly Change[]): void {
  for (const { note, settlement, result } of settled) {
    const reason = 'reason' in settlement ? settlement.reason : undefined;
    const { noteId, lane } = note;
    if (reason?.code === 'DRAFT_LEFT') {
      const silent = changes.some(({ entryId, to }) => to !== 'dead' && note.entries.some(({ id }) => id === entryId));
      if (silent) trace.warn(new OfflineImError('DRAFT_LEFT', reason.text, { details: { noteId, lane } }));
    } else if (settlement.to !== 'unconfirmed' && leavesDraft(result)) {
      const text = 'A draft of the note could not be removed, and was left in the mailbox.';
      trace.warn(new OfflineImError('DRAFT_LEFT', text, { details: { noteId, lane } }));
    }
  }
}

function leavesDraft(result: ProbeResult | undefined): boolean {
  if (result === undefined || result.status === 'absent') return false;
  return result.status === 'draft' ? !result.removed : result.draft === 'left';
}

/** Reports a change that has no outcome behind it: by the host, by the hook, or by expiry. */
export function reportChange(context: Pick<SpoolerContext, 'trace'>, { entryId, messageId, from, to, reason }: Change): void {
  const entry = { messageId, id: entryId };
  context.trace.step('change', { ...entry, from, to, ...reason });
  if (from === to) return;
  if (to === 'dead') context.trace.event('message:dead', { ...entry, ...reasonFields(reason) });
  if (to === 'held') context.trace.event('message:held', entry);
  if (to === 'cancelled') context.trace.event('message:cancelled', entry);
}

function reportOne(
  context: SpoolerContext,
  kind: 'deliver' | 'probe',
  change: Change,
  { note, settlement, outcome, result }: Settled,
  entry: SpoolEntry,
): void {
  switch (change.to) {
    case 'delivered': {
      const messageClass = outcome?.status === 'delivered' ? outcome.messageClass : note.frozen.messageClass;
      const took = Math.max(0, context.clock.now() - entry.acceptedAt);
      const weak = result?.status === 'found' && !provesSent(note, result);
      const { messageId, id } = entry;
      const { noteId, attempt, lane } = note;
      const delivered = { messageId, id, noteId, attempt, lane, messageClass, took, foundByProbe: kind === 'probe' };
      context.trace.event('message:delivered', weak ? { ...delivered, proof: 'copy-after-fault' } : delivered);
      return;
    }
    case 'deferred':
    case 'unconfirmed': {
      const told = { ...noteEvent(note, entry), ...reasonFields(change.reason) };
      const wait = 'after' in settlement ? settlement.after : 0;
      if (change.to === 'deferred') context.trace.event('message:deferred', { ...told, retryIn: wait });
      else context.trace.event('message:unconfirmed', { ...told, probeIn: wait });
      return;
    }
    default:
      reportChange(context, change);
  }
}

/** Reports each attempt and each probe. A note that was not written is no attempt. */
export function reportAttempts(
  context: SpoolerContext,
  kind: 'deliver' | 'probe',
  settled: readonly Settled[],
  startedAt: number,
): void {
  const { trace, clock } = context;
  if (!trace.listens('note:settled')) return;
  const took = Math.max(0, clock.monotonic() - startedAt);
  const now = clock.now();
  for (const { note, outcome, result } of settled) {
    const met = outcome ?? result;
    const code = met !== undefined && 'error' in met ? met.error.code : undefined;
    if (met === undefined || code === 'NOT_ATTEMPTED') continue;
    trace.listened('note:settled', {
      noteId: note.noteId,
      attempt: note.attempt,
      lane: note.lane,
      endpoint: note.frozen.place.endpoint,
      kind,
      outcome: met.status,
      ...(code === undefined ? {} : { code }),
      entries: note.entries.length,
      at: new Date(now),
      took,
      traceparents: traceparentsOf(note.entries),
    });
  }
}

/** Each one once, in order. Most notes carry one message. */
function traceparentsOf(entries: readonly SpoolEntry[]): readonly string[] {
  const [only, second] = entries;
  if (second === undefined) {
    const traceparent = only?.message?.traceparent;
    return traceparent === undefined ? [] : [traceparent];
  }
  const found = new Set<string>();
  for (const { message } of entries) {
    if (message?.traceparent !== undefined) found.add(message.traceparent);
  }
  return found.size === 0 ? [] : [...found];
}

export function noteEvent(note: ClaimedNote, entry: SpoolEntry): NoteEvent {
  return { messageId: entry.messageId, id: entry.id, noteId: note.noteId, attempt: note.attempt, lane: note.lane };
}

export function reasonFields(reason: Reason | undefined): Reason {
  return reason ?? { code: 'OUTCOME_UNKNOWN', text: 'No outcome was recorded.' };
}

/** A note's settlement, and the outcome or result that it comes from. */
export interface Settled {
  readonly note: ClaimedNote;
  readonly settlement: Settlement;
  readonly outcome?: DeliveryOutcome;
  readonly result?: ProbeResult;
}

/** The number of results that may be refused alone before the storage is left in peace for a while. */
const mostRefused = 3;

/** After so many failures, some 20 s, each further warning names the messages. */
const mostUnnamed = 7;

/**
 * Records results. Where the storage fails twice, each is also tried alone, so that one that is always refused holds up no other. It goes on until all are recorded or their
 * leases are lost; with a `delivered` until stop() cuts it off, since storages take it under a lost token too, and a delivery that was never recorded might be sent once more.
 *
 * @param told Called with results that are recorded, or given up; with each once
 */
export async function settleAll(
  context: SpoolerContext,
  settled: readonly Settled[],
  told: (part: readonly Settled[], result: SettleResult) => void,
): Promise<void> {
  const { storage, trace, leases, clock, signal } = context;
  let open = settled;
  let failures = 0;
  const tell = (part: readonly Settled[], result: SettleResult): void => {
    open = open.filter((one) => !part.includes(one));
    for (const { note } of part) {
      if (leases.isStillOurs(note.token)) continue;
      if (result.changes.some(({ to, noteId }) => to === 'delivered' && noteId === note.noteId)) leases.late.add(note.noteId);
    }
    told(part, result);
  };
  const failureOf = async (part: readonly Settled[]): Promise<Error | undefined> => {
    try {
      const result = await storage.settle(part.map(({ settlement }) => settlement));
      if (failures === 0) tell(part, result);
      else tell(withTold(part, open, result), await withEarlier(context, part, result));
    } catch (error) {
      // Where only the answer was lost: by the next try the lease may be over, and then nobody could tell whose change it was.
      const lost = part.map(({ note }) => note.token);
      const earlier = await withEarlier(context, part.length > 1 ? [] : part, { lost, changes: [] });
      if (earlier.changes.length === 0) return asError(error);
      tell(part, earlier);
    }
    return undefined;
  };
  for (;;) {
    let error = await failureOf(open);
    if (error === undefined) return;
    failures += 1;
    trace.warn(failures > mostUnnamed ? notRecorded(open, error) : error);
    let refused = 0;
    // What stop() cuts off has no second try.
    for (const one of open.length > 1 && (failures > 1 || signal.aborted) ? open : []) {
      if (hasCode(error, 'SPOOL_CLOSED') || (refused >= mostRefused && !signal.aborted)) break;
      const failure = open.includes(one) && (await failureOf([one]));
      if (!failure) continue;
      error = failure;
      refused += 1;
    }
    // Those that were refused now come first; next time the others do.
    open = [...open.slice(refused), ...open.slice(0, refused)];
    const isOver = hasCode(error, 'SPOOL_CLOSED') || signal.aborted;
    const isDelivered = open.some(({ settlement }) => settlement.to === 'delivered');
    // Whatever a renewal says: a claim that an earlier try of ours has settled counts as lost there.
    const left = open.filter(({ note }) => isOver || !(isDelivered || leases.isStillOurs(note.token)));
    tell(left, { lost: left.map(({ note }) => note.token), changes: [] });
    if (open.length === 0) return;
    await sleep(clock, Math.min(10_000, 100 * 2 ** Math.min(failures, 7)), signal);
  }
}

/** With those whose changes came with the answer: a storage over several tells what it has kept of an earlier call. */
function withTold(part: readonly Settled[], open: readonly Settled[], { changes }: SettleResult): readonly Settled[] {
  const ids = new Set(changes.map(({ entryId }) => entryId));
  return open.filter((one) => part.includes(one) || one.note.entries.some(({ id }) => ids.has(id)));
}

function notRecorded(open: readonly Settled[], cause: Error): OfflineImError {
  const messageIds = open.flatMap(({ note }) => note.entries.map(({ messageId }) => messageId));
  const text = `Results are not recorded yet: ${cause.message}`;
  return new OfflineImError('SPOOL_FAILED', text, { cause, details: { messageIds } });
}

/**
 * Adds the changes of an earlier try that was written although its answer was lost, such as that to a COMMIT: nobody else can have settled a note whose lease is still ours,
 * so that nobody else reports it.
 */
async function withEarlier(
  { storage, leases }: SpoolerContext,
  settled: readonly Settled[],
  { lost, changes }: SettleResult,
): Promise<SettleResult> {
  const all = [...changes];
  for (const { note, settlement } of settled) {
    const { noteId, token, entries } = note;
    if (!lost.includes(token) || !leases.isStillOurs(token) || leases.late.has(noteId)) continue;
    try {
      // One after the other: a storage that is away is asked once.
      for (const { id, messageId, state: from } of entries) {
        const entry = await storage.get(id);
        if (entry === undefined || entry.state === from || !hasMade(settlement, note, entry)) continue;
        const { state: to, reason } = entry;
        all.push({ entryId: id, messageId, from, to, noteId, ...(reason === undefined ? {} : { reason }) });
      }
    } catch {} // What can't be read is not told.
  }
  return { lost, changes: all };
}
