import { OfflineImError as CodedError, hasCode, type OfflineImError } from '../core/errors/offline-im-error.ts';
import { asError } from '../core/errors/thrown.ts';
import { buildNote } from '../message/note.ts';
import type { Change, ClaimedNote, Settlement } from '../spool/contract.ts';
import type { DeliveryOutcome, Note, ProbeResult } from '../transport/contract.ts';
import { askHook, withPatience } from './bounded-calls.ts';
import type { SpoolerContext } from './context.ts';
import type { Lanes } from './lanes/lanes.ts';
import { settlementOf, settlementOfLostPlace, settlementOfProbe, toldByProbe, toReason } from './outcome.ts';
import { reportClaim, reportSettled, type Settled, settleAll, settleLate } from './settle.ts';

/** Takes notes of one mailbox through hook and transport. Never rejects: every note gets its settlement. */
export async function deliverBatch(context: SpoolerContext, notes: readonly ClaimedNote[]): Promise<Settled[]> {
  const settled: Settled[] = [];
  const ready: { claimed: ClaimedNote; note: Note }[] = [];
  const decisions = await Promise.all(notes.map((claimed) => prepare(context, claimed)));
  for (const [index, decision] of decisions.entries()) {
    const claimed = notes[index];
    if (claimed === undefined) continue;
    if ('settlement' in decision) settled.push({ note: claimed, settlement: decision.settlement });
    else ready.push({ claimed, note: decision.note });
  }
  const outcomes = await transportOutcomes(context, ready);
  for (const [index, { claimed }] of ready.entries()) {
    const outcome = outcomes[index] ?? noAnswer('The transport gave no outcome for this note.');
    settled.push({ note: claimed, settlement: settlementOf(claimed, outcome, context), outcome });
  }
  return settled;
}

/** Looks for notes of one mailbox that may have been sent. Never rejects. */
export async function probeBatch(context: SpoolerContext, notes: readonly ClaimedNote[]): Promise<Settled[]> {
  const settled: Settled[] = [];
  const ready: { claimed: ClaimedNote; note: Note }[] = [];
  for (const claimed of notes) {
    const lost = claimed.unknownAttempts.some(({ place }) => !context.places.canProbe(place));
    const built = lost ? { settlement: settlementOfLostPlace(claimed, context.options) } : build(claimed);
    if ('settlement' in built) settled.push({ note: claimed, settlement: built.settlement });
    else ready.push({ claimed, note: built.note });
  }
  const results = await probeResults(
    context,
    ready.map(({ note }) => note),
  );
  for (const [index, { claimed }] of ready.entries()) {
    const result = results[index] ?? {
      status: 'unknown',
      error: new CodedError('TRANSPORT_FAILED', 'The transport gave no result for this note.'),
    };
    context.trace.step('probe:result', { noteId: claimed.noteId, attempt: claimed.attempt, result: result.status });
    const history = context.probes.next(claimed);
    const grace = context.places.graceOf(claimed.unknownAttempts);
    settled.push({ note: claimed, settlement: settlementOfProbe(claimed, result, history, context, grace), result });
  }
  return settled;
}

async function prepare(context: SpoolerContext, claimed: ClaimedNote): Promise<{ note: Note } | { settlement: Settlement }> {
  const built = build(claimed);
  if ('settlement' in built || context.options.beforeDelivery === undefined) return built;
  const answer = await askHook(context.options.beforeDelivery, built.note, context.options.beforeDeliveryTimeout, context);
  const { token } = claimed;
  switch (answer.decision) {
    case 'deliver':
      return built;
    case 'hold':
      return { settlement: { token, to: 'held' } };
    case 'cancel':
      return { settlement: { token, to: 'cancelled' } };
    case 'failed': {
      const outcome: DeliveryOutcome = { status: 'deferred', scope: 'note', error: answer.error };
      return { settlement: settlementOf(claimed, outcome, context) };
    }
  }
}

/** A note that can't be built never will be: a defect of its entry, which is kept as dead. */
function build(claimed: ClaimedNote): { note: Note } | { settlement: Settlement } {
  try {
    return { note: buildNote(claimed) };
  } catch (error) {
    const reason = toReason(asError(error));
    return {
      settlement: { token: claimed.token, to: 'dead', sent: claimed.unknownAttempts.length > 0 ? 'unknown' : 'no', reason },
    };
  }
}

async function transportOutcomes(
  context: SpoolerContext,
  ready: readonly { claimed: ClaimedNote; note: Note }[],
): Promise<readonly DeliveryOutcome[]> {
  if (ready.length === 0) return [];
  const tokens = ready.map(({ claimed }) => claimed.token);
  const mayWrite = (): boolean => !context.stopping() && context.leases.left(tokens) >= context.requestTimeout;
  try {
    return await withPatience(
      context,
      ({ signal, isWanted }) =>
        context.transport.deliver(
          ready.map(({ note }) => note),
          { signal, mayWrite: () => isWanted() && !signal.aborted && mayWrite() },
        ),
      (outcomes) =>
        void settleLate(
          context,
          ready.map(({ claimed }) => claimed),
          outcomes,
        ),
    );
  } catch (error) {
    context.trace.step('transport:failed', { notes: ready.map(({ note }) => note.id), error });
    const outcome: DeliveryOutcome = hasCode(error, 'NOT_ATTEMPTED')
      ? { status: 'deferred', scope: 'note', error: error as OfflineImError }
      : noAnswer('The transport failed without saying whether the note was sent.', error);
    return ready.map(() => outcome);
  }
}

async function probeResults(context: SpoolerContext, notes: readonly Note[]): Promise<readonly ProbeResult[]> {
  if (notes.length === 0) return [];
  try {
    return await withPatience(context, ({ signal }) => context.transport.probe(notes, { signal }));
  } catch (error) {
    context.trace.step('transport:failed', { notes: notes.map((note) => note.id), error });
    const unknown: ProbeResult = { status: 'unknown', error: failed('The transport could not look for the note.', error) };
    return notes.map(() => unknown);
  }
}

function noAnswer(message: string, cause?: unknown): DeliveryOutcome {
  return { status: 'unconfirmed', scope: 'note', error: failed(message, cause) };
}

function failed(message: string, cause: unknown): OfflineImError {
  return new CodedError('TRANSPORT_FAILED', message, { cause });
}

/** Notes of one lane that were claimed together. */
export interface Batch {
  readonly kind: 'deliver' | 'probe';
  readonly lane: string;
  readonly notes: readonly ClaimedNote[];
  /** Monotonic time at which they were asked for. */
  readonly claimedAt: number;
}

/** Takes a batch through the transport, under leases that are kept, and settles what became of it; resolves with what changed. */
export async function workOn(context: SpoolerContext, lanes: Lanes, batch: Batch): Promise<readonly Change[]> {
  const { kind, lane, notes, claimedAt } = batch;
  const tokens = notes.map(({ token }) => token);
  if (context.stopping()) {
    // Claimed while stop() was called: as if it had never been.
    await context.storage.settle(tokens.map((token) => ({ token, to: 'unclaim' })));
    return [];
  }
  const startedAt = context.clock.monotonic();
  context.leases.add(tokens, claimedAt);
  try {
    for (const note of notes) reportClaim(context, kind, note);
    const settled = await (kind === 'deliver' ? deliverBatch(context, notes) : probeBatch(context, notes));
    for (const { outcome, result } of settled) {
      if (outcome !== undefined) lanes.record(lane, outcome, startedAt);
      if (result?.status === 'unknown') lanes.record(lane, toldByProbe(result.error), startedAt);
      else if (result !== undefined) lanes.answered(lane, startedAt);
    }
    const { changes, lost } = await settleAll(context, settled);
    for (const token of lost) context.trace.step('settle:lost', { token });
    reportSettled(context, kind, settled, changes);
    return changes;
  } finally {
    context.leases.remove(tokens);
  }
}
