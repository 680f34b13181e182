import { type Clock, sleep, whenAborted } from '../core/clock.ts';
import { OfflineImError } from '../core/errors/offline-im-error.ts';
import type { ClaimedNote } from '../spool/contract.ts';
import type { DeliveryOutcome, Note } from '../transport/contract.ts';
import type { SpoolerContext } from './context.ts';
import type { DeliveryDecision, SpoolerOptions } from './options.ts';
import { settlementOf } from './outcome.ts';
import { reportSettled, type Settled, settleAll } from './settle.ts';

/** How many request time-outs one call of a transport may take: it may have to log in, find a folder, and try again. */
const deadlines = 20;
/** ms that every call may take: a transport's own deadline may be longer than the option. */
const least = 1_200_000;
/** ms that an aborted call has left to return its outcomes. */
const grace = 5_000;

/** A call of a transport in progress. */
export interface Call {
  /** Aborts when the spooler stops, or when the call takes too long. */
  readonly signal: AbortSignal;
  /** Returns false once nobody waits for the call any more. */
  isWanted(): boolean;
}

/**
 * Calls a transport, and gives the call up if it neither ends nor obeys its signal: otherwise it would hold its notes, and their place among the mailbox's requests,
 * until the process ends. A result that comes later goes to `late`. When the spooler stops, the time limit of stop() applies instead.
 *
 * @throws {OfflineImError} `TRANSPORT_FAILED` when the call is given up; and what the call throws
 */
export async function withTimeout<Result>(
  { clock, options, signal }: Pick<SpoolerContext, 'clock' | 'options' | 'signal'>,
  call: (call: Call) => Promise<Result>,
  late: (result: Result) => void = () => undefined,
): Promise<Result> {
  const abort = new AbortController();
  const gaveUp = Promise.withResolvers<never>();
  let wanted = true;
  const timeout = Math.max(least, deadlines * options.requestTimeout);
  const cancel = inTurn(clock, [
    [timeout, () => abort.abort()],
    [grace, () => gaveUp.reject(noAnswer(timeout + grace))],
  ]);
  const forget = whenAborted(signal, () => {
    cancel();
    abort.abort();
  });
  const answer = (async () => call({ signal: abort.signal, isWanted: () => wanted }))();
  // Ignored unless the call timed out.
  answer
    .then((result) => {
      if (!wanted) late(result);
    })
    .catch(() => undefined);
  try {
    return await Promise.race([answer, gaveUp.promise]);
  } finally {
    wanted = false;
    cancel();
    forget();
  }
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
  await settleAll(context, settled, (part, { changes }) => reportSettled(context, 'deliver', part, changes));
}

/** Runs the steps one after the other, each `delay` ms after the previous one; the returned function cancels the rest. */
function inTurn(clock: Clock, steps: readonly (readonly [delay: number, act: () => void])[]): () => void {
  let cancel = (): void => undefined;
  const next = (index: number): void => {
    const step = steps[index];
    if (step === undefined) return;
    const [delay, act] = step;
    cancel = clock.setTimer(() => {
      act();
      next(index + 1);
    }, delay);
  };
  next(0);
  return () => cancel();
}

function noAnswer(ms: number): OfflineImError {
  const text = `The transport did not return within ${ms} ms and ignored its signal; the call was abandoned.`;
  return new OfflineImError('TRANSPORT_FAILED', text);
}

/** Freezes a note for a transport, in place, since it was built for that call only. A Date can't be frozen. */
export function frozenNote(note: Note): Note {
  for (const attempt of note.unknownAttempts) {
    Object.freeze(attempt.place);
    Object.freeze(attempt);
  }
  for (const mailbox of note.to) Object.freeze(mailbox);
  for (const part of [note.unknownAttempts, note.place, note.from, note.to, note.body, note.entryIds]) Object.freeze(part);
  return Object.freeze(note);
}

/** A frozen copy of a note for a hook, which can change neither the note that is sent nor the spool through it. */
export function handedNote(note: Note): Note {
  return Object.freeze({
    ...note,
    unknownAttempts: Object.freeze(
      note.unknownAttempts.map((attempt) => Object.freeze({ ...attempt, place: Object.freeze({ ...attempt.place }) })),
    ),
    place: Object.freeze({ ...note.place }),
    from: Object.freeze({ ...note.from }),
    to: Object.freeze(note.to.map((mailbox) => Object.freeze({ ...mailbox }))),
    body: Object.freeze({ ...note.body }),
    // A Date can't be frozen; this one is nobody else's.
    sentAt: new Date(note.sentAt),
    entryIds: Object.freeze([...note.entryIds]),
  });
}

/** The hook's decision, or its failure. */
export type HookAnswer =
  | { readonly decision: DeliveryDecision }
  | { readonly decision: 'failed'; readonly error: OfflineImError };

/** Asks `beforeDelivery`. A hook that throws, returns anything but a decision, or takes too long has failed; a hook cut off by stop() counts as not asked. */
export async function askHook(
  hook: NonNullable<SpoolerOptions['beforeDelivery']>,
  note: Note,
  timeout: number,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<HookAnswer> {
  const { promise, resolve } = Promise.withResolvers<HookAnswer>();
  const cancelTimer = clock.setTimer(
    () => resolve(failure('HOOK_TIMEOUT', `beforeDelivery did not answer within ${timeout} ms.`)),
    timeout,
  );
  const forget = whenAborted(signal, () =>
    resolve(failure('NOT_ATTEMPTED', 'The spooler stopped before beforeDelivery returned.')),
  );
  try {
    // Called in a promise, so that a hook that throws synchronously is no different.
    Promise.resolve()
      .then(() => hook(note))
      .then(
        (decision) => resolve(isDecision(decision) ? { decision } : failure('HOOK_FAILED', nonsense(decision))),
        (error: unknown) => resolve(failure('HOOK_FAILED', 'beforeDelivery threw.', error)),
      );
    return await promise;
  } finally {
    cancelTimer();
    forget();
  }
}

function isDecision(value: unknown): value is DeliveryDecision {
  return value === 'deliver' || value === 'hold' || value === 'cancel';
}

function nonsense(value: unknown): string {
  return `beforeDelivery returned ${typeof value === 'string' ? 'another string' : typeof value}; expected 'deliver', 'hold' or 'cancel'.`;
}

function failure(code: 'HOOK_FAILED' | 'HOOK_TIMEOUT' | 'NOT_ATTEMPTED', message: string, cause?: unknown): HookAnswer {
  return { decision: 'failed', error: new OfflineImError(code, message, { cause }) };
}

/** ms for which the notes of a batch wait for one another's hooks. */
const together = 50;

/**
 * Yields the answers that arrive within a moment as one group, and later ones as they arrive, so that a slow answer holds up nothing else. The promises must not
 * reject.
 *
 * @param waiting Called whenever it has to wait for the next answer.
 */
export async function* inGroups<Answer>(
  clock: Clock,
  answers: readonly Promise<Answer>[],
  waiting: () => void,
): AsyncGenerator<readonly Answer[]> {
  const ready: { readonly index: number; readonly answer: Answer }[] = [];
  let left = answers.length;
  let arrived = Promise.withResolvers<void>();
  for (const [index, promise] of answers.entries()) {
    void promise.then((answer) => {
      ready.push({ index, answer });
      arrived.resolve();
    });
  }
  const moment = new AbortController();
  await Promise.race([Promise.all(answers), sleep(clock, together, moment.signal)]);
  moment.abort();
  while (left > 0) {
    if (ready.length === 0) {
      waiting();
      await arrived.promise;
    }
    arrived = Promise.withResolvers();
    const group = ready.splice(0).sort((one, other) => one.index - other.index);
    left -= group.length;
    yield group.map(({ answer }) => answer);
  }
}
