import { OfflineImError } from '../core/errors/offline-im-error.ts';
import type { Note } from '../transport/contract.ts';

/** What `beforeDelivery` decides. */
export type DeliveryDecision = 'deliver' | 'hold' | 'cancel';

/** How the spooler works. Durations are ms. */
export interface SpoolerOptions {
  /**
   * From acceptance to pickup: the product's two-minute timer. Messages of one conversation that wait together leave as one note.
   * @default 120_000
   */
  readonly pickupDelay: number;
  /** The longest the spooler sleeps before it looks again, whatever it believes to be due. @default 30_000 */
  readonly pollInterval: number;
  /** How long a claimed note is ours without a renewal; after a crash another process waits so long. @default 120_000 */
  readonly lease: number;
  /** A lease is renewed this often while its note is at work. @default 30_000 */
  readonly renewEvery: number;
  /** No request is begun with less of its lease left than this: the longest one may take. @default 60_000 */
  readonly deadline: number;
  /** When a note that may have been sent is first looked for; the wait doubles. @default 5_000 */
  readonly probeFirst: number;
  /** Longest wait between two looks. @default 60_000 */
  readonly probeCap: number;
  /** A note that may have been sent is not sent again before this has passed since its attempt: a saved copy can appear late. @default 300_000 */
  readonly probeGrace: number;
  /** How long a note that may have been sent is looked for while its server can be asked. @default 86_400_000 */
  readonly unconfirmedFor: number;
  /** After that: `dead` with `OUTCOME_UNKNOWN`, or `resend`, which may show someone the note twice. @default 'dead' */
  readonly whenUnconfirmed: 'dead' | 'resend';
  /** From acceptance to `EXPIRED`, where a message names no `expiresAt`. @default 432_000_000 (5 days) */
  readonly expiry: number;
  /** How long the id of an ended message is remembered. @default 86_400_000 */
  readonly tombstones: number;
  /** Requests of one mailbox at a time. @default 4 */
  readonly concurrencyPerMailbox: number;
  /** Notes handed to the transport at a time, of one mailbox. @default 50 */
  readonly batchSize: number;
  /** First wait after a failure that is worth another try; doubles, with full jitter. @default 5_000 */
  readonly retryFirst: number;
  /** Longest own wait between tries. @default 900_000 */
  readonly retryCap: number;
  /** Longest wait that a server can ask for. @default 3_600_000 */
  readonly serverBackOffCap: number;
  /** What is blocked is tried once in this time. @default 900_000 */
  readonly blockedRetry: number;
  /**
   * Called with every note before it is sent, never before a probe: `hold` and `cancel` keep it from being sent, for instance when the recipient's own
   * client will show the message. Throwing, or taking longer than `beforeDeliveryTimeout`, defers it.
   */
  readonly beforeDelivery?: (note: Note) => DeliveryDecision | Promise<DeliveryDecision>;
  /** @default 30_000 */
  readonly beforeDeliveryTimeout: number;
}

/** Entries and bytes of one note at most. */
export const noteLimits = { maxEntries: 100, maxBytes: 128 * 1024 } as const;

/** Notes at work at a time, over all mailboxes: what bounds the memory they take. */
export const notesAtWork = 1_000;

export const defaultSpoolerOptions: SpoolerOptions = {
  pickupDelay: 120_000,
  pollInterval: 30_000,
  lease: 120_000,
  renewEvery: 30_000,
  deadline: 60_000,
  probeFirst: 5_000,
  probeCap: 60_000,
  probeGrace: 300_000,
  unconfirmedFor: 86_400_000,
  whenUnconfirmed: 'dead',
  expiry: 432_000_000,
  tombstones: 86_400_000,
  concurrencyPerMailbox: 4,
  batchSize: 50,
  retryFirst: 5_000,
  retryCap: 900_000,
  serverBackOffCap: 3_600_000,
  blockedRetry: 900_000,
  beforeDeliveryTimeout: 30_000,
};

/** Least and most of every number. */
const ranges: Readonly<Partial<Record<keyof SpoolerOptions, readonly [number, number]>>> = {
  pickupDelay: [0, 86_400_000],
  pollInterval: [10, 3_600_000],
  lease: [50, 3_600_000],
  renewEvery: [10, 3_600_000],
  deadline: [10, 3_600_000],
  probeFirst: [1, 3_600_000],
  probeCap: [1, 3_600_000],
  probeGrace: [0, 86_400_000],
  unconfirmedFor: [0, 30 * 86_400_000],
  expiry: [1_000, 365 * 86_400_000],
  tombstones: [0, 365 * 86_400_000],
  concurrencyPerMailbox: [1, 27],
  batchSize: [1, 100],
  retryFirst: [1, 3_600_000],
  retryCap: [1, 86_400_000],
  serverBackOffCap: [1, 86_400_000],
  blockedRetry: [10, 86_400_000],
  beforeDeliveryTimeout: [1, 3_600_000],
};

/** @throws {OfflineImError} `OPTION_INVALID` */
export function spoolerOptions(
  given: { readonly [Name in keyof SpoolerOptions]?: SpoolerOptions[Name] | undefined },
): SpoolerOptions {
  const known = Object.entries(given).filter(
    ([name, value]) => value !== undefined && (name in defaultSpoolerOptions || name === 'beforeDelivery'),
  );
  const options: SpoolerOptions = { ...defaultSpoolerOptions, ...Object.fromEntries(known) };
  for (const [name, range] of Object.entries(ranges)) check(name, options[name as keyof SpoolerOptions], range);
  if (options.whenUnconfirmed !== 'dead' && options.whenUnconfirmed !== 'resend') {
    throw invalid('whenUnconfirmed', options.whenUnconfirmed, `'dead' or 'resend'`);
  }
  if (options.beforeDelivery !== undefined && typeof options.beforeDelivery !== 'function') {
    throw invalid('beforeDelivery', options.beforeDelivery, 'a function');
  }
  if (options.renewEvery >= options.lease)
    throw invalid('renewEvery', options.renewEvery, `less than lease (${options.lease} ms)`);
  if (options.deadline >= options.lease) throw invalid('deadline', options.deadline, `less than lease (${options.lease} ms)`);
  return options;
}

function check(name: string, value: unknown, [least, most]: readonly [number, number]): void {
  if (typeof value === 'number' && value >= least && value <= most) return;
  throw invalid(name, value, `a number from ${least} to ${most}`);
}

function invalid(name: string, value: unknown, expected: string): OfflineImError {
  const found = typeof value === 'number' || typeof value === 'string' ? JSON.stringify(value) : typeof value;
  return new OfflineImError('OPTION_INVALID', `${name} is ${found}; expected ${expected}.`, { details: { option: name } });
}
