import type { Clock } from '../core/clock.ts';
import { OfflineImError } from '../core/errors/offline-im-error.ts';
import type { Note } from '../transport/contract.ts';
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
