import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { answerAtOnce, asError } from '../../core/errors/thrown.ts';
import { tell } from '../../core/host-calls.ts';
import type { Trace } from '../../observability/trace.ts';
import type { SpoolStorage } from '../../spool/contract.ts';

/** Hears of what others do to the storage; `undefined` where it can't tell, and is asked every `pollInterval` all the same. */
export function watchStorage(
  storage: Pick<SpoolStorage, 'watch'>,
  trace: Pick<Trace, 'warn'>,
  wake: (news?: 'operated') => void,
): (() => void) | undefined {
  try {
    const unwatch: unknown = answerAtOnce(storage.watch?.(wake));
    if (typeof unwatch === 'function') {
      return () =>
        tell(
          () => unwatch(),
          (error) => trace.warn(asError(error)),
        );
    }
    if (unwatch !== undefined) {
      trace.warn(new OfflineImError('SPOOL_FAILED', `watch() of the spool returned ${typeof unwatch}; expected a function.`));
    }
  } catch (error) {
    trace.warn(asError(error));
  }
  return undefined;
}
