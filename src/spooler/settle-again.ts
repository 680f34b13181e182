import { sleep } from '../core/clock.ts';
import { hasCode } from '../core/errors/offline-im-error.ts';
import { asError } from '../core/errors/thrown.ts';
import type { ClaimToken, SettleResult } from '../spool/contract.ts';
import type { Settled, SpoolerContext } from './context.ts';
import { notesAtWork } from './options.ts';

/** What the storage took, and which settlements have been reported by themselves. */
export interface Written extends SettleResult {
  readonly told?: ReadonlySet<Settled>;
}

/** How many settlements in a row may fail by themselves before the storage counts as down. */
const mostRefused = 3;
/** The longest pause between two tries, in ms. */
const longestPause = 10_000;

/**
 * Writes settlements that the storage has failed to write: tries again for as long as a lease lasts, also one by one, so that one which can't be written keeps no other
 * from it. Leases are not renewed meanwhile: what is never written has to be looked for. Those of a `delivered` are; it is tried even longer ({@link keepTrying}).
 */
export async function settleAgain(
  context: SpoolerContext,
  kind: 'deliver' | 'probe',
  settled: readonly Settled[],
  first: unknown,
): Promise<Written> {
  const told = new Set<Settled>();
  const notWritten = (tokens: readonly ClaimToken[]): Written => ({ lost: tokens, changes: [], told });
  context.leases.letLapse(settled.flatMap(({ settlement: { to, token } }) => (to === 'delivered' ? [] : [token])));
  const since = context.clock.monotonic();
  let left = settled;
  let failure = first;
  for (let failures = 1; ; failures++) {
    if (failures > 1 && left.length > 1) left = await settleSingly(context, kind, left, failures, told);
    const tokens = left.map(({ note }) => note.token);
    if (left.length === 0 || hasCode(failure, 'SPOOL_CLOSED') || context.signal.aborted) return notWritten(tokens);
    if (context.leases.left(tokens) <= 0 || context.clock.monotonic() - since >= context.options.lease.duration) {
      keepTrying(context, kind, left);
      return notWritten(tokens);
    }
    await sleep(context.clock, Math.min(longestPause, 100 * 2 ** Math.min(failures, 7)), context.signal);
    const answer = await settleOnce(context, left);
    if (!('failure' in answer)) return { ...answer, told };
    failure = answer.failure;
  }
}

async function settleOnce(
  { storage, trace }: SpoolerContext,
  settled: readonly Settled[],
): Promise<SettleResult | { readonly failure: unknown }> {
  try {
    return await storage.settle(settled.map(({ settlement }) => settlement));
  } catch (failure) {
    trace.warn(asError(failure));
    return { failure };
  }
}

/** Writes and reports each by itself, beginning at another one each time; returns those that are not written. */
async function settleSingly(
  context: SpoolerContext,
  kind: 'deliver' | 'probe',
  settled: readonly Settled[],
  turn: number,
  told: Set<Settled>,
): Promise<readonly Settled[]> {
  const from = (turn * mostRefused) % settled.length;
  let refused = 0;
  for (const one of [...settled.slice(from), ...settled.slice(0, from)]) {
    if (refused >= mostRefused || context.signal.aborted) break;
    const answer = await settleOnce(context, [one]);
    if ('failure' in answer) refused += 1;
    else {
      refused = 0;
      told.add(one);
      context.recorded({ kind, one }, answer);
    }
  }
  return settled.filter((one) => !told.has(one));
}

/**
 * Storages take a `delivered` under a lost token too, and one that is never recorded might be sent once more where no probe finds it: so each is tried until it is written or
 * everything stops, and its lease is renewed for as long as the storage does that. It takes no place of another note, and a note has one place here, however often it is looked for.
 */
function keepTrying(context: SpoolerContext, kind: 'deliver' | 'probe', settled: readonly Settled[]): void {
  const { unrecorded } = context;
  const isTrying = unrecorded.size > 0;
  for (const one of settled) {
    if (one.settlement.to !== 'delivered' || unrecorded.has(one.note.noteId) || unrecorded.size >= notesAtWork) continue;
    unrecorded.set(one.note.noteId, { kind, one });
    context.leases.keep(one.note.token);
  }
  if (!isTrying && unrecorded.size > 0) void recordAll(context).catch((error: unknown) => context.trace.warn(asError(error)));
}

async function recordAll(context: SpoolerContext): Promise<void> {
  const { unrecorded } = context;
  try {
    while (unrecorded.size > 0) {
      await sleep(context.clock, longestPause, context.signal);
      let refused = 0;
      for (const [noteId, kept] of [...unrecorded]) {
        if (context.stopping() || context.signal.aborted) return;
        if (refused >= mostRefused) break;
        const answer = await settleOnce(context, [kept.one]);
        unrecorded.delete(noteId);
        if (!('failure' in answer)) {
          context.leases.release(kept.one.note.token);
          context.recorded(kept, answer);
        } else {
          // To the end, so that the others have their turn.
          unrecorded.set(noteId, kept);
          refused += 1;
        }
      }
    }
  } finally {
    unrecorded.clear();
  }
}
