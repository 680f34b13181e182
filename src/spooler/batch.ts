import { sleep } from '../clock.ts';
import type { OfflineImError } from '../errors/index.ts';
import { OfflineImError as CodedError, hasCode } from '../errors/index.ts';
import { buildNote } from '../note.ts';
import type { DeliveryOutcome, Note, Place, ProbeResult } from '../transport.ts';
import { askHook } from './hook.ts';
import { settlementOf, settlementOfLostPlace, settlementOfProbe, toReason } from './outcome.ts';
import { withPatience } from './patience.ts';
import { asError } from './reason.ts';
import type { SpoolerContext } from './spooler-context.ts';
import type { ClaimedNote, Settlement } from './storage.ts';

/** One settlement a note, and what it came from. */
export interface Settled {
  readonly note: ClaimedNote;
  readonly settlement: Settlement;
  readonly outcome?: DeliveryOutcome;
  readonly result?: ProbeResult;
}

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
    const here = context.placeOf({ address: claimed.lane });
    const lost = claimed.unknownAttempts.some(({ place }) => !sameMailbox(place, here));
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
    settled.push({ note: claimed, settlement: settlementOfProbe(claimed, result, history, context), result });
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
  const mayWrite = (): boolean => !context.stopping() && context.leases.left(tokens) >= context.options.deadline;
  try {
    return await withPatience(context, (signal) =>
      context.transport.deliver(
        ready.map(({ note }) => note),
        { signal, mayWrite: () => !signal.aborted && mayWrite() },
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
    return await withPatience(context, (signal) => context.transport.probe(notes, { signal }));
  } catch (error) {
    context.trace.step('transport:failed', { notes: notes.map((note) => note.id), error });
    const unknown: ProbeResult = { status: 'unknown', error: failed('The transport could not look for the note.', error) };
    return notes.map(() => unknown);
  }
}

/** Writes settlements; while the storage fails, again and again until they are written or their leases are lost. */
export async function settleAll(
  context: SpoolerContext,
  settled: readonly Settled[],
): Promise<Awaited<ReturnType<SpoolerContext['storage']['settle']>>> {
  for (let failures = 1; ; failures++) {
    try {
      return await context.storage.settle(settled.map(({ settlement }) => settlement));
    } catch (error) {
      context.trace.warn(asError(error));
      const over = hasCode(error, 'SPOOL_CLOSED') || context.leases.left(settled.map(({ note }) => note.token)) <= 0;
      if (over || context.signal.aborted) return { lost: settled.map(({ note }) => note.token), changes: [] };
      await sleep(context.clock, Math.min(10_000, 100 * 2 ** Math.min(failures, 7)), context.signal);
    }
  }
}

function sameMailbox(one: Place, other: Place): boolean {
  return one.endpoint === other.endpoint && one.mailbox.toLowerCase() === other.mailbox.toLowerCase();
}

function noAnswer(message: string, cause?: unknown): DeliveryOutcome {
  return { status: 'unconfirmed', scope: 'note', error: failed(message, cause) };
}

function failed(message: string, cause: unknown): OfflineImError {
  return new CodedError('TRANSPORT_FAILED', message, { cause });
}
