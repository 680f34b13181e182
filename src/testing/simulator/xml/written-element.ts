import { typesNs } from '../../../ews/xml/namespaces.ts';
import { child, childrenOf, parseXml, type XmlElement } from '../../../ews/xml/read.ts';
import { escapeAttribute, escapeText } from '../../../ews/xml/write.ts';
import type { Mailbox } from '../../../transport/contract.ts';

/** Elements of items and settings that the schema calls `xs:dateTime`, but for wall clocks, whose offset means something. */
const times: ReadonlySet<string> = new Set(
  (
    'AppointmentReplyTime AssignedTime Birthday CompleteDate DateTimeStamp DueDate End EndDateTime EndTime OriginalStart PostedTime ProposedEnd ' +
    'ProposedStart RecurrenceId ReminderDueBy ReminderNextTime RetentionDate Start StartDate StartDateTime StartTime WeddingAnniversary'
  ).split(' '),
);

/** Whether the schema calls an element a dateTime. */
export const isTime = ({ name }: XmlElement): boolean => times.has(name);

/** A dateTime as Exchange keeps it: in UTC, to the second. One without a zone is UTC here; what is none, such as a date, stays as it is. */
export function utc(text: string): string {
  const dateTime = /^\s*(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d)?\s*$/.exec(text);
  const time = dateTime === null ? Number.NaN : Date.parse(`${dateTime[1]}${dateTime[2] ?? 'Z'}`);
  return Number.isNaN(time) ? text : new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** Elements that the schema calls `xs:boolean`; `IsAssignmentEditable` is a number. */
const booleans =
  /^(?:Is(?!AssignmentEditable$)[A-Z]\w+|Has[A-Z]\w+|ReminderIsSet|MeetingRequestWasSent|AllowNewTimeProposal|DoNotForwardMeeting|MentionedMe)$/;

/** A boolean as Exchange writes it, of all that the schema takes. */
export function plainBoolean(text: string): string {
  const value = text.trim();
  return value === '1' ? 'true' : value === '0' ? 'false' : value === 'true' || value === 'false' ? value : text;
}

/** Whether a boolean says yes; one that is not there does not. */
export function isTrue(text: string | undefined): boolean {
  return text !== undefined && plainBoolean(text) === 'true';
}

/** An element of a request as the simulator stores and gives it back: every name with the prefix `t`. */
export function writeElement(element: XmlElement): string {
  let attributes = '';
  for (const [name, value] of element.attributes) attributes += ` ${name}="${escapeAttribute(value)}"`;
  const given = element.text;
  const text = times.has(element.name) ? utc(given) : booleans.test(element.name) ? plainBoolean(given) : given;
  const inner = element.children.length > 0 ? element.children.map(writeElement).join('') : escapeText(text);
  return inner === '' ? `<t:${element.name}${attributes}/>` : `<t:${element.name}${attributes}>${inner}</t:${element.name}>`;
}

/** The same element, read again. */
export function readElement(written: string): XmlElement {
  const wrapped = parseXml(`<x xmlns:t="${typesNs}">${written}</x>`, { maxNodes: 1_000_000 });
  return wrapped.children[0] ?? wrapped;
}

/** The texts in a written element: its own, or those of its innermost children. */
export function textsOf(written: string): readonly string[] {
  const leaves = (element: XmlElement): readonly string[] =>
    element.children.length === 0 ? [element.text] : element.children.flatMap(leaves);
  return leaves(readElement(written));
}

/** The mailboxes in a written element, such as `t:ReplyTo`. */
export function mailboxesOf(written: string | undefined): readonly Mailbox[] {
  if (written === undefined) return [];
  return childrenOf(readElement(written), typesNs, 'Mailbox').flatMap((one) => {
    const [address, name] = [child(one, typesNs, 'EmailAddress')?.text, child(one, typesNs, 'Name')?.text];
    return address === undefined ? [] : [name === undefined ? { address } : { address, name }];
  });
}

/** The entry of a dictionary such as `t:EmailAddresses` with that key. */
function entryOf(written: string, key: string): XmlElement | undefined {
  return childrenOf(readElement(written), typesNs, 'Entry').find((entry) => entry.attributes.get('Key') === key);
}

/** What an IndexedFieldURI such as `contacts:PhysicalAddress:City` means inside its entry; the entry's own text for the others. */
export function indexedText(written: string, uri: string, key: string): string | undefined {
  const entry = entryOf(written, key);
  const part = uri.split(':')[2];
  return part === undefined || part === 'EmailAddress' ? entry?.text : child(entry, typesNs, part)?.text;
}
