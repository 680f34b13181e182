import type { Clock } from '../core/clock.ts';
import { whenAborted } from '../core/deadline.ts';
import { OfflineImError } from '../core/errors/offline-im-error.ts';
import type { Note } from '../transport/contract.ts';
import type { SpoolerContext } from './context.ts';
import type { DeliveryDecision, SpoolerOptions } from './options.ts';

type Answer = { readonly decision: DeliveryDecision } | { readonly decision: 'failed'; readonly error: OfflineImError };

/** Asks `beforeDelivery`; a hook that throws, answers nonsense or takes too long has failed. One cut off by stop() was not asked. */
export async function askHook(
  hook: NonNullable<SpoolerOptions['beforeDelivery']>,
  note: Note,
  timeout: number,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<Answer> {
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const cancelTimer = clock.setTimer(
    () => resolve(failure('HOOK_TIMEOUT', `beforeDelivery did not answer within ${timeout} ms.`)),
    timeout,
  );
  const onAbort = (): void => resolve(failure('NOT_ATTEMPTED', 'The spooler stopped before beforeDelivery answered.'));
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
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
    signal.removeEventListener('abort', onAbort);
  }
}

function isDecision(value: unknown): value is DeliveryDecision {
  return value === 'deliver' || value === 'hold' || value === 'cancel';
}

function nonsense(value: unknown): string {
  return `beforeDelivery answered with ${typeof value === 'string' ? 'another string' : typeof value}; expected 'deliver', 'hold' or 'cancel'.`;
}

function failure(code: 'HOOK_FAILED' | 'HOOK_TIMEOUT' | 'NOT_ATTEMPTED', message: string, cause?: unknown): Answer {
  return { decision: 'failed', error: new OfflineImError(code, message, { cause }) };
}

/** Deadlines of a request that one call of a transport may take: it may have to log in, to find a folder, to try again. */
const deadlines = 20;
/** ms that it may take in any case: a transport has a deadline of its own, which may be longer. */
const least = 1_200_000;
/** ms that an aborted call still has to tell what became of it. */
const grace = 5_000;

/** A call of a transport that is under way. */
export interface Call {
  /** Aborts when the spooler is stopped, or has lost its patience. */
  readonly signal: AbortSignal;
  /** False once nobody waits for it any more. */
  isWanted(): boolean;
}

/**
 * Calls a transport, and gives it up when it neither ends nor minds its signal: else its notes, and their place among the requests of the mailbox, would
 * be held until the process ends. What it answers after that goes to `late`. A spooler that is stopped has a patience of its own.
 *
 * @throws {OfflineImError} `TRANSPORT_FAILED`, and what the call throws
 */
export async function withPatience<Result>(
  { clock, options, signal }: Pick<SpoolerContext, 'clock' | 'options' | 'signal'>,
  call: (call: Call) => Promise<Result>,
  late: (result: Result) => void = () => undefined,
): Promise<Result> {
  const abort = new AbortController();
  const gaveUp = Promise.withResolvers<never>();
  let wanted = true;
  const patience = Math.max(least, deadlines * options.deadline);
  const cancel = inTurn(clock, [
    [patience, () => abort.abort()],
    [grace, () => gaveUp.reject(noAnswer(patience + grace))],
  ]);
  const forget = whenAborted(signal, () => {
    cancel();
    abort.abort();
  });
  const answer = (async () => call({ signal: abort.signal, isWanted: () => wanted }))();
  // Of no interest, unless it was given up.
  answer.then(
    (result) => {
      if (!wanted) late(result);
    },
    () => undefined,
  );
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
