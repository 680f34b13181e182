import { sleep } from '../core/clock.ts';
import { hasCode, OfflineImError } from '../core/errors/offline-im-error.ts';
import { asError } from '../core/errors/thrown.ts';
import type { NoteEvent } from '../observability/events.ts';
import type { Change, ClaimedNote, Reason, Settlement, SettleResult, SpoolEntry } from '../spool/contract.ts';
import type { DeliveryOutcome, ProbeResult } from '../transport/contract.ts';
import type { SpoolerContext } from './context.ts';
import { hasMade, provesSent, settlementOf } from './outcome.ts';

/** Reports a claim: its messages are picked up, or probed. */
export function reportClaim(context: SpoolerContext, kind: 'deliver' | 'probe', note: ClaimedNote): void {
  const { noteId, attempt, lane, entries } = note;
  if (context.trace.logs)
    context.trace.step(`claim:${kind}`, { noteId, attempt, lane, entries: entries.length, probes: note.probes });
  if (kind === 'probe') {
    if (!context.probes.isNews(noteId)) return;
    for (const entry of entries) {
      context.trace.event('message:unconfirmed', { ...noteEvent(note, entry), ...reasonFields(entry.reason), probeIn: 0 });
    }
    return;
  }
  if (!context.trace.hears('message:picked-up')) return;
  const now = context.clock.now();
  for (const entry of entries) {
    const { messageId, id } = entry;
    const [waited, late] = [Math.max(0, now - entry.acceptedAt), Math.max(0, now - entry.pickupAt)];
    context.trace.event('message:picked-up', { messageId, id, noteId, attempt, lane, waited, late });
  }
}

/** Finds the entries of settled notes. Spools return changes in the order of the settlements, so that usually nothing is searched. */
class SettledEntries {
  readonly #settled: readonly Settled[];
  #byId: Map<string, { readonly one: Settled; readonly entry: SpoolEntry }> | undefined;
  #note = 0;
  #member = 0;

  constructor(settled: readonly Settled[]) {
    this.#settled = settled;
  }

  find(id: string): { readonly one?: Settled | undefined; readonly entry?: SpoolEntry | undefined } {
    const one = this.#settled[this.#note];
    const entry = one?.note.entries[this.#member];
    if (entry?.id !== id) return this.#index().get(id) ?? {};
    this.#member += 1;
    if (this.#member === one?.note.entries.length) {
      this.#note += 1;
      this.#member = 0;
    }
    return { one, entry };
  }

  #index(): ReadonlyMap<string, { readonly one: Settled; readonly entry: SpoolEntry }> {
    this.#byId ??= new Map(this.#settled.flatMap((one) => one.note.entries.map((entry) => [entry.id, { one, entry }] as const)));
    return this.#byId;
  }
}

/** Reports what settlements changed, as events; and each settlement, as a step. */
export function reportSettled(
  context: SpoolerContext,
  kind: 'deliver' | 'probe',
  settled: readonly Settled[],
  changes: readonly Change[],
): void {
  const settledEntries = new SettledEntries(settled);
  for (const change of changes) {
    const { one, entry } = settledEntries.find(change.entryId);
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
      context.trace.event('message:deferred', {
        ...noteEvent(note, entry),
        ...reasonFields(change.reason),
        retryIn: after(settlement),
      });
      return;
    case 'unconfirmed':
      context.trace.event('message:unconfirmed', {
        ...noteEvent(note, entry),
        ...reasonFields(change.reason),
        probeIn: after(settlement),
      });
      return;
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

function noteEvent(note: ClaimedNote, entry: SpoolEntry): NoteEvent {
  return { messageId: entry.messageId, id: entry.id, noteId: note.noteId, attempt: note.attempt, lane: note.lane };
}

function reasonFields(reason: Reason | undefined): Reason {
  return reason ?? { code: 'OUTCOME_UNKNOWN', text: 'No outcome was recorded.' };
}

function after(settlement: Settled['settlement']): number {
  return 'after' in settlement ? settlement.after : 0;
}

/** A note's settlement, and the outcome or result that it comes from. */
export interface Settled {
  readonly note: ClaimedNote;
  readonly settlement: Settlement;
  readonly outcome?: DeliveryOutcome;
  readonly result?: ProbeResult;
}

/** Gives back notes as if they had never been claimed. What the host has cancelled meanwhile ends by that. */
export async function giveBack(
  context: Pick<SpoolerContext, 'storage' | 'trace'>,
  notes: readonly Pick<ClaimedNote, 'token'>[],
): Promise<void> {
  const { changes } = await context.storage.settle(notes.map(({ token }) => ({ token, to: 'unclaim' })));
  for (const change of changes) reportChange(context, change);
}

/**
 * Writes settlements. If the storage fails, it tries again until they are written or their leases are lost; a `delivered` even longer, since storages take it under
 * a lost token too, and a delivery that was never recorded might be sent once more.
 */
export async function settleAll(context: SpoolerContext, settled: readonly Settled[]): Promise<SettleResult> {
  const isDelivered = settled.some(({ settlement }) => settlement.to === 'delivered');
  for (let failures = 1; ; failures++) {
    try {
      const result = await context.storage.settle(settled.map(({ settlement }) => settlement));
      return failures > 1 && result.lost.length > 0 ? await withEarlier(context, settled, result) : result;
    } catch (error) {
      context.trace.warn(asError(error));
      // Whatever a renewal says: a claim that an earlier try of ours has settled counts as lost there.
      const isLeased = settled.every(({ note }) => context.leases.isStillOurs(note.token));
      const goesOn = isLeased || (isDelivered && !context.stopping());
      if (!goesOn || hasCode(error, 'SPOOL_CLOSED') || context.signal.aborted)
        return { lost: settled.map(({ note }) => note.token), changes: [] };
      await sleep(context.clock, Math.min(10_000, 100 * 2 ** Math.min(failures, 7)), context.signal);
    }
  }
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
  const gone = new Set(lost);
  const own = settled.filter(({ note: { token } }) => gone.has(token) && leases.isStillOurs(token));
  const made = own.flatMap(({ note, settlement }) =>
    note.entries.map(async ({ id, messageId, state: from }): Promise<Change | undefined> => {
      try {
        const entry = await storage.get(id);
        if (entry === undefined || entry.state === from || !hasMade(settlement, note, entry)) return undefined;
        const { state: to, reason } = entry;
        return { entryId: id, messageId, from, to, noteId: note.noteId, ...(reason === undefined ? {} : { reason }) };
      } catch {
        return undefined;
      }
    }),
  );
  return { lost, changes: [...changes, ...(await Promise.all(made)).filter((one) => one !== undefined)] };
}

/** Settles outcomes that arrive after the call was given up. A `delivered` counts however late it is; about all else, probes know more by now. */
export async function settleLate(
  context: SpoolerContext,
  notes: readonly ClaimedNote[],
  outcomes: readonly DeliveryOutcome[],
): Promise<void> {
  const settled = notes.flatMap((note, index): Settled[] => {
    const outcome = outcomes[index];
    return outcome?.status === 'delivered' ? [{ note, settlement: settlementOf(note, outcome, context), outcome }] : [];
  });
  if (settled.length === 0 || context.signal.aborted) return;
  try {
    const { changes } = await settleAll(context, settled);
    reportSettled(context, 'deliver', settled, changes);
  } catch (error) {
    context.trace.warn(asError(error));
  }
}
