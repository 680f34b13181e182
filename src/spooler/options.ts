import { OfflineImError } from '../core/errors/offline-im-error.ts';
import {
  byDefault,
  callback,
  group,
  invalidOption,
  milliseconds,
  oneOf,
  optional,
  type ReadOptions,
  type RulesFor,
  readOptions,
  whole,
} from '../core/options.ts';
import type { Note } from '../transport/contract.ts';

/** What `beforeDelivery` decides. */
export type DeliveryDecision = 'deliver' | 'hold' | 'cancel';

/** How long to wait before the next try. Durations are whole ms. */
export interface RetryOptions {
  /** The wait after the first failure that is worth another try. It doubles with each further failure, with full jitter. @default 5_000 */
  readonly initialDelay?: number | undefined;
  /** The longest wait between tries, unless the server asks for more. @default 900_000 (15 min) */
  readonly maxDelay?: number | undefined;
  /** The longest wait that a server can ask for. Shorter waits are obeyed in full. @default 3_600_000 (1 h) */
  readonly maxServerBackOff?: number | undefined;
  /** How often a blocked mailbox or endpoint is tried. Each try counts towards the account's lockout. @default 900_000 (15 min) */
  readonly blockedInterval?: number | undefined;
}

/** How a note that may have been sent is probed before it is ever sent again. Durations are whole ms. */
export interface ProbeOptions {
  /** The wait before the first probe. It doubles with each probe. @default 5_000 */
  readonly initialDelay?: number | undefined;
  /** The longest wait between two probes. @default 60_000 */
  readonly maxDelay?: number | undefined;
  /**
   * How long after its attempt a note is not sent again, since a saved copy can appear late. With a shorter grace, someone may get a note twice.
   * @default 300_000 (5 min)
   */
  readonly grace?: number | undefined;
  /** How long a note is probed, counting only time in which the server can be asked. Then `onUnconfirmed` decides. @default 86_400_000 (24 h) */
  readonly giveUpAfter?: number | undefined;
  /** `'dead'` keeps the message with the code `OUTCOME_UNKNOWN`; `'resend'` sends it again, and someone may get it twice. @default 'dead' */
  readonly onUnconfirmed?: 'dead' | 'resend' | undefined;
  /**
   * What to make of a copy found after the server answered the request with an error: some servers keep the copy and then fail to send. `'dead'` keeps the message
   * with the code `COPY_AFTER_FAULT`, for you to decide; `'delivered'` takes it as sent, with `proof: 'copy-after-fault'` in the event.
   * @default 'dead'
   */
  readonly onCopyAfterFault?: 'dead' | 'delivered' | undefined;
}

/** How long a note belongs to the process that delivers it. Durations are whole ms. */
export interface LeaseOptions {
  /**
   * How long a note belongs to a process without renewal. After a crash, others wait that long before they take it over.
   * `renewEvery` and the transport's `requestTimeout` together must be less.
   * @default 120_000
   */
  readonly duration?: number | undefined;
  /** How often a lease is renewed while its note is being sent. @default 30_000 */
  readonly renewEvery?: number | undefined;
}

/** Options of the loop between spool and transport. Durations are whole ms. */
export interface SpoolerOptions {
  /**
   * From acceptance to pickup: the product's two-minute timer. Messages of one conversation that wait together leave as one note.
   * @default 120_000
   */
  readonly pickupDelay?: number | undefined;
  /** The longest sleep before the spool is asked again, whatever is believed to be due: how late a message of another process may be noticed. @default 30_000 */
  readonly pollInterval?: number | undefined;
  /** From acceptance to `EXPIRED`, for messages without `expiresAt`. @default 432_000_000 (5 days) */
  readonly expiry?: number | undefined;
  /** For how long after its end the id of a message makes no second one. @default 86_400_000 (24 h) */
  readonly idRetention?: number | undefined;
  /** Concurrent requests per mailbox, 1 to 27. Exchange throttles beyond 27. @default 4 */
  readonly concurrencyPerMailbox?: number | undefined;
  /** The most notes of one mailbox that are handed to the transport together, 1 to 100. @default 50 */
  readonly notesPerClaim?: number | undefined;
  /** How long to wait before the next try. */
  readonly retry?: RetryOptions | undefined;
  /** How notes that may have been sent are probed. */
  readonly probe?: ProbeOptions | undefined;
  /** How long a note belongs to the process that delivers it. */
  readonly lease?: LeaseOptions | undefined;
  /**
   * Called with every note before it is sent, but not before a probe. `'hold'` and `'cancel'` keep the note from being sent, for instance because the recipient's
   * own client will show the message. If it throws, or takes longer than `beforeDeliveryTimeout`, the note is deferred.
   * @default every note is delivered
   */
  readonly beforeDelivery?: ((note: Note) => DeliveryDecision | Promise<DeliveryDecision>) | undefined;
  /** How long `beforeDelivery` may take. @default 30_000 */
  readonly beforeDeliveryTimeout?: number | undefined;
}

/** The most entries and bytes of one note. */
export const noteLimits = { maxEntries: 100, maxBytes: 128 * 1024 } as const;

/** The most notes in hand at a time, over all mailboxes; it bounds the memory they take. As many more may wait for a storage to record their results. */
export const notesAtWork = 1_000;

const day = 86_400_000;
const hour = 3_600_000;

/** {@link SpoolerOptions} as they are checked. */
export const spoolerRules = {
  pickupDelay: byDefault(milliseconds(0, day), 120_000),
  pollInterval: byDefault(milliseconds(10, hour), 30_000),
  expiry: byDefault(milliseconds(1_000, 365 * day), 5 * day),
  idRetention: byDefault(milliseconds(0, 365 * day), day),
  concurrencyPerMailbox: byDefault(whole(1, 27), 4),
  notesPerClaim: byDefault(whole(1, 100), 50),
  retry: group({
    initialDelay: byDefault(milliseconds(1, hour), 5_000),
    maxDelay: byDefault(milliseconds(1, day), 900_000),
    maxServerBackOff: byDefault(milliseconds(1, day), hour),
    blockedInterval: byDefault(milliseconds(10, day), 900_000),
  } satisfies RulesFor<RetryOptions>),
  probe: group({
    initialDelay: byDefault(milliseconds(1, hour), 5_000),
    maxDelay: byDefault(milliseconds(1, hour), 60_000),
    grace: byDefault(milliseconds(0, day), 300_000),
    giveUpAfter: byDefault(milliseconds(0, 30 * day), day),
    onUnconfirmed: byDefault(oneOf(['dead', 'resend']), 'dead'),
    onCopyAfterFault: byDefault(oneOf(['dead', 'delivered']), 'dead'),
  } satisfies RulesFor<ProbeOptions>),
  lease: group({
    duration: byDefault(milliseconds(50, hour), 120_000),
    renewEvery: byDefault(milliseconds(10, hour), 30_000),
  } satisfies RulesFor<LeaseOptions>),
  beforeDelivery: optional(callback<NonNullable<SpoolerOptions['beforeDelivery']>>()),
  beforeDeliveryTimeout: byDefault(milliseconds(1, hour), 30_000),
} satisfies RulesFor<SpoolerOptions>;

/** {@link SpoolerOptions}, checked and complete. */
export interface SpoolerSettings extends ReadOptions<typeof spoolerRules> {
  /** The longest that one request can take, in ms: no request begins with less of its lease left. */
  readonly requestTimeout: number;
}

/** The same for a transport that doesn't state it. */
const assumedRequestTimeout = 60_000;

/**
 * Adds the transport's `requestTimeout` to the settings. A lease must outlast a request that begins just before its renewal.
 *
 * @throws {OfflineImError} `OPTION_INVALID`
 */
export function withRequestTimeout(owner: string, options: ReadOptions<typeof spoolerRules>, stated: unknown): SpoolerSettings {
  const { duration, renewEvery } = options.lease;
  if (renewEvery >= duration) {
    throw invalidOption({ owner, name: 'lease.renewEvery' }, renewEvery, `less than lease.duration (${duration} ms)`);
  }
  const requestTimeout =
    stated === undefined
      ? Math.min(assumedRequestTimeout, Math.floor(((duration - renewEvery) * 2) / 3))
      : milliseconds(1, Number.MAX_SAFE_INTEGER).read(stated, { owner, name: 'transport.requestTimeout' });
  if (renewEvery + requestTimeout >= duration) {
    const sum = `lease.renewEvery (${renewEvery} ms) and the transport's requestTimeout (${requestTimeout} ms)`;
    const text = `${owner}: ${sum} together must be less than lease.duration (${duration} ms), or a request could outlast its lease.`;
    throw new OfflineImError('OPTION_INVALID', text, { details: { option: 'lease.duration' } });
  }
  return { ...options, requestTimeout };
}

/** @throws {OfflineImError} `OPTION_INVALID` */
export function spoolerSettings(given: SpoolerOptions = {}, requestTimeout?: number): SpoolerSettings {
  return withRequestTimeout('Spooler', readOptions('Spooler', given, spoolerRules), requestTimeout);
}
