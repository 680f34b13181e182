import type { EventName, OfflineImEvents } from '../../src/observability/events.ts';

/** A record, so that the compiler reports an event that is missing here. */
const every: Readonly<Record<EventName, true>> = {
  'message:spooled': true,
  'message:refused': true,
  'message:duplicate': true,
  'message:picked-up': true,
  'message:delivered': true,
  'message:deferred': true,
  'message:unconfirmed': true,
  'message:dead': true,
  'message:held': true,
  'message:cancelled': true,
  'note:settled': true,
  'lane:blocked': true,
  'lane:resumed': true,
  'transport:unavailable': true,
  'transport:available': true,
  'spool:corrupt': true,
  'spool:idle': true,
  'policy:changed': true,
  started: true,
  stopped: true,
  warning: true,
};

/** The names of all events, for tests that listen to all. */
export const eventNames = Object.keys(every) as readonly (keyof OfflineImEvents)[];
