import type { Clock } from '../../core/clock.ts';
import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { quoted } from '../../core/errors/quote.ts';
import { errorOf } from './requests.ts';
import type { WebLocks } from './web-types.ts';

/** The arguments of {@link lockTab}. */
export interface TabLockRequest {
  readonly locks: WebLocks;
  /** The name of the database. */
  readonly name: string;
  /** ms to wait for another tab; 0: not at all. */
  readonly timeout: number;
  readonly clock: Clock;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
  /** Called when someone steals the lock. */
  onLost(error: Error): void;
}

/**
 * Takes the lock of a spool, which one tab, worker or window of the origin can have. The browser releases it when that one is
 * gone, however it ended. Resolves with the function that releases it.
 *
 * @throws {OfflineImError} `SPOOL_LOCKED`, `SPOOL_CLOSED`, `SPOOL_ROOT_UNUSABLE`
 */
export async function lockTab(request: TabLockRequest): Promise<() => Promise<void>> {
  const { name, timeout, clock, signal } = request;
  if (signal.aborted) throw closed(name);
  const waiting = new AbortController();
  const stop = (): void => waiting.abort();
  const cancel = timeout > 0 && Number.isFinite(timeout) ? clock.setTimer(stop, timeout) : undefined;
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await granted(request, timeout > 0 ? { signal: waiting.signal } : { ifAvailable: true });
  } catch (error) {
    if (signal.aborted) throw closed(name);
    if (error instanceof OfflineImError) throw error;
    if (waiting.signal.aborted) throw locked(name);
    const cause = errorOf(error);
    const message = `The lock of the spool ${quoted(name)} cannot be requested: ${cause.message}.`;
    throw new OfflineImError('SPOOL_ROOT_UNUSABLE', message, { cause, details: { name } });
  } finally {
    cancel?.();
    signal.removeEventListener('abort', stop);
  }
}

/** Rejects with what the browser rejects with when it is not granted. */
function granted(
  { locks, name, onLost }: TabLockRequest,
  options: { readonly ifAvailable?: boolean; readonly signal?: AbortSignal },
): Promise<() => Promise<void>> {
  return new Promise((resolve, reject) => {
    let letGo: () => void = () => undefined;
    let held = false;
    const until = new Promise<void>((end) => {
      letGo = end;
    });
    const ended = locks.request(`offline-im:${name}`, options, async (lock) => {
      if (lock === null) {
        reject(locked(name));
        return;
      }
      held = true;
      resolve(async () => {
        held = false;
        letGo();
        await ended.catch(() => undefined);
      });
      await until;
    });
    ended.catch((error: unknown) => {
      if (held) onLost(errorOf(error));
      else reject(error);
    });
  });
}

function locked(name: string): OfflineImError {
  const message = `Another tab or window has the spool ${quoted(name)} open. Send through that one, close it, or use another name.`;
  return new OfflineImError('SPOOL_LOCKED', message, { details: { name } });
}

function closed(name: string): OfflineImError {
  return new OfflineImError('SPOOL_CLOSED', `The spool ${quoted(name)} was closed while it waited for another tab.`);
}
