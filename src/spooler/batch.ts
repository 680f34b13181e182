import { missing } from '../core/errors/missing.ts';
import { hasCode, OfflineImError } from '../core/errors/offline-im-error.ts';
import { asError } from '../core/errors/thrown.ts';
import { buildNote } from '../message/note.ts';
import type { ClaimedNote, Settlement } from '../spool/contract.ts';
import type { DeliveryOutcome, Note, ProbeResult } from '../transport/contract.ts';
import { checkedOutcomes, checkedResults } from './answers.ts';
import { askHook, frozenNote, handedNote, inGroups, settleLate, withTimeout } from './bounded-calls.ts';
import { giveBack, type Room, reportClaim } from './claim-round.ts';
import type { SpoolerContext } from './context.ts';
import type { Lanes } from './lanes/lanes.ts';
import { ownsSpool } from './leases.ts';
import { besideLostPlace, provesSent, reasonOf, settlementOf, settlementOfLostPlace, settlementOfProbe } from './outcome.ts';
import { reportAttempts, reportSettled, type Settled, settleAll } from './settle.ts';

/** Notes of one lane that were claimed together. */
export interface Batch {
  readonly kind: 'deliver' | 'probe';
  readonly lane: string;
  readonly notes: readonly ClaimedNote[];
  /** When the claim began, by the time of the leases. */
  readonly claimedAt: number;
  /** Called when the mailbox has room for another request. */
  freed(): void;
  /** Where its notes have their places. */
  readonly room: Pick<Room, 'take' | 'recording'>;
}

/** A claimed note: ready for the transport, or already settled. */
type Prepared = { readonly claimed: ClaimedNote } & ({ readonly note: Note } | { readonly settlement: Settlement });
type Ready = Extract<Prepared, { readonly note: Note }>;

/** Hands a batch to the transport, keeps its leases meanwhile, and settles the outcomes. */
export async function workOn(context: SpoolerContext, lanes: Lanes, batch: Batch): Promise<void> {
  // Before anything is awaited: the next batch of this round must see that one more is in flight.
  const slot = new Slot(lanes, batch);
  const tokens = batch.notes.map(({ token }) => token);
  try {
    // stop() was called during the claim: give the notes back as if they had never been claimed.
    if (context.stopping()) return await giveBack(context, batch.notes);
    context.leases.add(tokens, batch.claimedAt);
    for (const note of batch.notes) reportClaim(context, batch.kind, note);
    await (batch.kind === 'deliver' ? deliverBatch(context, lanes, batch, slot) : probeBatch(context, lanes, batch, slot));
    await slot.recorded();
  } finally {
    context.leases.remove(tokens);
    slot.end();
  }
}

/** The place of a batch among the concurrent requests of its mailbox. */
class Slot {
  readonly #lanes: Lanes;
  readonly #batch: Batch;
  readonly #recording: Promise<void>[] = [];
  /** Notes whose results are not being recorded yet. */
  #notes: number;
  #end: (() => void) | undefined;

  constructor(lanes: Lanes, batch: Batch) {
    this.#lanes = lanes;
    this.#batch = batch;
    this.#notes = batch.notes.length;
    batch.room.take(this.#notes);
    this.#end = lanes.begin(batch.lane, batch.kind);
  }

  /** Waits for results of so many notes to be recorded. Where the storage takes long, it leaves meanwhile, and the rest of the batch goes on. */
  async recording(notes: number, record: Parameters<Room['recording']>[1]): Promise<void> {
    const late = Promise.withResolvers<void>();
    this.#notes -= notes;
    const all = this.#batch.room.recording(notes, record, () => late.resolve(this.leave()));
    this.#recording.push(all);
    await Promise.race([all, late.promise]);
  }

  /** Resolves once all results of the batch are recorded. */
  async recorded(): Promise<void> {
    await Promise.all(this.#recording);
  }

  end(): void {
    this.leave();
    this.#batch.room.take(-this.#notes);
  }

  leave(): void {
    if (this.#end === undefined) return;
    this.#end();
    this.#end = undefined;
    this.#batch.freed();
  }

  /** Returns false if the mailbox has been closed meanwhile. */
  enter(): boolean {
    if (this.#end !== undefined) return true;
    if (this.#lanes.admission(this.#batch.lane) === 'closed') return false;
    this.#end = this.#lanes.begin(this.#batch.lane, this.#batch.kind);
    return true;
  }
}

/** Asks the hook about each note, then delivers. */
async function deliverBatch(context: SpoolerContext, lanes: Lanes, batch: Batch, slot: Slot): Promise<void> {
  const { beforeDelivery } = context.options;
  if (beforeDelivery === undefined) return deliverInRequests(context, lanes, batch, batch.notes.map(build), slot);
  const decisions = batch.notes.map((claimed) => decide(context, claimed, beforeDelivery));
  // A hook that hangs holds up its own note, but neither the batch nor the mailbox's other requests.
  for await (const group of inGroups(context.clock, decisions, () => slot.leave())) {
    const prepared = slot.enter() ? group : group.map(notNow);
    await deliverInRequests(context, lanes, batch, prepared, slot);
  }
}

/** Delivers all notes together, or one per request to a server that needs that. */
async function deliverInRequests(
  context: SpoolerContext,
  lanes: Lanes,
  batch: Batch,
  prepared: readonly Prepared[],
  slot: Slot,
): Promise<void> {
  if (prepared.length <= 1 || !lanes.isOneByOne(batch.lane)) return deliverPrepared(context, lanes, batch, prepared, slot);
  for (const [index, one] of prepared.entries()) {
    const goesOn = index === 0 || (lanes.mayGoOn(batch.lane) && !context.stopping() && slot.enter());
    if (!goesOn) return deliverPrepared(context, lanes, batch, prepared.slice(index).map(notNow), slot);
    await deliverPrepared(context, lanes, batch, [one], slot);
  }
}

async function deliverPrepared(
  context: SpoolerContext,
  lanes: Lanes,
  batch: Batch,
  prepared: readonly Prepared[],
  slot: Slot,
): Promise<void> {
  const startedAt = context.clock.monotonic();
  const { settled, ready } = sorted(prepared);
  const outcomes = await transportOutcomes(context, ready);
  for (const [index, { claimed }] of ready.entries()) {
    const outcome = outcomes[index] ?? missing('The outcome of a note');
    lanes.record(batch.lane, outcome, startedAt);
    settled.push({ note: claimed, settlement: settlementOf(claimed, outcome, context), outcome });
  }
  await conclude(context, 'deliver', settled, startedAt, slot);
}

/** Probes notes that may have been sent. */
async function probeBatch(context: SpoolerContext, lanes: Lanes, batch: Batch, slot: Slot): Promise<void> {
  const startedAt = context.clock.monotonic();
  const besideLost = new Set<ClaimedNote>();
  const { settled, ready } = sorted(
    batch.notes.map((claimed): Prepared => {
      const { unknownAttempts } = claimed;
      const within = unknownAttempts.filter(({ place }) => context.places.canProbe(place));
      if (within.length === unknownAttempts.length) return build(claimed);
      if (within.length === 0) return { claimed, settlement: settlementOfLostPlace(claimed, context.options) };
      // Of those that can be looked for one may be found.
      const rest = { ...claimed, unknownAttempts: within };
      besideLost.add(rest);
      return build(rest);
    }),
  );
  const results = await probeResults(context, ready);
  for (const [index, { claimed }] of ready.entries()) {
    const result = results[index] ?? missing('The result of a note');
    context.trace.step('probe:result', { noteId: claimed.noteId, attempt: claimed.attempt, result: result.status });
    lanes.recordProbe(batch.lane, result, startedAt);
    if (result.status === 'found' && !provesSent(claimed, result)) lanes.keptCopyAfterFault(batch.lane);
    const history = context.probes.next(claimed, result.status === 'unknown');
    const grace = context.places.graceOf(claimed.unknownAttempts);
    const proven = settlementOfProbe(claimed, result, history, context, grace);
    const settlement = besideLost.has(claimed) ? besideLostPlace(claimed, proven, context.options) : proven;
    if (settlement.to === 'unconfirmed') context.probes.planned(claimed.noteId, settlement.after);
    settled.push({ note: claimed, settlement, result });
  }
  await conclude(context, 'probe', settled, startedAt, slot);
}

function conclude(context: SpoolerContext, kind: Batch['kind'], settled: readonly Settled[], startedAt: number, slot: Slot) {
  return slot.recording(settled.length, (recorded) =>
    settleAll(context, settled, (part, { changes, lost }) => {
      recorded(part.length);
      context.leases.remove(part.map(({ note }) => note.token));
      for (const token of lost) context.trace.step('settle:lost', { token });
      context.made(changes);
      reportSettled(context, kind, part, changes);
      reportAttempts(context, kind, part, startedAt);
    }),
  );
}

function sorted(prepared: readonly Prepared[]): { readonly settled: Settled[]; readonly ready: Ready[] } {
  const settled: Settled[] = [];
  const ready: Ready[] = [];
  for (const one of prepared) {
    if ('note' in one) ready.push(one);
    else settled.push({ note: one.claimed, settlement: one.settlement });
  }
  return { settled, ready };
}

/** Asks `beforeDelivery` about a note. Never rejects. */
async function decide(
  context: SpoolerContext,
  claimed: ClaimedNote,
  hook: NonNullable<SpoolerContext['options']['beforeDelivery']>,
): Promise<Prepared> {
  const built = build(claimed);
  if ('settlement' in built) return built;
  const answer = await askHook(hook, handedNote(built.note), context.options.beforeDeliveryTimeout, context);
  const { token } = claimed;
  switch (answer.decision) {
    case 'deliver':
      return built;
    case 'hold':
      return { claimed, settlement: { token, to: 'held' } };
    case 'cancel':
      return { claimed, settlement: { token, to: 'cancelled' } };
    case 'failed': {
      const outcome: DeliveryOutcome = { status: 'deferred', scope: 'note', error: answer.error };
      return { claimed, settlement: settlementOf(claimed, outcome, context) };
    }
  }
}

/** Gives a note back as if it had never been claimed, since its mailbox was closed meanwhile. A hold or cancel by the hook stands. */
function notNow(prepared: Prepared): Prepared {
  const { claimed } = prepared;
  return 'note' in prepared ? { claimed, settlement: { token: claimed.token, to: 'unclaim' } } : prepared;
}

/** A note that can't be built now never can be: its entries are defective, and are kept as dead. */
function build(claimed: ClaimedNote): Prepared {
  try {
    return { claimed, note: buildNote(claimed) };
  } catch (error) {
    const reason = reasonOf(asError(error));
    const sent = claimed.unknownAttempts.length > 0 ? 'unknown' : 'no';
    return { claimed, settlement: { token: claimed.token, to: 'dead', sent, reason } };
  }
}

async function transportOutcomes(context: SpoolerContext, ready: readonly Ready[]): Promise<readonly DeliveryOutcome[]> {
  if (ready.length === 0) return [];
  const claimed = ready.map((one) => one.claimed);
  const notes = ready.map(({ note }) => frozenNote(note));
  const tokens = claimed.map(({ token }) => token);
  const mayWrite = (): boolean =>
    !context.stopping() && context.leases.left(tokens) >= context.options.requestTimeout && ownsSpool(context, tokens);
  const warn = (error: Error): void => noAnswerSaid(context, 'deliver', notes, error);
  try {
    const returned: unknown = await withTimeout<unknown>(
      context,
      ({ signal, isWanted }) =>
        context.transport.deliver(notes, { signal, mayWrite: () => isWanted() && !signal.aborted && mayWrite() }),
      (late) => context.follow(settleLate(context, claimed, checkedOutcomes(late, claimed.length, warn))),
    );
    return checkedOutcomes(returned, ready.length, warn);
  } catch (error) {
    context.trace.step('transport:failed', { notes: ready.map(({ note }) => note.id), error });
    const outcome: DeliveryOutcome = hasCode(error, 'NOT_ATTEMPTED')
      ? { status: 'deferred', scope: 'note', error: error as OfflineImError }
      : noAnswer('The transport failed without saying whether the note was sent.', error);
    return ready.map(() => outcome);
  }
}

async function probeResults(context: SpoolerContext, ready: readonly Ready[]): Promise<readonly ProbeResult[]> {
  if (ready.length === 0) return [];
  const notes = ready.map(({ note }) => frozenNote(note));
  try {
    const returned: unknown = await withTimeout<unknown>(context, ({ signal }) => context.transport.probe(notes, { signal }));
    return checkedResults(returned, notes.length, (error) => noAnswerSaid(context, 'probe', notes, error));
  } catch (error) {
    context.trace.step('transport:failed', { notes: notes.map((note) => note.id), error });
    return notes.map(() => unknown('The transport could not probe for the note.', error));
  }
}

/** Goes to the trace each time, and is a warning the first time. */
function noAnswerSaid({ complaints, trace }: SpoolerContext, call: string, notes: readonly Note[], error: Error): void {
  if (!complaints.of(call, error)) trace.step('transport:failed', { notes: notes.map(({ id }) => id), error });
}

function noAnswer(message: string, cause?: unknown): DeliveryOutcome {
  return { status: 'unconfirmed', scope: 'note', error: failed(message, cause) };
}

function unknown(message: string, cause?: unknown): ProbeResult {
  return { status: 'unknown', scope: 'note', error: failed(message, cause) };
}

function failed(message: string, cause: unknown): OfflineImError {
  return new OfflineImError('TRANSPORT_FAILED', message, { cause });
}
