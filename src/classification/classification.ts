import { OfflineImError } from '../core/errors/offline-im-error.ts';
import { quoted } from '../core/errors/quote.ts';
import {
  fallbackMessageClass,
  missedConversationClass,
  misspelledMissedConversationClass,
  ordinaryNoteClass,
} from '../core/message-classes.ts';
import { type Address, domainOf, normalizeDomain, parseAddress } from '../message/address.ts';
import type { Audience } from '../transport/contract.ts';

/** Which domains belong to the sender's organisation, and which it federates with. */
export interface Organization {
  /** Its own domains, such as `contoso.com`; Unicode or A-labels, in any case. A domain listed here and as federated counts as its own. */
  readonly domains: readonly string[];
  /** The domains it federates with, matched exactly. The gate refuses recipients elsewhere; an empty list refuses all of them. @default every other domain */
  readonly federatedDomains?: readonly string[] | undefined;
  /** Whether sub-domains of `domains` (`eu.contoso.com`) belong to it too; those of `federatedDomains` never do. @default false */
  readonly includeSubdomains?: boolean | undefined;
}

/** A recipient's relation to the organisation; `not-federated` recipients are refused. */
export type AudienceClassification = Audience | 'not-federated';

/**
 * Returns whether a recipient belongs to the sender's own organisation, judging by the domain.
 *
 * @param address A SIP URI or an SMTP address, as `send()` takes it.
 * @throws {OfflineImError} `RECIPIENT_INVALID` for an invalid address, `OPTION_INVALID` for an invalid domain of the organisation
 * @example
 * ```ts
 * classifyAudience('sip:bob@fabrikam.com', { domains: ['contoso.com'] }); // 'federated'
 * ```
 */
export function classifyAudience(address: string, organization: Organization): AudienceClassification {
  return audienceOf(parseAddress(address, 'RECIPIENT_INVALID'), organization);
}

/** The same for an address that was parsed. @param read How a domain of the organisation is read: one that was normalised stays as it is. */
export function audienceOf(
  address: Address,
  organization: Organization,
  read: (domain: string) => string = normalizeDomain,
): AudienceClassification {
  const domain = domainOf(address);
  const { domains, federatedDomains, includeSubdomains = false } = organization;
  if (matches(domain, domains, includeSubdomains, read)) return 'same-organization';
  return federatedDomains === undefined || matches(domain, federatedDomains, false, read) ? 'federated' : 'not-federated';
}

function matches(domain: string, given: readonly string[], subdomains: boolean, read: (domain: string) => string): boolean {
  // All of them before one is looked for: a malformed option is an error wherever it stands in the list.
  const candidates = given.map((one) => read(one));
  return candidates.some((candidate) => domain === candidate || (subdomains && domain.endsWith(`.${candidate}`)));
}

/** The option for the message class. */
export interface MessageClassOptions {
  /**
   * The class of messages within the organisation. With another class, Outlook's Missed Conversations folder may not show them.
   * @default 'IM.Note.MissedConversation'
   */
  readonly messageClass?: string | undefined;
}

/** A folder in which Outlook shows items of some class. */
export type ShowsIn = 'Missed Conversations' | 'Missed Calls' | 'Conversation History' | 'Voice Mail' | 'Team Chat' | 'Inbox';

/** What an item is, judging by its class, and where Outlook shows it. */
export type MessageClassification =
  /** A note of this library or of a client. `misspelled`: `MisssedConversation`, as the documentation has it in one place. */
  | { readonly kind: 'missed-conversation'; readonly misspelled: boolean; readonly showsIn: readonly ShowsIn[] }
  | {
      readonly kind: 'missed-call' | 'conversation' | 'conversation-call' | 'voicemail' | 'teams-message' | 'note';
      readonly showsIn: readonly ShowsIn[];
    }
  /** An unknown class. */
  | { readonly kind: 'other'; readonly showsIn: readonly ShowsIn[] };

/** The kinds that {@link classifyMessageClass} distinguishes. */
export type MessageKind = MessageClassification['kind'];

const missedConversation = ['Missed Conversations', 'Conversation History'] as const;

/** A rule covers its class and all below it. The first rule that matches counts, so more special classes come first. */
const rules: readonly (readonly [string, MessageClassification])[] = [
  [missedConversationClass, { kind: 'missed-conversation', misspelled: false, showsIn: missedConversation }],
  [misspelledMissedConversationClass, { kind: 'missed-conversation', misspelled: true, showsIn: missedConversation }],
  ['ipm.note.microsoft.missed.voice', { kind: 'missed-call', showsIn: ['Missed Calls', 'Conversation History'] }],
  [fallbackMessageClass, { kind: 'missed-conversation', misspelled: false, showsIn: missedConversation }],
  ['ipm.note.microsoft.conversation.voice', { kind: 'conversation-call', showsIn: ['Conversation History'] }],
  ['ipm.note.microsoft.conversation', { kind: 'conversation', showsIn: ['Conversation History'] }],
  ['ipm.note.microsoft.voicemail', { kind: 'voicemail', showsIn: ['Voice Mail', 'Inbox'] }],
  ['ipm.note.microsoft.voicemessage.ua', { kind: 'voicemail', showsIn: ['Voice Mail', 'Inbox'] }],
  ['ipm.skypeteams.message', { kind: 'teams-message', showsIn: ['Team Chat'] }],
  [ordinaryNoteClass, { kind: 'note', showsIn: ['Inbox'] }],
];

/**
 * The class that a note is sent with.
 *
 * @throws {OfflineImError} `OPTION_INVALID` for a `messageClass` other than words with dots between them, at most 255 characters
 */
export function messageClassFor(audience: Audience, options: MessageClassOptions = {}): string {
  const { messageClass = missedConversationClass } = options;
  if (typeof messageClass !== 'string' || messageClass.length > 255 || !/^[\w-]+(\.[\w-]+)*$/.test(messageClass)) {
    const found = `messageClass is ${quoted(messageClass)}`;
    throw new OfflineImError(
      'OPTION_INVALID',
      `${found}; expected words with dots between them, such as ${missedConversationClass}.`,
    );
  }
  switch (audience) {
    case 'same-organization':
      return messageClass;
    case 'federated':
      return ordinaryNoteClass;
    default: {
      const unknown: never = audience;
      throw new OfflineImError('OPTION_INVALID', `audience is ${quoted(unknown)}; expected same-organization or federated.`);
    }
  }
}

/**
 * Classifies an item by its class, as read back from a mailbox. Case doesn't matter; a class below known ones counts as the closest of them. The misspelling in the product's
 * documentation is recognised.
 *
 * `showsIn` names the folders of the product's documentation, not the one that stores the item: a missed conversation is stored in the Inbox like any e-mail, where Outlook's
 * Missed Conversations finds it.
 *
 * @example
 * ```ts
 * classifyMessageClass('IPM.Note.Microsoft.Missed').kind; // 'missed-conversation'
 * ```
 */
export function classifyMessageClass(itemClass: string): MessageClassification {
  const wanted = typeof itemClass === 'string' ? itemClass.toLowerCase() : '';
  const rule = rules.find(([known]) => {
    const prefix = known.toLowerCase();
    return wanted === prefix || wanted.startsWith(`${prefix}.`);
  });
  return rule === undefined ? { kind: 'other', showsIn: [] } : rule[1];
}
