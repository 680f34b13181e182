import type { Organization } from '../classification/classification.ts';
import { type MessageClassOptions, messageClassFor } from '../classification/classification.ts';
import type { Clock } from '../core/clock.ts';
import {
  byDefault,
  callback,
  clockRule,
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
import { isOneLine } from '../core/text.ts';
import { type GateClient, gateClientRule, type Policy, resolvePolicy } from '../gating/gate.ts';
import { type Address, domainOf, normalizeDomain, parseAddress } from '../message/address.ts';
import { defaultMessageLimits, longestDisplayName, type MessageLimits } from '../message/message.ts';
import type { Logger } from '../observability/trace.ts';
import type { SpoolStorage } from '../spool/contract.ts';
import { type SpoolerOptions, type SpoolerSettings, spoolerRules, withRequestTimeout } from '../spooler/options.ts';
import type { Transport } from '../transport/contract.ts';
import { checkedHighWater, type HighWater } from './capacity.ts';

/** Who the messages come from. */
export interface Identity {
  /** SIP address: `sip:alice@contoso.com`. */
  readonly sip: string;
  /** The name shown in subjects. Without one, subjects show the address. @default none */
  readonly displayName?: string | undefined;
  /** SMTP address of the sending mailbox. @default what `resolveMailbox` returns, else the SIP address */
  readonly mailbox?: string | undefined;
}

/** Options of an `OfflineImSender`. Required are `identity`, `client`, `spool` and `transport`. Durations are in ms. */
export interface OfflineImSenderOptions<Client = never> extends MessageClassOptions, SpoolerOptions {
  /** The sender of every message that names no other `from`. */
  readonly identity: Identity;
  /** Which domains belong to the organisation. Decides the message class. @default the domain of the identity's SIP address; every other is federated */
  readonly organization?: Organization | undefined;
  /** The client that the gate checks, or a function that returns it for an identity, called for every send. */
  readonly client: GateClient | ((identity: Identity) => GateClient | Promise<GateClient>);
  /**
   * What the administrators have set, or a function that returns it for an identity, called for every send. If the function throws, `send()` rejects with
   * `POLICY_FAILED`.
   * @default everything enabled
   */
  readonly policy?: PolicySource | undefined;
  /**
   * How long a `policy`, `client` or `resolveMailbox` function may take, in ms. After that, `send()` rejects with `POLICY_TIMEOUT`
   * (`MAILBOX_UNRESOLVED` for `resolveMailbox`) and keeps nothing.
   * @default 30_000
   */
  readonly policyTimeout?: number | undefined;
  /** Returns the SMTP address of the mailbox that belongs to a SIP URI. @default the SIP address is the SMTP address */
  readonly resolveMailbox?: ((sip: string) => string | Promise<string>) | undefined;
  /** Where messages wait. Each sender needs a spool object of its own. */
  readonly spool: SpoolStorage<Client>;
  /** Sends the notes. */
  readonly transport: Transport;
  /** Receives the trace of every step. Without a logger, blocked mailboxes, dead messages and warnings go to `console.warn`. @default none */
  readonly logger?: Logger | undefined;
  /** @default the machine's clock */
  readonly clock?: Clock | undefined;
  /** Returns a number from 0 up to, but not including, 1; used for jitter. @default Math.random */
  readonly random?: (() => number) | undefined;
  /**
   * How large the spool may grow. Beyond it, `send()` rejects with `SPOOL_FULL` and keeps nothing of the message; a repeated message still gets its receipt.
   * The size is read at most once per second, and own appends are added: a single process never exceeds the mark, several exceed it by at most what the others
   * append within a second, and freed room is noticed within a second.
   * @default no limit
   */
  readonly highWater?: HighWater | undefined;
  /** The longest text of a message, and the longest html, in UTF-8 bytes. @default 32_768 */
  readonly maxTextBytes?: number | undefined;
  /** The most recipients that one message may have. @default 500 */
  readonly maxRecipients?: number | undefined;
}

/** A policy, or a function that returns it for an identity. */
export type PolicySource = Policy | ((identity: Identity) => Policy | Promise<Policy>);

/** {@link OfflineImSenderOptions}, checked and complete. */
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

/** The name goes into subjects and headers. */
const displayName = text(`at most ${longestDisplayName} characters on one line`, (value) => isOneLine(value, longestDisplayName));

const domain: OptionRule<string> = {
  expected: 'a domain such as contoso.com',
  read: (value, path) => {
    if (typeof value !== 'string') throw invalidOption(path, value, 'a domain such as contoso.com');
    return normalizeDomain(value);
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
  clock: optional(clockRule()),
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
