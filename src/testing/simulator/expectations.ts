import { sleep, systemClock } from '../../core/clock.ts';
import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import type { SimulatorCore } from './core.ts';
import type { SimulatedItem } from './store/item.ts';

/** Which messages are meant; all of them without one. */
export type MessagePredicate = (item: SimulatedItem) => boolean;

/** Every message that lies in an Inbox and is meant. */
export function receivedIn(core: SimulatorCore, predicate: MessagePredicate = () => true): readonly SimulatedItem[] {
  return core.exchange.mailboxes.flatMap((mailbox) => [...mailbox.folder('inbox').values()].filter(predicate));
}

/** Resolves when no request is under way and nothing is yet to happen by itself: under a manual clock only the test makes things happen. */
export async function untilIdle(core: SimulatorCore, timeout: number): Promise<void> {
  const { clock, timers } = core.exchange;
  const isIdle = (): boolean => core.underWay === 0 && (clock !== systemClock || timers.size === 0);
  // Only while this process runs: of a step that a busy machine makes long, little counts.
  let waited = 0;
  for (let quiet = 0; quiet < 2; quiet = isIdle() ? quiet + 1 : 0) {
    if (waited > timeout) throw failed(core, `The exchange was not idle within ${timeout} ms`);
    const before = systemClock.monotonic();
    await sleep(systemClock, 1);
    waited += Math.min(systemClock.monotonic() - before, 10);
  }
}

/** That it is received exactly so many times once nothing goes on any more. */
export async function expectReceived(
  core: SimulatorCore,
  times: 0 | 1,
  predicate: MessagePredicate | undefined,
  timeout: number,
): Promise<SimulatedItem | undefined> {
  await untilIdle(core, timeout);
  const found = receivedIn(core, predicate);
  if (found.length === times) return found[0];
  const expected = times === 0 ? 'none' : 'one';
  throw failed(core, `${found.length} messages of that kind were received; expected ${expected}`);
}

/** With what was asked last: operations and codes, no text of anybody. */
export function failed(core: SimulatorCore, what: string): OfflineImError {
  const tail = core.journal.entries
    .slice(-10)
    .map(({ number, operation, mailbox, outcome, status, responseCode, fault, problem }) => {
      const parts = [
        `#${number}`,
        operation || '(unreadable)',
        mailbox,
        status ?? outcome,
        responseCode,
        fault && `fault ${fault}`,
        problem,
      ];
      return parts.filter((part) => part !== undefined && part !== '').join(' ');
    });
  const journal = tail.length === 0 ? ' It received no request.' : ` Last requests:\n${tail.join('\n')}`;
  return new OfflineImError('EXPECTATION_FAILED', `${what}.${journal}`);
}
