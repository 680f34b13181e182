import type { StopBudget } from './core/deadline.ts';
import { OfflineImError } from './core/errors/offline-im-error.ts';
import type { Trace } from './observability/trace.ts';
import type { Sending } from './sender/send.ts';
import type { Spooler } from './spooler/spooler.ts';

/** What stop() does: lets what is under way end, gives up what does not, closes, and says what was left. Never rejects. */
export async function bringToAnEnd(sending: Sending, spooler: Spooler, budget: StopBudget, trace: Trace): Promise<void> {
  spooler.beginStop();
  // In that order: a send may be the first to open the spool.
  const idle = sending.idle().then(() => spooler.idle());
  await budget.waitFor(idle, () => {
    sending.giveUp();
    spooler.giveUp();
  });
  const left = [...spooler.abandon(), ...sending.abandon(), ...(await spooler.close(budget))];
  budget.end();
  if (left.length === 0) return;
  const text = `stop() ran out of time and left behind: ${left.join('; ')}.`;
  trace.warn(new OfflineImError('STOP_INCOMPLETE', text, { details: { left } }));
}
