import type { Organization } from '../classification/audience.ts';
import type { MessageClassOptions } from '../classification/message-class.ts';
import type { Clock } from '../core/clock.ts';
import { OfflineImError } from '../core/errors/offline-im-error.ts';
import type { GateClient } from '../gating/gate.ts';
import type { Policy } from '../gating/policy.ts';
import { type Address, domainOf, normalizeDomain, parseAddress } from '../message/address.ts';
import { defaultMessageLimits, type MessageLimits } from '../message/message.ts';
import type { Logger } from '../observability/trace.ts';
import type { SpoolStorage } from '../spool/contract.ts';
import { type SpoolerOptions, spoolerOptions } from '../spooler/options.ts';
import type { Transport } from '../transport/contract.ts';
import { checkedHighWater, type HighWater } from './capacity.ts';

/** Who sends. */
export interface Identity {
  /** SIP address: `sip:alice@contoso.com`. */
  readonly sip: string;
  /** The name that subjects show; without one they show the address. @default none */
  readonly displayName?: string | undefined;
  /** SMTP address of the mailbox that sends. @default what `resolveMailbox` gives, else the SIP address */
  readonly mailbox?: string | undefined;
}

/**
 * Options of an `OfflineImSender`: what must be said, what may be said, and every default of the spooler.
 * Durations are ms.
 */
export interface OfflineImSenderOptions extends MessageClassOptions, Partial<SpoolerOptions> {
  /** Who sends, unless a message names another `from`. */
  readonly identity: Identity;
  /** Which domains are inside. Decides the class of a note. @default the domain of the identity's SIP address; every other is federated */
  readonly organization?: Organization;
  /** The client that the gate judges, or a function that tells it for an identity, asked at every send. */
  readonly client: GateClient | ((identity: Identity) => GateClient | Promise<GateClient>);
  /**
   * What the administrators have set, or a function that tells it for an identity, asked at every send. A function that throws rejects the `send()`.
   * @default everything enabled
   */
  readonly policy?: PolicySource;
  /** Tells the SMTP address of a SIP address where they differ. @default they are the same */
  readonly resolveMailbox?: (sip: string) => string | Promise<string>;
  /** Where messages wait. One sender a spool. */
  readonly spool: SpoolStorage;
  /** How notes leave. */
  readonly transport: Transport;
  /** Gets the trace of every step. Without one, what should not go unseen reaches `console.warn`. @default none */
  readonly logger?: Logger;
  /** @default the machine's clock */
  readonly clock?: Clock;
  /** For jitter: from 0 up to, not including, 1. @default Math.random */
  readonly random?: () => number;
  /**
   * Rejects `send()` with `SPOOL_FULL`, and keeps nothing of the message, rather than let the spool grow beyond this; a repetition of an accepted message still
   * gets its receipt. The spool is asked once a second at most and own appends are added at once, so one process never goes beyond it; several go beyond it by
   * what the others append within a second at most, and room that was made is seen a second later.
   * @default no limit
   */
  readonly highWater?: HighWater;
  /** Longest text of a message, in bytes of UTF-8. @default 32_768 */
  readonly maxTextBytes?: number;
  /** Most recipients of a message. @default 500 */
  readonly maxRecipients?: number;
}

/** A policy, or where to ask for it. */
export type PolicySource = Policy | ((identity: Identity) => Policy | Promise<Policy>);

/** Options that were checked. */
export interface SenderSettings {
  readonly identity: Identity;
  readonly sip: Address;
  readonly organization: Organization;
  readonly limits: MessageLimits;
  readonly spooler: SpoolerOptions;
  readonly highWater: HighWater | undefined;
}

/** @throws {OfflineImError} `OPTION_INVALID`, `ADDRESS_INVALID` */
export function senderSettings(options: OfflineImSenderOptions): SenderSettings {
  if (typeof options !== 'object' || options === null) throw missing('options', 'an object');
  const { identity, client, spool, transport, organization } = options;
  if (typeof identity !== 'object' || identity === null) throw missing('identity', '{ sip, displayName?, mailbox? }');
  if (client === undefined || client === null) throw missing('client', '{ version, mailboxLocation }');
  if (typeof spool?.append !== 'function') throw missing('spool', 'a spool such as new FileSpool({ root })');
  if (typeof transport?.deliver !== 'function')
    throw missing('transport', 'a transport such as new EwsTransport({ url, credentials })');
  const sip = parseAddress(identity.sip, 'ADDRESS_INVALID');
  if (identity.mailbox !== undefined) parseAddress(identity.mailbox, 'ADDRESS_INVALID');
  const inside = organization ?? { domains: [domainOf(sip)] };
  for (const domain of [...inside.domains, ...(inside.federatedDomains ?? [])]) normalizeDomain(domain);
  const limits: MessageLimits = {
    maxTextBytes: positive('maxTextBytes', options.maxTextBytes, defaultMessageLimits.maxTextBytes),
    maxRecipients: positive('maxRecipients', options.maxRecipients, defaultMessageLimits.maxRecipients),
  };
  const highWater = checkedHighWater(options.highWater, spool);
  return { identity, sip, organization: inside, limits, spooler: spoolerOptions(options), highWater };
}

function positive(option: string, value: number | undefined, byDefault: number): number {
  if (value === undefined) return byDefault;
  if (Number.isInteger(value) && value > 0) return value;
  throw new OfflineImError('OPTION_INVALID', `${option} is ${String(value)}; expected a whole number above 0.`, {
    details: { option },
  });
}

function missing(option: string, expected: string): OfflineImError {
  return new OfflineImError('OPTION_INVALID', `${option} is missing or of the wrong kind; expected ${expected}.`, {
    details: { option },
  });
}
