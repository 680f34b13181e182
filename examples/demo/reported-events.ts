import type { EventName } from 'offline-im';

/** The events that the demo shows or counts. */
export const reportedEvents = [
  'message:picked-up',
  'message:delivered',
  'message:deferred',
  'message:unconfirmed',
  'message:dead',
  'lane:blocked',
  'lane:resumed',
  'transport:unavailable',
  'transport:available',
  'warning',
] as const satisfies readonly EventName[];
