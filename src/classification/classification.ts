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
  /** Its own domains, such as `contoso.com`; Unicode or A-labels, in any case. A domain that is here and federated is its own. */
  readonly domains: readonly string[];
  /** Domains it federates with, matched exactly. Recipients elsewhere are refused by the gate; an empty list refuses all. @default every other domain */
  readonly federatedDomains?: readonly string[] | undefined;
  /** True: sub-domains of `domains` are its own as well (`eu.contoso.com`), of `federatedDomains` never. @default false */
  readonly includeSubdomains?: boolean | undefined;
}

/** Where a recipient stands; only the first two can be sent to. */
export type AudienceClassification = Audience | 'not-federated';

/**
 * Tells whether a recipient belongs to the sender's own organisation, by the domain.
 *
 * @param address What `send()` takes as a recipient: a SIP URI or an SMTP address.
 * @throws {OfflineImError} `RECIPIENT_INVALID` for a string that is no address, `OPTION_INVALID` for a domain of the organisation that is none.
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

/** How the class to send is chosen. */
export interface MessageClassOptions {
  /**
   * The class within the organisation. With another one, Outlook's Missed Conversations folder may not show the message.
   * @default 'IM.Note.MissedConversation'
   */
  readonly messageClass?: string | undefined;
}

/** A folder of Outlook in which an item of some class shows. */
export type ShowsIn = 'Missed Conversations' | 'Missed Calls' | 'Conversation History' | 'Voice Mail' | 'Team Chat' | 'Inbox';

/** What an item is by its class, and where Outlook shows it. */
export type MessageClassification =
  /** A note of this library or of a client's. `misspelled`: as the documentation has it in one place, `MisssedConversation`. */
  | { readonly kind: 'missed-conversation'; readonly misspelled: boolean; readonly showsIn: readonly ShowsIn[] }
  | {
      readonly kind: 'missed-call' | 'conversation' | 'conversation-call' | 'voicemail' | 'teams-message' | 'note';
      readonly showsIn: readonly ShowsIn[];
    }
  /** No message class known here. */
  | { readonly kind: 'other'; readonly showsIn: readonly ShowsIn[] };

/** What {@link classifyMessageClass} tells apart. */
export type MessageKind = MessageClassification['kind'];

const missedConversation = ['Missed Conversations', 'Conversation History'] as const;

/** A class stands for all below it, unless one further up in this list is closer: the more special come first. */
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
 * The class a note is sent with.
 *
 * @throws {OfflineImError} `OPTION_INVALID` for a `messageClass` that is no class: words with dots between them, at most 255 characters.
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
 * Tells what an item is by its class, as it is read back from a mailbox: without regard to case, a class below a known one counts as that one,
 * the closest wins. The misspelling in the product's documentation is recognised.
 *
 * `showsIn` names the folders of the product's documentation, not the one that stores the item: a missed conversation is stored in the Inbox
 * like any e-mail, and Outlook's Missed Conversations finds it there.
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
