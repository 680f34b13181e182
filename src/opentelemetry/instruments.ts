import type { CounterLike, GaugeLike, HistogramLike, MeterLike } from './options.ts';

/** Every instrument that {@link instrumentsOf} makes. */
export interface Instruments {
  readonly messages: CounterLike;
  readonly sent: CounterLike;
  readonly requests: HistogramLike;
  readonly batches: HistogramLike;
  readonly deliveryTime: HistogramLike;
  readonly attempts: HistogramLike;
  readonly lateness: HistogramLike;
  readonly entries: GaugeLike;
  readonly oldest: GaugeLike;
  readonly pausedLanes: GaugeLike;
  readonly pausedAll: GaugeLike;
  readonly blocked: GaugeLike;
  readonly unavailable: GaugeLike;
}

/** Upper bounds, in s: a message takes two minutes at least, five days at most. */
const deliverySeconds = [60, 120, 123, 126, 130, 150, 180, 240, 300, 600, 1_800, 3_600, 21_600, 86_400, 432_000];
const latenessSeconds = [0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 600, 3_600, 21_600, 86_400];
/** The bounds of the semantic conventions. */
const requestSeconds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const counts = [1, 2, 3, 5, 10, 20, 50, 100];

/** Uses the conventional names of https://opentelemetry.io/docs/specs/semconv/messaging/messaging-metrics/ where they exist. */
export function instrumentsOf(meter: MeterLike): Instruments {
  const histogram = (name: string, unit: string, description: string, bounds: number[]): HistogramLike =>
    meter.createHistogram(name, { unit, description, advice: { explicitBucketBoundaries: bounds } });
  const gauge = (name: string, unit: string, description: string): GaugeLike =>
    meter.createObservableGauge(name, { unit, description });
  return {
    messages: meter.createCounter('offline_im.messages', {
      unit: '{message}',
      description: 'What happened to messages, by event.',
    }),
    sent: meter.createCounter('messaging.client.sent.messages', {
      unit: '{message}',
      description: 'Messages whose note was handed to Exchange; with error.type where it did not accept it.',
    }),
    requests: histogram('messaging.client.operation.duration', 's', 'Duration of a request to Exchange.', requestSeconds),
    batches: histogram('offline_im.request.notes', '{note}', 'Notes in one request that sends.', counts),
    deliveryTime: histogram(
      'offline_im.delivery.time',
      's',
      'From the acceptance of a message to its delivery.',
      deliverySeconds,
    ),
    attempts: histogram('offline_im.delivery.attempts', '{attempt}', 'Attempts of the note of a delivered message.', counts),
    lateness: histogram(
      'offline_im.pickup.lateness',
      's',
      'From the end of the two minutes of a message to its first attempt.',
      latenessSeconds,
    ),
    entries: gauge('offline_im.entries', '{entry}', 'Entries in the spool by state.'),
    oldest: gauge(
      'offline_im.oldest_waiting',
      's',
      'Age of an entry that has waited longest, as far as was looked; 0 when none waits.',
    ),
    pausedLanes: gauge('offline_im.paused_mailboxes', '{mailbox}', 'Mailboxes that an operator has paused by name.'),
    pausedAll: gauge('offline_im.paused', '{pause}', '1 while an operator has paused every mailbox.'),
    blocked: gauge('offline_im.blocked_mailboxes', '{mailbox}', 'Mailboxes that this process cannot use until someone acts.'),
    unavailable: gauge(
      'offline_im.unavailable_endpoints',
      '{endpoint}',
      'Servers that this process cannot reach, or that refuse everybody: circuits that are open.',
    ),
  };
}
