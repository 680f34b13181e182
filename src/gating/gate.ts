import { OfflineImError } from '../core/errors/offline-im-error.ts';
import { quoted } from '../core/errors/quote.ts';
import { type ClientVersion, compareClientVersions, formatClientVersion, parseClientVersion } from './client-version.ts';
import { type Policy, resolvePolicy } from './policy.ts';

/**
 * What `send()` rejects with when the gate refuses a message. Nothing was spooled.
 *
 * @example
 * ```ts
 * if (error instanceof GateRefusedError) for (const reason of error.reasons) console.warn(reason.code, reason.found, reason.needed);
 * ```
 */
export class GateRefusedError extends OfflineImError {
  override readonly name = 'GateRefusedError';
  /** Every reason that applies, at least one. */
  readonly reasons: readonly GateReason[];

  constructor(reasons: readonly GateReason[]) {
    const sentences = reasons.map(({ code, found, needed }) => `${code}: ${found} ${needed}`);
    super('GATE_REFUSED', `The gate refused the message. ${sentences.join(' ')}`, {
      details: { reasons: reasons.map((reason) => reason.code) },
    });
    this.reasons = reasons;
  }
}

/** Every {@link MailboxLocation}. */
export const mailboxLocations = ['on-premises', 'exchange-online'] as const;

/** Where a user's mailbox is. */
export type MailboxLocation = (typeof mailboxLocations)[number];

/** The client on whose behalf messages are sent. */
export interface GateClient {
  /** Four-part build (`16.0.6920.1000`), or a SIP User-Agent, of which the `OC/` token counts. */
  readonly version: string;
  /**
   * Decides the build that is needed: 16.0.6920.1000 `on-premises`, 16.0.6701.1000 in `exchange-online`. A function tells it for
   * the sender's mailbox, as `of` of `routeByMailbox` does; it must answer at once.
   */
  readonly mailboxLocation: MailboxLocation | ((mailbox: string) => MailboxLocation);
}

/** What the gate decides on. */
export interface GateInput {
  readonly client: GateClient;
  /** SMTP address of the sender's mailbox, for a `mailboxLocation` that is a function. @default '' */
  readonly mailbox?: string | undefined;
  /** @default everything enabled */
  readonly policy?: Policy | undefined;
  /** Domains of recipients that are neither the organisation's own nor federated with it (`classifyAudience` tells). @default none */
  readonly domainsNotFederated?: readonly string[] | undefined;
}

/** One reason to refuse a message. `found` and `needed` are sentences for people; programs go by `code`. */
export type GateReason =
  | { readonly code: 'domain-not-federated'; readonly domain: string; readonly found: string; readonly needed: string }
  | {
      readonly code: 'offline-im-disabled' | 'im-auto-archiving-disabled' | 'client-too-old' | 'client-version-unreadable';
      readonly found: string;
      readonly needed: string;
    };

/** Every code of a {@link GateReason}. */
export type GateReasonCode = GateReason['code'];

/** What the gate says of a message. */
export type GateDecision = { readonly allowed: true } | { readonly allowed: false; readonly reasons: readonly GateReason[] };

/** The product documentation: MSI installs are 16.0.4xxx. */
const msiBuilds = { from: 4000, below: 5000 };

/**
 * Decides whether Offline IM is available to a sender, by the rules of Skype for Business, and gives every reason that speaks against it. Pure.
 *
 * Nothing here tells whether a recipient can receive a message: the product has no way to find that out.
 *
 * @throws {OfflineImError} `OPTION_INVALID` for an unknown `mailboxLocation` or a malformed policy. An unreadable version is a reason, not an error.
 * @example
 * ```ts
 * evaluateGate({ client: { version: '16.0.6701.1000', mailboxLocation: 'on-premises' } });
 * // { allowed: false, reasons: [{ code: 'client-too-old', found: 'The client is 16.0.6701.1000.', needed: '…' }] }
 * ```
 */
export function evaluateGate(input: GateInput): GateDecision {
  const reasons = [
    ...policyReasons(input.policy),
    ...clientReasons(input.client, input.mailbox ?? ''),
    ...domainReasons(input.domainsNotFederated ?? []),
  ];
  return reasons.length === 0 ? { allowed: true } : { allowed: false, reasons };
}

function policyReasons(policy: Policy | undefined): readonly GateReason[] {
  const resolved = resolvePolicy(policy);
  const reasons: GateReason[] = [];
  if (!resolved.enableOfflineIm) {
    const by = resolved.decidedByServerVersion;
    reasons.push({
      code: 'offline-im-disabled',
      found: by === undefined ? 'EnableOfflineIm is False.' : `The server is ${by}, and EnableOfflineIm is not set.`,
      needed: 'EnableOfflineIm must be True (Set-CsImConfiguration); it is so by default from server version 6.0.9319.259.',
    });
  }
  if (!resolved.enableImAutoArchiving) {
    reasons.push({
      code: 'im-auto-archiving-disabled',
      found: 'EnableIMAutoArchiving is False: messages are not saved to the Conversation History folder.',
      needed: 'EnableIMAutoArchiving must be True in the client policy of the sender (Set-CsClientPolicy).',
    });
  }
  return reasons;
}

function clientReasons(client: GateClient, mailbox: string): readonly GateReason[] {
  const { mailboxLocation } = client;
  const location = typeof mailboxLocation === 'function' ? mailboxLocation(mailbox) : mailboxLocation;
  const minimum = minimumVersion(location);
  const where = location === 'on-premises' ? 'an on-premises mailbox' : 'a mailbox in Exchange Online';
  const needed = `For ${where} the client must be Click-to-Run build ${formatClientVersion(minimum)} or higher.`;
  let version: ClientVersion;
  try {
    version = parseClientVersion(client.version);
  } catch {
    const found = `The client version is ${quoted(client.version)}, neither four numbers nor a SIP User-Agent with an OC/ token.`;
    return [{ code: 'client-version-unreadable', found, needed }];
  }
  if (compareClientVersions(version, minimum) >= 0) return [];
  const found = `The client is ${formatClientVersion(version)}`;
  if (!isMsi(version)) return [{ code: 'client-too-old', found: `${found}.`, needed }];
  return [
    {
      code: 'client-too-old',
      found: `${found}, an MSI install.`,
      needed: `MSI installs (16.0.4xxx) do not have Offline IM. ${needed}`,
    },
  ];
}

function minimumVersion(location: MailboxLocation): ClientVersion {
  switch (location) {
    case 'on-premises':
      return { major: 16, minor: 0, build: 6920, revision: 1000 };
    case 'exchange-online':
      return { major: 16, minor: 0, build: 6701, revision: 1000 };
    default: {
      const unknown: never = location;
      const found = `client.mailboxLocation is ${quoted(unknown)}`;
      throw new OfflineImError('OPTION_INVALID', `${found}; expected "on-premises" or "exchange-online".`);
    }
  }
}

function isMsi({ major, minor, build }: ClientVersion): boolean {
  return major === 16 && minor === 0 && build >= msiBuilds.from && build < msiBuilds.below;
}

function domainReasons(domains: readonly string[]): readonly GateReason[] {
  return [...new Set(domains)].map((domain) => ({
    code: 'domain-not-federated',
    domain,
    found: `The domain ${quoted(domain)} is neither the organisation's own nor federated with it.`,
    needed: 'Recipients must be in a domain of organization.domains or organization.federatedDomains.',
  }));
}
