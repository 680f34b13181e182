import { typesNs } from '../../../../ews/xml/namespaces.ts';
import { child, childrenOf, textOf, type XmlElement } from '../../../../ews/xml/read.ts';
import { escapeText } from '../../../../ews/xml/write.ts';
import type { Mailbox } from '../../../../transport/contract.ts';
import type { MessageContent, SimulatedItem } from '../../store/item.ts';
import type { SimulatedMailbox } from '../../store/mailbox.ts';
import { isSeries, occurrenceAt } from '../../store/series/occurrences.ts';
import { writeMailbox } from '../../xml/item-fields.ts';
import { readElement, textsOf, writeElement } from '../../xml/written-element.ts';

const lists = ['RequiredAttendees', 'OptionalAttendees', 'Resources'] as const;

/** The text of an element that a client, or the simulator, has set. */
export function fieldText(content: MessageContent, name: string): string | undefined {
  const written = content.fields?.get(name);
  return written === undefined ? undefined : textsOf(written)[0];
}

/** The content with these elements of one text; undefined takes one away. */
export function withTexts(content: MessageContent, texts: Readonly<Record<string, string | undefined>>): MessageContent {
  const fields = new Map(content.fields);
  for (const [name, text] of Object.entries(texts)) {
    if (text === undefined) fields.delete(name);
    else fields.set(name, `<t:${name}>${escapeText(text)}</t:${name}>`);
  }
  return { ...content, fields };
}

/** Whoever is invited, resources included. */
export function attendeesOf(content: MessageContent): readonly Mailbox[] {
  return lists.flatMap((name) => {
    const written = content.fields?.get(name);
    return written === undefined ? [] : childrenOf(readElement(written), typesNs, 'Attendee').flatMap(mailboxIn);
  });
}

function mailboxIn(attendee: XmlElement): readonly Mailbox[] {
  const mailbox = child(attendee, typesNs, 'Mailbox');
  const address = textOf(mailbox, typesNs, 'EmailAddress');
  const name = textOf(mailbox, typesNs, 'Name');
  if (address === undefined) return [];
  return name === undefined ? [{ address }] : [{ address, name }];
}

/** The content with a name and an answer for every attendee: as the directory has it where a client gives none, or an empty one. */
export function withNames(content: MessageContent, nameOf: (address: string) => string | undefined): MessageContent {
  const fields = new Map(content.fields);
  for (const name of lists) {
    const written = fields.get(name);
    if (written === undefined) continue;
    const attendees = childrenOf(readElement(written), typesNs, 'Attendee').map((attendee) => {
      const [mailbox] = mailboxIn(attendee);
      const own = mailbox && writeMailbox({ ...mailbox, name: mailbox.name || (nameOf(mailbox.address) ?? mailbox.address) });
      const answered = attendee.children.some((one) => one.name === 'ResponseType');
      const unknown = answered ? [] : ['<t:ResponseType>Unknown</t:ResponseType>'];
      const rest = [...unknown, ...attendee.children.filter((one) => one.name !== 'Mailbox').map(writeElement)];
      return own === undefined ? writeElement(attendee) : `<t:Attendee>${own}${rest.join('')}</t:Attendee>`;
    });
    fields.set(name, `<t:${name}>${attendees.join('')}</t:${name}>`);
  }
  return { ...content, fields };
}

/** Who has called the meeting. */
export function organizerOf(content: MessageContent): Mailbox | undefined {
  const written = content.fields?.get('Organizer');
  return written === undefined ? undefined : mailboxIn(readElement(written))[0];
}

/** The content once that attendee has answered. */
export function withAnswer(content: MessageContent, address: string, answer: string, at: string): MessageContent {
  const fields = new Map(content.fields);
  for (const name of lists) {
    const written = fields.get(name);
    if (written === undefined) continue;
    const attendees = childrenOf(readElement(written), typesNs, 'Attendee').map((attendee) => {
      const mailbox = child(attendee, typesNs, 'Mailbox');
      const own = textOf(mailbox, typesNs, 'EmailAddress')?.toLowerCase() === address.toLowerCase();
      if (!own || mailbox === undefined) return writeElement(attendee);
      const response = `<t:ResponseType>${answer}</t:ResponseType><t:LastResponseTime>${at}</t:LastResponseTime>`;
      return `<t:Attendee>${writeElement(mailbox)}${response}</t:Attendee>`;
    });
    fields.set(name, `<t:${name}>${attendees.join('')}</t:${name}>`);
  }
  return { ...content, fields };
}

/** The item of the same meeting in a mailbox's Calendar. */
export function appointmentOf(content: MessageContent, mailbox: SimulatedMailbox): SimulatedItem | undefined {
  const uid = fieldText(content, 'UID');
  if (uid === undefined) return undefined;
  const found = mailbox.folder('calendar').items.find((item) => fieldText(item.content, 'UID') === uid);
  const original = fieldText(content, 'RecurrenceId');
  return found === undefined || original === undefined || !isSeries(found) ? found : occurrenceAt(found, Date.parse(original));
}

/** Whether a mailbox has called the meeting itself. */
export function isOrganizer(content: MessageContent, mailbox: SimulatedMailbox): boolean {
  const organizer = organizerOf(content)?.address.toLowerCase();
  return organizer === undefined || organizer === mailbox.address || mailbox.aliases.includes(organizer);
}
