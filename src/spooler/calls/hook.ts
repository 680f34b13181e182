import { type Clock, sleep, whenAborted } from '../../core/clock.ts';
import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import type { Note } from '../../transport/contract.ts';
import type { DeliveryDecision, SpoolerOptions } from '../options.ts';

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
