import { type Clock, sleep, whenAborted } from '../core/clock.ts';
import { OfflineImError } from '../core/errors/offline-im-error.ts';
import type { Note } from '../transport/contract.ts';
import type { SpoolerContext } from './context.ts';
import type { DeliveryDecision, SpoolerOptions } from './options.ts';

/** Deadlines of a request that one call of a transport may take: it may have to log in, to find a folder, to try again. */
const deadlines = 20;
/** ms that it may take in any case: a transport has a deadline of its own, which may be longer. */
const least = 1_200_000;
/** ms that an aborted call still has to tell what became of it. */
const grace = 5_000;

/** A call of a transport that is under way. */
export interface Call {
  /** Aborts when the spooler is stopped, or when the call takes too long. */
  readonly signal: AbortSignal;
  /** False once nobody waits for it any more. */
  isWanted(): boolean;
}

/**
 * Calls a transport, and gives it up when it neither ends nor obeys its signal: otherwise its notes, and their place among the requests of the mailbox, would
 * be held until the process ends. What it returns after that goes to `late`. A stopped spooler has a time limit of its own.
 *
 * @throws {OfflineImError} `TRANSPORT_FAILED`, and what the call throws
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

/** Does one thing after the other, each so many ms after the one before; the function returned ends that. */
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
  const text = `The transport gave no answer within ${ms} ms and did not obey its signal; it was given up.`;
  return new OfflineImError('TRANSPORT_FAILED', text);
}

/** A note as a transport gets it: built for it alone, so that it is frozen where it is. A Date can't be. */
export function frozenNote(note: Note): Note {
  for (const attempt of note.unknownAttempts) {
    Object.freeze(attempt.place);
    Object.freeze(attempt);
  }
  for (const mailbox of note.to) Object.freeze(mailbox);
  for (const part of [note.unknownAttempts, note.place, note.from, note.to, note.body, note.entryIds]) Object.freeze(part);
  return Object.freeze(note);
}

/** A note as hooks get it: a copy that nobody can change, neither for whoever gets it next nor in the spool. */
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

/** What a hook decided, or that it failed. */
export type HookAnswer =
  | { readonly decision: DeliveryDecision }
  | { readonly decision: 'failed'; readonly error: OfflineImError };

/** Asks `beforeDelivery`. A hook that throws, returns anything but a decision, or takes too long has failed; one cut off by stop() counts as not asked. */
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
    resolve(failure('NOT_ATTEMPTED', 'The spooler stopped before beforeDelivery answered.')),
  );
  try {
    // In a promise of its own, so that a hook that throws at once is no different.
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

/** ms that the notes of a batch wait for one another's hooks. */
const together = 50;

/**
 * What is answered within a moment comes together; what takes longer comes when it is there, and holds up nothing else. The answers must not reject.
 *
 * @param waiting Called whenever nothing is at hand any more, and something is still to come.
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
