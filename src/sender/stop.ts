import { OfflineImError } from '../core/errors/offline-im-error.ts';
import type { ShutdownDeadline, Stoppable } from '../core/stop.ts';
import type { Trace } from '../observability/trace.ts';
import type { Spooler } from '../spooler/spooler.ts';

/** Lets what is under way end, cuts off what does not, closes, and reports what was left behind. Never rejects. */
export async function stopAll(spooler: Spooler, sending: Stoppable, shutdown: ShutdownDeadline, trace: Trace): Promise<void> {
  const left = [...(await spooler.stop(shutdown.step(), sending)), ...(await spooler.close(shutdown.step()))];
  shutdown.end();
  if (left.length > 0) {
    const text = `stop() ran out of time and left behind: ${left.join('; ')}.`;
    trace.warn(new OfflineImError('STOP_INCOMPLETE', text, { details: { left } }));
  }
  trace.event('stopped', {});
}
