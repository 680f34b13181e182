import { messagesNs, typesNs } from '../../../ews/xml/namespaces.ts';
import type { XmlElement } from '../../../ews/xml/read.ts';

/** Something that the schema forbids and the simulator takes, since real clients send it and live. */
interface Tolerance {
  readonly name: string;
  readonly reason: string;
  /** The element it is about, with the prefix of its namespace. */
  readonly inside: string;
  readonly allows:
    | { readonly kind: 'any content' }
    | { readonly kind: 'text' }
    | { readonly kind: 'attribute'; readonly name: string }
    /** An attribute without a value, as if it were left out. */
    | { readonly kind: 'empty attribute'; readonly name: string }
    /** The children end before one that the schema wants. */
    | { readonly kind: 'missing child'; readonly name: string }
    /** A child that is read as if it had the other name. */
    | { readonly kind: 'child'; readonly name: string; readonly as: string };
}

/** All of it; whatever is not here is refused. How lenient Exchange itself is was not measured. */
export const tolerances: readonly Tolerance[] = [
  {
    name: 'flag status among the messages',
    reason: 'Thunderbird writes FlagStatus in the messages namespace when it flags a message.',
    inside: 't:Flag',
    allows: { kind: 'child', name: 'm:FlagStatus', as: 't:FlagStatus' },
  },
  {
    name: 'markup in a body',
    reason: 'ews-javascript-api writes the HTML of a body unescaped, as child elements.',
    inside: 't:Body',
    allows: { kind: 'any content' },
  },
  {
    name: 'traversal of people',
    reason: 'exchangelib writes an attribute Traversal on FindPeople.',
    inside: 'm:FindPeople',
    allows: { kind: 'attribute', name: 'Traversal' },
  },
  ...['MessageDisposition', 'SendMeetingInvitations'].map((name) => ({
    name: `nothing in ${name}`,
    reason: 'ews for Go writes both attributes of CreateItem, and leaves empty the one that is for items of the other kind.',
    inside: 'm:CreateItem',
    allows: { kind: 'empty attribute' as const, name },
  })),
  {
    name: 'address among the types',
    reason: 'Evolution writes MailboxSmtpAddress in the types namespace when it asks when a password expires.',
    inside: 'm:GetPasswordExpirationDate',
    allows: { kind: 'child', name: 't:MailboxSmtpAddress', as: 'm:MailboxSmtpAddress' },
  },
  {
    name: 'text in mail tips',
    reason: 'exchangelib writes the text All before the first child of GetMailTips.',
    inside: 'm:GetMailTips',
    allows: { kind: 'text' },
  },
  {
    name: 'mail tips that nobody names',
    reason: 'exchangelib writes that text in place of MailTipsRequested.',
    inside: 'm:GetMailTips',
    allows: { kind: 'missing child', name: 'm:MailTipsRequested' },
  },
];

/** The tolerance of that kind for an element, if there is one. */
export function tolerated<Kind extends Tolerance['allows']['kind']>(
  inside: string,
  kind: Kind,
): readonly Extract<Tolerance['allows'], { kind: Kind }>[] {
  return tolerances.flatMap(({ inside: place, allows }) => (place === inside && isOfKind(allows, kind) ? [allows] : []));
}

function isOfKind<Kind extends Tolerance['allows']['kind']>(
  allows: Tolerance['allows'],
  kind: Kind,
): allows is Extract<Tolerance['allows'], { kind: Kind }> {
  return allows.kind === kind;
}

/** An element's name with the prefix of its namespace. */
export function prefixed({ ns, name }: XmlElement): string {
  return ns === messagesNs ? `m:${name}` : ns === typesNs ? `t:${name}` : `{${ns}}${name}`;
}

/** What the simulator answers against the schema, since Exchange does and clients read nothing else. Every other answer is valid. */
export const deviations = {
  streamingNotification: {
    operation: 'GetStreamingEvents',
    written: 'm:Notification',
    schema: 't:Notification',
    reason: 'Exchange writes the notifications of a stream in the messages namespace, and exchangelib reads only that.',
  },
  wrongSubscription: {
    operation: 'GetStreamingEvents',
    written: 'm:SubscriptionId',
    schema: 't:SubscriptionId',
    reason:
      "The same of the ids in ErrorSubscriptionIds: exchangelib and Microsoft's own client read them in the messages namespace.",
  },
} as const;
