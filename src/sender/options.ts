import type { Organization } from '../classification/classification.ts';
import { type MessageClassOptions, messageClassFor } from '../classification/classification.ts';
import type { Clock } from '../core/clock.ts';
import {
  byDefault,
  callback,
  flag,
  group,
  having,
  invalidOption,
  listOf,
  type OptionRule,
  optional,
  orFunction,
  type RulesFor,
  readOptions,
  rule,
  text,
  unchecked,
  whole,
} from '../core/options.ts';
import { type GateClient, gateClientRule, type Policy, resolvePolicy } from '../gating/gate.ts';
import { type Address, domainOf, normalizeDomain, parseAddress } from '../message/address.ts';
import { defaultMessageLimits, type MessageLimits } from '../message/message.ts';
import type { Logger } from '../observability/trace.ts';
import type { SpoolStorage } from '../spool/contract.ts';
import { type SpoolerOptions, type SpoolerSettings, spoolerRules, withRequestTimeout } from '../spooler/options.ts';
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
export interface OfflineImSenderOptions<Client = never> extends MessageClassOptions, SpoolerOptions {
  /** Who sends, unless a message names another `from`. */
  readonly identity: Identity;
  /** Which domains are inside. Decides the class of a note. @default the domain of the identity's SIP address; every other is federated */
  readonly organization?: Organization | undefined;
  /** The client that the gate judges, or a function that tells it for an identity, asked at every send. */
  readonly client: GateClient | ((identity: Identity) => GateClient | Promise<GateClient>);
  /**
   * What the administrators have set, or a function that tells it for an identity, asked at every send. A function that throws rejects the `send()` with `POLICY_FAILED`.
   * @default everything enabled
   */
  readonly policy?: PolicySource | undefined;
  /**
   * How long a `policy`, `client` or `resolveMailbox` function may take, in ms. After it the `send()` rejects with `POLICY_TIMEOUT`
   * (`MAILBOX_UNRESOLVED` for `resolveMailbox`) and nothing is kept.
   * @default 30_000
   */
  readonly policyTimeout?: number | undefined;
  /** Tells the SMTP address of a SIP address where they differ. @default they are the same */
  readonly resolveMailbox?: ((sip: string) => string | Promise<string>) | undefined;
  /** Where messages wait. One sender a spool. */
  readonly spool: SpoolStorage<Client>;
  /** How notes leave. */
  readonly transport: Transport;
  /** Gets the trace of every step. Without one, what should not go unseen reaches `console.warn`. @default none */
  readonly logger?: Logger | undefined;
  /** @default the machine's clock */
  readonly clock?: Clock | undefined;
  /** For jitter: from 0 up to, not including, 1. @default Math.random */
  readonly random?: (() => number) | undefined;
  /**
   * Rejects `send()` with `SPOOL_FULL`, and keeps nothing of the message, rather than let the spool grow beyond this; a repetition of an accepted message still
   * gets its receipt. The spool is asked once a second at most and own appends are added at once, so one process never goes beyond it; several go beyond it by
   * what the others append within a second at most, and room that was made is seen a second later.
   * @default no limit
   */
  readonly highWater?: HighWater | undefined;
  /** Longest text of a message, in bytes of UTF-8. @default 32_768 */
  readonly maxTextBytes?: number | undefined;
  /** Most recipients of a message. @default 500 */
  readonly maxRecipients?: number | undefined;
}

/** A policy, or where to ask for it. */
export type PolicySource = Policy | ((identity: Identity) => Policy | Promise<Policy>);

/** Options that were checked. */
export interface SenderSettings {
  readonly identity: Identity;
  readonly sip: Address;
  readonly organization: Organization;
  readonly client: OfflineImSenderOptions['client'];
  readonly policy: PolicySource | undefined;
  readonly policyTimeout: number;
  readonly resolveMailbox: OfflineImSenderOptions['resolveMailbox'];
  readonly messageClass: string | undefined;
  readonly limits: MessageLimits;
  readonly spool: SpoolStorage;
  readonly transport: Transport;
  readonly logger: Logger | undefined;
  readonly clock: Clock | undefined;
  readonly random: (() => number) | undefined;
  readonly spooler: SpoolerSettings;
  readonly highWater: HighWater | undefined;
}

const owner = 'OfflineImSender';

/** What `to` shows goes into a subject and into a header: one line, and no more than anybody reads. */
const displayName = text(
  'at most 256 characters on one line',
  (value) => value.length <= 256 && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(value),
);

const domain: OptionRule<string> = {
  expected: 'a domain such as contoso.com',
  read: (value, path) => {
    if (typeof value !== 'string') throw invalidOption(path, value, 'a domain such as contoso.com');
    normalizeDomain(value);
    return value;
  },
};
const domains = listOf(domain, 'an array of domains');

const rules = {
  ...spoolerRules,
  identity: group({
    sip: unchecked<string>(),
    displayName: optional(displayName),
    mailbox: optional(unchecked<string>()),
  } satisfies RulesFor<Identity>),
  organization: optional(
    group({
      domains,
      federatedDomains: optional(domains),
      includeSubdomains: optional(flag()),
    } satisfies RulesFor<Organization>),
  ),
  client: orFunction<OfflineImSenderOptions['client']>(gateClientRule),
  policy: optional(unchecked<PolicySource>()),
  policyTimeout: byDefault(whole(1, 3_600_000, ' ms'), 30_000),
  resolveMailbox: optional(callback<NonNullable<OfflineImSenderOptions['resolveMailbox']>>()),
  spool: having<SpoolStorage>('a spool such as new FileSpool({ root })', ['open', 'append', 'claim']),
  transport: having<Transport>('a transport such as new EwsTransport({ url, credentials })', ['deliver', 'probe', 'placeOf']),
  logger: optional(having<Logger>('an object with debug, info, warn and error', ['debug', 'info', 'warn', 'error'])),
  clock: optional(having<Clock>('an object with now, monotonic and setTimer', ['now', 'monotonic', 'setTimer'])),
  random: optional(callback<() => number>()),
  highWater: optional(
    group({
      entries: optional(whole(1, Number.MAX_SAFE_INTEGER)),
      bytes: optional(whole(1, Number.MAX_SAFE_INTEGER)),
    } satisfies RulesFor<HighWater>),
  ),
  maxTextBytes: byDefault(whole(1, Number.MAX_SAFE_INTEGER), defaultMessageLimits.maxTextBytes),
  maxRecipients: byDefault(whole(1, Number.MAX_SAFE_INTEGER), defaultMessageLimits.maxRecipients),
  messageClass: optional(rule<string>('words with dots between them, such as IM.Note.MissedConversation', isMessageClass)),
} satisfies RulesFor<OfflineImSenderOptions>;

/** @throws {OfflineImError} `OPTION_INVALID`, `ADDRESS_INVALID` */
export function senderSettings(options: OfflineImSenderOptions): SenderSettings {
  const read = readOptions(owner, options, rules);
  const { identity, transport, spool, maxTextBytes, maxRecipients } = read;
  const sip = parseAddress(identity.sip, 'ADDRESS_INVALID');
  if (identity.mailbox !== undefined) parseAddress(identity.mailbox, 'ADDRESS_INVALID');
  checkedHighWater(read.highWater, spool);
  return {
    ...read,
    identity,
    sip,
    organization: read.organization ?? { domains: [domainOf(sip)] },
    policy: read.policy === undefined ? undefined : givenPolicy(read.policy),
    limits: { maxTextBytes, maxRecipients },
    spooler: withRequestTimeout(owner, read, transport.requestTimeout),
  };
}

/** @throws {OfflineImError} `OPTION_INVALID` */
export function givenPolicy(policy: PolicySource): PolicySource {
  if (policy === undefined) throw invalidOption({ owner: 'setPolicy()', name: 'policy' }, policy, 'a policy or a function');
  if (typeof policy !== 'function') resolvePolicy(policy);
  return policy;
}

function isMessageClass(value: unknown): boolean {
  try {
    messageClassFor('same-organization', { messageClass: value as string });
    return true;
  } catch {
    return false;
  }
}
