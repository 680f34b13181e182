import { OfflineImError } from '../../../src/core/errors/offline-im-error.ts';
import { Lanes } from '../../../src/spooler/lanes/lanes.ts';
import { type SpoolerOptions, spoolerSettings } from '../../../src/spooler/options.ts';
import { ManualClock } from '../../../src/testing/manual-clock.ts';
import type { DeliveryOutcome, Scope } from '../../../src/transport/contract.ts';

export const busy = new OfflineImError('EWS_ERROR', 'Busy.', { details: { responseCode: 'ErrorServerBusy' } });
export const reason = { code: 'EWS_ERROR', text: 'Busy.', serverCode: 'ErrorServerBusy' };
export const away = new OfflineImError('ENDPOINT_UNREACHABLE', 'No connection.');
export const refused = new OfflineImError('AUTHENTICATION_FAILED', 'HTTP 401.');
export const delivered: DeliveryOutcome = { status: 'delivered', messageClass: 'IPM.Note' };
export const blocked = (scope: Scope, error = busy): DeliveryOutcome => ({ status: 'blocked', scope, sent: 'no', error });
export const deferred = (scope: Scope, error = busy, retryAfter?: number): DeliveryOutcome => ({
  status: 'deferred',
  scope,
  error,
  ...(retryAfter === undefined ? {} : { retryAfter }),
});
export const quarter = 900_000;

/** Mailboxes `a…` belong to one server, all others to another. */
export function lanes(options: SpoolerOptions = {}) {
  const clock = new ManualClock();
  const told: unknown[][] = [];
  const tell =
    (name: string) =>
    (...rest: unknown[]): void => {
      told.push([name, ...rest]);
    };
  const all = new Lanes({
    clock,
    random: () => 0.5,
    options: spoolerSettings(options),
    observer: {
      blocked: tell('blocked'),
      resumed: tell('resumed'),
      unavailable: tell('unavailable'),
      available: tell('available'),
    },
    endpointOf: (lane) => (lane.startsWith('a') ? 'A' : 'B'),
  });
  /** The record of a request that has just started. */
  const record = async (lane: string, outcome: DeliveryOutcome): Promise<void> => {
    await clock.advance(1);
    const startedAt = clock.monotonic();
    await clock.advance(1);
    all.record(lane, outcome, startedAt);
  };
  const admissions = (...names: string[]) => names.map((name) => all.admission(name));
  return { all, clock, told, record, admissions };
}
