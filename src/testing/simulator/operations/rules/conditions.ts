import { typesNs } from '../../../../ews/xml/namespaces.ts';
import { childrenOf, textOf, type XmlElement } from '../../../../ews/xml/read.ts';
import type { Mailbox } from '../../../../transport/contract.ts';
import type { MessageContent } from '../../store/item.ts';
import { isBelow } from '../../store/message-class.ts';
import { isTrue, textsOf, writeElement } from '../../xml/written-element.ts';

/** A message that has arrived, as rules look at it. */
export interface Arriving {
  readonly content: MessageContent;
  /** Addresses of the mailbox, lower case. */
  readonly own: readonly string[];
  readonly at: Date;
}

type Condition = (given: XmlElement, message: Arriving) => boolean;

/** The conditions of a rule that are simulated, by the name of their element. */
const conditions: Readonly<Record<string, Condition>> = {
  Categories: (given, { content }) => {
    const written = content.fields?.get('Categories');
    const own = written === undefined ? [] : textsOf(written);
    return stringsIn(given).some((one) => own.some((category) => same(category, one)));
  },
  ContainsBodyStrings: (given, { content }) => containsOne(given, [content.body.content]),
  ContainsSubjectStrings: (given, { content }) => containsOne(given, [content.subject]),
  ContainsSubjectOrBodyStrings: (given, { content }) => containsOne(given, [content.subject, content.body.content]),
  ContainsSenderStrings: (given, { content }) => containsOne(given, people([content.from, content.sender])),
  ContainsRecipientStrings: (given, { content }) => containsOne(given, people([...content.to, ...content.cc])),
  FromAddresses: (given, { content }) => addressesIn(given).some((one) => same(content.from?.address ?? '', one)),
  SentToAddresses: (given, { content }) =>
    addressesIn(given).some((one) => [...content.to, ...content.cc].some(({ address }) => same(address, one))),
  HasAttachments: (given, { content }) => (content.attachments ?? []).length > 0 === isTrue(given.text),
  Importance: (given, { content }) => content.importance === given.text,
  Sensitivity: (given, { content }) => content.sensitivity === given.text,
  ItemClasses: (given, { content }) => stringsIn(given).some((one) => isBelow(content.itemClass, one)),
  IsMeetingRequest: (given, { content }) => isBelow(content.itemClass, 'IPM.Schedule.Meeting.Request') === isTrue(given.text),
  IsMeetingResponse: (given, { content }) => isBelow(content.itemClass, 'IPM.Schedule.Meeting.Resp') === isTrue(given.text),
  IsNDR: (given, { content }) => isBelow(content.itemClass, 'REPORT.IPM.Note.NDR') === isTrue(given.text),
  SentToMe: (given, message) => isAmong(message.content.to, message) === isTrue(given.text),
  SentCcMe: (given, message) => isAmong(message.content.cc, message) === isTrue(given.text),
  SentToOrCcMe: (given, message) => isAmong([...message.content.to, ...message.content.cc], message) === isTrue(given.text),
  NotSentToMe: (given, message) => isAmong(message.content.to, message) !== isTrue(given.text),
  SentOnlyToMe: (given, message) => {
    const { to, cc } = message.content;
    return (to.length === 1 && cc.length === 0 && isAmong(to, message)) === isTrue(given.text);
  },
  WithinDateRange: (given, { at }) => {
    const [from, to] = [textOf(given, typesNs, 'StartDateTime'), textOf(given, typesNs, 'EndDateTime')];
    return (from === undefined || at >= new Date(from)) && (to === undefined || at <= new Date(to));
  },
  WithinSizeRange: (given, { content }) => {
    const size = (content.subject.length + content.body.content.length) / 1024;
    const [least, most] = [textOf(given, typesNs, 'MinimumSize'), textOf(given, typesNs, 'MaximumSize')];
    return size >= Number(least ?? 0) && size <= Number(most ?? Number.POSITIVE_INFINITY);
  },
};

/** Whether a condition of that name is simulated. */
export function isKnownCondition(name: string): boolean {
  return Object.hasOwn(conditions, name);
}

/** Whether all conditions hold, and none of the exceptions does. */
export function applies(given: XmlElement | undefined, exceptions: XmlElement | undefined, message: Arriving): boolean {
  const holds = (condition: XmlElement): boolean => conditions[condition.name]?.(condition, message) === true;
  return (given?.children ?? []).every(holds) && !(exceptions?.children ?? []).some(holds);
}

/** The addresses in `t:FromAddresses` and the like, lower case. */
export function addressesIn(element: XmlElement | undefined): readonly string[] {
  return childrenOf(element, typesNs, 'Address').map((one) => (textOf(one, typesNs, 'EmailAddress') ?? '').toLowerCase());
}

const stringsIn = (element: XmlElement): readonly string[] => childrenOf(element, typesNs, 'String').map(({ text }) => text);
const same = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();
const people = (list: readonly (Mailbox | undefined)[]): readonly string[] =>
  list.flatMap((one) => (one === undefined ? [] : [one.address, one.name ?? '']));

function containsOne(given: XmlElement, texts: readonly string[]): boolean {
  return stringsIn(given).some((wanted) => texts.some((text) => text.toLowerCase().includes(wanted.toLowerCase())));
}

function isAmong(list: readonly Mailbox[], { own }: Arriving): boolean {
  return list.some(({ address }) => own.includes(address.toLowerCase()));
}

/** Categories that a rule gives, besides those that the message has. */
export function withCategories(content: MessageContent, given: XmlElement): MessageContent {
  const before = content.fields?.get('Categories');
  const all = new Set([...(before === undefined ? [] : textsOf(before)), ...stringsIn(given)]);
  const children = [...all].map((text) => ({ ns: typesNs, name: 'String', attributes: new Map(), children: [], text }));
  const written = writeElement({ ns: typesNs, name: 'Categories', attributes: new Map(), children, text: '' });
  return { ...content, fields: new Map(content.fields).set('Categories', written) };
}
