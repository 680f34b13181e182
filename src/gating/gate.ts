import { checkArgument, listWith } from '../core/arguments.ts';
import { classes, OfflineImError } from '../core/errors/offline-im-error.ts';
import { quoted } from '../core/errors/quote.ts';
import { answerAtOnce } from '../core/errors/thrown.ts';
import {
  byDefault,
  flag,
  group,
  invalidOption,
  listOf,
  oneOf,
  optional,
  orFunction,
  type RulesFor,
  readOptions,
  text,
  unchecked,
} from '../core/options.ts';
import { type ClientVersion, compared, formatClientVersion, readClientVersion, readShownVersion } from './client-version.ts';

/**
 * What the administrators have set. `parseCsImConfiguration` and `parseCsClientPolicy` read it from the cmdlets' output.
 */
export interface Policy {
  /**
   * `EnableOfflineIm` of `Get-CsImConfiguration`. False refuses every message.
   * @default true from server version 6.0.9319.259 (Skype for Business Server 2015, June 2016), false before; true when `serverVersion` is not given
   */
  readonly enableOfflineIm?: boolean | undefined;
  /**
   * `EnableIMAutoArchiving` of `Get-CsClientPolicy`: saving to the Conversation History folder. False refuses every message, as the product does.
   * @default true
   */
  readonly enableImAutoArchiving?: boolean | undefined;
  /** Four-part version of Skype for Business Server, alone or as `Get-CsServerVersion` prints it; decides the default of `enableOfflineIm`, and nothing else. @default none */
  readonly serverVersion?: string | undefined;
}

/** A {@link Policy} with its defaults filled in. */
export interface ResolvedPolicy {
  readonly enableOfflineIm: boolean;
  readonly enableImAutoArchiving: boolean;
  /** Kept for the words of a refusal, where it decided `enableOfflineIm`. */
  readonly decidedByServerVersion?: string;
}

/** The June 2016 update, which introduced the setting, on. */
const firstServerVersion: ClientVersion = { major: 6, minor: 0, build: 9319, revision: 259 };

const policyRules = {
  enableOfflineIm: optional(flag()),
  enableImAutoArchiving: byDefault(flag(), true),
  serverVersion: optional(
    text('four numbers such as 6.0.9319.259', (value) => value.length <= 1_000 && readShownVersion(value) !== undefined),
  ),
} satisfies RulesFor<Policy>;

/**
 * Fills in what a policy leaves out.
 *
 * @throws {OfflineImError} `OPTION_INVALID` for a setting that is not a boolean (such as the string `'False'`) or a `serverVersion` that is not four numbers
 */
export function resolvePolicy(policy: Policy = {}): ResolvedPolicy {
  const { enableOfflineIm, enableImAutoArchiving, serverVersion } = readOptions('policy', policy, policyRules);
  const version = serverVersion === undefined ? undefined : readShownVersion(serverVersion);
  if (enableOfflineIm !== undefined || version === undefined) {
    return { enableOfflineIm: enableOfflineIm ?? true, enableImAutoArchiving };
  }
  const byVersion = compared(version, firstServerVersion) >= 0;
  return { enableOfflineIm: byVersion, enableImAutoArchiving, decidedByServerVersion: formatClientVersion(version) };
}

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
    checkArgument('GateRefusedError', 'reasons', reasons, listWith('an array of reasons', { code: 'string', text: 'string' }));
    const told = reasons.map(({ code, text }) => `${code}: ${text}`);
    super('GATE_REFUSED', `The gate refused the message. ${told.join(' ')}`, {
      details: { reasons: reasons.map((reason) => reason.code) },
    });
    this.reasons = reasons;
  }

  /** @internal */
  override get [classes](): string {
    return 'OfflineImError/Gate';
  }
}

/** Every {@link MailboxLocation}. */
const mailboxLocations = ['on-premises', 'exchange-online'] as const;

/** Where a user's mailbox is. */
export type MailboxLocation = (typeof mailboxLocations)[number];

/** The client on whose behalf messages are sent. */
export interface GateClient {
  /** Four-part build (`16.0.6920.1000`), or a SIP User-Agent, of which the `OC/` token counts. */
  readonly version: string;
  /**
   * Decides the minimum build: 16.0.6920.1000 `on-premises`, 16.0.6701.1000 in `exchange-online`. A function returns it for the sender's mailbox, as `of` of
   * `routeByMailbox` does; it must not be async.
   */
  readonly mailboxLocation: MailboxLocation | ((mailbox: string) => MailboxLocation);
}

/** The input of the gate. */
export interface GateInput {
  readonly client: GateClient;
  /** SMTP address of the sender's mailbox, for a `mailboxLocation` that is a function. @default '' */
  readonly mailbox?: string | undefined;
  /** @default everything enabled */
  readonly policy?: Policy | undefined;
  /** Domains of recipients that are neither the organisation's own nor federated with it; see `classifyAudience`. @default none */
  readonly domainsNotFederated?: readonly string[] | undefined;
}

/** One reason to refuse a message. `text`, `found` and `needed` are sentences for people; programs go by `code`. */
export type GateReason = {
  /** `found` and `needed` together. */
  readonly text: string;
  readonly found: string;
  readonly needed: string;
} & (
  | { readonly code: 'domain-not-federated'; readonly domain: string }
  | { readonly code: 'offline-im-disabled' | 'im-auto-archiving-disabled' | 'client-too-old' | 'client-version-unreadable' }
);

/** Every code of a {@link GateReason}. */
export type GateReasonCode = GateReason['code'];

/** The gate's decision about a message. */
export type GateDecision = { readonly allowed: true } | { readonly allowed: false; readonly reasons: readonly GateReason[] };

/** {@link GateClient} as it is checked. Whether the version can be read, the gate decides. */
export const gateClientRule = group({
  version: text('a four-part build or a SIP User-Agent', () => true),
  mailboxLocation: orFunction<GateClient['mailboxLocation']>(oneOf(mailboxLocations)),
} satisfies RulesFor<GateClient>);

const rules = {
  client: gateClientRule,
  mailbox: byDefault(
    text('an SMTP address', () => true),
    '',
  ),
  policy: optional(unchecked<Policy>()),
  domainsNotFederated: byDefault(listOf(text('a domain'), 'an array of domains'), []),
} satisfies RulesFor<GateInput>;

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
 * // { allowed: false, reasons: [{ code: 'client-too-old', text: '…', found: 'The client is 16.0.6701.1000.', needed: '…' }] }
 * ```
 */
export function evaluateGate(input: GateInput): GateDecision {
  const { policy, client, mailbox, domainsNotFederated } = readOptions('evaluateGate()', input, rules);
  const reasons = [...policyReasons(policy), ...clientReasons(client, mailbox), ...domainReasons(domainsNotFederated)];
  return reasons.length === 0 ? { allowed: true } : { allowed: false, reasons };
}

function policyReasons(policy: Policy | undefined): readonly GateReason[] {
  const resolved = resolvePolicy(policy);
  const reasons: GateReason[] = [];
  if (!resolved.enableOfflineIm) {
    const by = resolved.decidedByServerVersion;
    const found = by === undefined ? 'EnableOfflineIm is False.' : `The server is ${by}, and EnableOfflineIm is not set.`;
    const needed = 'EnableOfflineIm must be True (Set-CsImConfiguration); it is so by default from server version 6.0.9319.259.';
    reasons.push({ code: 'offline-im-disabled', ...sentences(found, needed) });
  }
  if (!resolved.enableImAutoArchiving) {
    const found = 'EnableIMAutoArchiving is False: messages are not saved to the Conversation History folder.';
    const needed = 'EnableIMAutoArchiving must be True in the client policy of the sender (Set-CsClientPolicy).';
    reasons.push({ code: 'im-auto-archiving-disabled', ...sentences(found, needed) });
  }
  return reasons;
}

function clientReasons(client: GateClient, mailbox: string): readonly GateReason[] {
  const { mailboxLocation } = client;
  const location = typeof mailboxLocation === 'function' ? locationOf(mailboxLocation, mailbox) : mailboxLocation;
  const minimum = minimumVersion(location);
  const version = readClientVersion(client.version);
  if (version !== undefined && compared(version, minimum) >= 0) return [];
  const where = location === 'on-premises' ? 'an on-premises mailbox' : 'a mailbox in Exchange Online';
  const needed = `For ${where} the client must be Click-to-Run build ${formatClientVersion(minimum)} or higher.`;
  if (version === undefined) {
    const found = `The client version is ${quoted(client.version)}, neither four numbers nor a SIP User-Agent with an OC/ token.`;
    return [{ code: 'client-version-unreadable', ...sentences(found, needed) }];
  }
  const found = `The client is ${formatClientVersion(version)}`;
  if (!isMsi(version)) return [{ code: 'client-too-old', ...sentences(`${found}.`, needed) }];
  const msi = `MSI installs (16.0.4xxx) do not have Offline IM. ${needed}`;
  return [{ code: 'client-too-old', ...sentences(`${found}, an MSI install.`, msi) }];
}

function locationOf(tell: (mailbox: string) => MailboxLocation, mailbox: string): MailboxLocation {
  try {
    return answerAtOnce(tell(mailbox));
  } catch (cause) {
    throw new OfflineImError('OPTION_INVALID', 'evaluateGate(): client.mailboxLocation threw.', {
      cause,
      details: { option: 'client.mailboxLocation' },
    });
  }
}

function minimumVersion(location: MailboxLocation): ClientVersion {
  switch (location) {
    case 'on-premises':
      return { major: 16, minor: 0, build: 6920, revision: 1000 };
    case 'exchange-online':
      return { major: 16, minor: 0, build: 6701, revision: 1000 };
    default: {
      const unknown: never = location;
      throw invalidOption(
        { owner: 'evaluateGate()', name: 'client.mailboxLocation' },
        unknown,
        '"on-premises" or "exchange-online"',
      );
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
    ...sentences(
      `The domain ${quoted(domain)} is neither the organisation's own nor federated with it.`,
      'Recipients must be in a domain of organization.domains or organization.federatedDomains.',
    ),
  }));
}

function sentences(found: string, needed: string): Pick<GateReason, 'text' | 'found' | 'needed'> {
  return { text: `${found} ${needed}`, found, needed };
}
