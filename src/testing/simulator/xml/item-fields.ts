import { escapeAttribute, escapeText } from '../../../ews/xml/write.ts';
import type { Mailbox } from '../../../transport/contract.ts';
import { composeMime, headersOf } from '../mime/compose.ts';
import type { SimulatedItem } from '../store/item.ts';
import { ofSeries } from '../store/series/occurrences.ts';
import { writeAttachments } from './attachment.ts';
import { bodyAs, previewOf } from './item-body.ts';
import { elementOf } from './property-path.ts';
import { indexedText, textsOf } from './written-element.ts';

/** The type of body that a client asked for; `Best` is the one the item has. */
export type BodyType = 'Text' | 'HTML' | 'Best';

/** A property that the simulator works out; whatever else a client has set is kept as it was given. */
export interface ComputedField {
  /** Which base shapes contain it; `asked` ones come only when they are named. */
  readonly shapes: 'id' | 'default' | 'all' | 'asked';
  /** FindItem never gives it, whatever is asked. */
  readonly getItemOnly: boolean;
  /** Its value for searching and sorting. */
  value(item: SimulatedItem): string | readonly string[] | undefined;
  /** Its element; '' when the item has none. */
  xml(item: SimulatedItem, bodyType: BodyType): string;
}

type Value = (item: SimulatedItem) => string | readonly string[] | undefined;
type More = Partial<Omit<ComputedField, 'value'>>;

function field(name: string, value: Value, more: More = {}): readonly [string, ComputedField] {
  const xml = (item: SimulatedItem): string => {
    const text = value(item);
    return typeof text !== 'string' ? '' : `<t:${name}>${escapeText(text)}</t:${name}>`;
  };
  return [name, { shapes: 'all', getItemOnly: false, value, xml, ...more }];
}

const byDefault = { shapes: 'default' } as const;
const heavy = { shapes: 'default', getItemOnly: true } as const;
const asked = { shapes: 'asked' } as const;
const askedOfGetItem = { shapes: 'asked', getItemOnly: true } as const;

/** By the local name of the element. */
export const computedFields: ReadonlyMap<string, ComputedField> = new Map([
  field('MimeContent', () => undefined, {
    ...askedOfGetItem,
    xml: (i) => `<t:MimeContent CharacterSet="UTF-8">${btoa(composeMime(i))}</t:MimeContent>`,
  }),
  field('ItemId', (i) => i.id, { shapes: 'id', xml: (i) => `<t:ItemId Id="${i.id}" ChangeKey="${i.changeKey}"/>` }),
  field('ParentFolderId', (i) => i.folderId, { xml: (i) => `<t:ParentFolderId Id="${i.folderId}" ChangeKey="AQAAAA=="/>` }),
  field('ItemClass', (i) => i.itemClass),
  field('Subject', subjectOf, byDefault),
  field('Sensitivity', (i) => i.content.sensitivity, byDefault),
  field('Body', (i) => i.body.content, { ...heavy, xml: (i, bodyType) => writeBody('Body', i, bodyType) }),
  field('Attachments', () => undefined, { shapes: 'all', getItemOnly: true, xml: (i) => writeAttachments(i.attachments) }),
  field('DateTimeReceived', (i) => iso(i.receivedAt ?? i.createdAt)),
  field('Size', (i) => String(i.size), byDefault),
  field('Importance', (i) => i.content.importance),
  field('IsSubmitted', (i) => String((i.messageFlags & 4) !== 0)),
  field('IsDraft', (i) => String(i.isDraft)),
  field('IsFromMe', (i) => String(i.isFromMe)),
  field('IsResend', () => 'false'),
  field('IsUnmodified', (i) => String((i.messageFlags & 2) !== 0)),
  field('InternetMessageHeaders', () => undefined, {
    getItemOnly: true,
    xml: (i) => {
      const all = headersOf(i).map(([name, value]) => {
        const at = `HeaderName="${escapeAttribute(name)}"`;
        return `<t:InternetMessageHeader ${at}>${escapeText(value)}</t:InternetMessageHeader>`;
      });
      return all.length === 0 ? '' : `<t:InternetMessageHeaders>${all.join('')}</t:InternetMessageHeaders>`;
    },
  }),
  field('DateTimeSent', (i) => iso(i.sentAt), byDefault),
  field('DateTimeCreated', (i) => iso(i.createdAt), byDefault),
  field('ResponseObjects', () => undefined, { shapes: 'all', getItemOnly: true, xml: (i) => writeResponseObjects(i) }),
  field('ReminderDueBy', (i) => given(i, 'ReminderDueBy') ?? (i.kind === 'CalendarItem' ? given(i, 'Start') : undefined)),
  field('ReminderIsSet', (i) => given(i, 'ReminderIsSet') ?? String(i.kind === 'CalendarItem')),
  field('ReminderMinutesBeforeStart', (i) => given(i, 'ReminderMinutesBeforeStart') ?? (i.kind === 'CalendarItem' ? '15' : '0')),
  field('DisplayCc', (i) => display(i.cc)),
  field('DisplayTo', (i) => display(i.to)),
  field('HasAttachments', (i) => String(i.attachments.some((a) => !a.isInline)), byDefault),
  field('Culture', (i) => given(i, 'Culture') ?? 'en-US'),
  field('EffectiveRights', () => undefined, { xml: () => effectiveRights }),
  field('LastModifiedName', (i) => i.from?.name ?? i.mailbox),
  field('LastModifiedTime', (i) => iso(i.changedAt)),
  field('IsAssociated', () => 'false'),
  field('ConversationId', (i) => conversationOf(i), { xml: (i) => `<t:ConversationId Id="${conversationOf(i)}"/>` }),
  field('UniqueBody', (i) => i.body.content, {
    ...askedOfGetItem,
    xml: (i, bodyType) => writeBody('UniqueBody', i, bodyType),
  }),
  field('Flag', () => undefined, {
    xml: (i) => i.content.fields?.get('Flag') ?? '<t:Flag><t:FlagStatus>NotFlagged</t:FlagStatus></t:Flag>',
  }),
  field('InstanceKey', (i) => btoa(i.id)),
  field('NormalizedBody', (i) => i.body.content, { ...askedOfGetItem, xml: (i) => writeBody('NormalizedBody', i, 'HTML') }),
  field('Preview', (i) => previewOf(i.body), asked),
  field('TextBody', (i) => bodyAs(i.body, 'Text').content, { ...askedOfGetItem, xml: (i) => writeBody('TextBody', i, 'Text') }),
  field('Sender', (i) => personOf(i.content.sender), { xml: (i) => single('Sender', i.content.sender) }),
  field('ToRecipients', (i) => people(i.to), { ...heavy, xml: (i) => several('ToRecipients', i.to) }),
  field('CcRecipients', (i) => people(i.cc), { ...heavy, xml: (i) => several('CcRecipients', i.cc) }),
  field('BccRecipients', (i) => people(i.bcc), { ...heavy, xml: (i) => several('BccRecipients', i.bcc) }),
  field('IsReadReceiptRequested', (i) => given(i, 'IsReadReceiptRequested') ?? 'false'),
  field('IsDeliveryReceiptRequested', (i) => given(i, 'IsDeliveryReceiptRequested') ?? 'false'),
  field('ConversationIndex', (i) => given(i, 'ConversationIndex') ?? conversationOf(i)),
  field('ConversationTopic', (i) => topicOf(i)),
  field('From', (i) => personOf(i.from), { ...byDefault, xml: (i) => single('From', i.from) }),
  field('InternetMessageId', (i) => i.internetMessageId),
  field('IsRead', (i) => String(i.isRead), byDefault),
  field('CompleteName', (i) => given(i, 'DisplayName'), { ...byDefault, xml: writeCompleteName }),
  field('HasPicture', (i) => String(i.attachments.some((a) => a.isContactPhoto === true))),
  ...(['FirstOccurrence', 'LastOccurrence'] as const).map((name) =>
    field(name, () => undefined, { getItemOnly: true, xml: (i) => ofSeries(i, name) }),
  ),
  ...(['Modified', 'Deleted'] as const).map((name) =>
    field(`${name}Occurrences`, () => undefined, { getItemOnly: true, xml: (i) => ofSeries(i, name) }),
  ),
  field('Duration', durationOf),
  field('TimeZone', (i) => given(i, 'TimeZone') ?? zoneOf(i)),
  field('ReceivedBy', (i) => i.mailbox, {
    xml: (i) => (i.isFromMe ? '' : single('ReceivedBy', { address: i.mailbox })),
  }),
  field('ReceivedRepresenting', (i) => i.mailbox, {
    xml: (i) => (i.isFromMe ? '' : single('ReceivedRepresenting', { address: i.mailbox })),
  }),
]);

/** Contacts and lists that have no subject of their own are known by their name. */
function subjectOf(item: SimulatedItem): string {
  const named = item.subject === '' && (item.kind === 'Contact' || item.kind === 'DistributionList');
  return named ? (given(item, 'DisplayName') ?? given(item, 'FileAs') ?? '') : item.subject;
}

/** The name of a contact in its parts, which are set one by one. */
function writeCompleteName(item: SimulatedItem): string {
  const title = item.property(0x3a45);
  const parts: readonly (readonly [string, string | undefined])[] = [
    ...[['Title', title] as const, ['FirstName', given(item, 'GivenName')] as const],
    ...[['MiddleName', given(item, 'MiddleName')] as const, ['LastName', given(item, 'Surname')] as const],
    ...[['Suffix', given(item, 'Generation')] as const, ['Initials', given(item, 'Initials')] as const],
    ...[['FullName', given(item, 'DisplayName')] as const, ['Nickname', given(item, 'Nickname')] as const],
  ];
  const written = parts.map(([name, text]) => (text === undefined ? '' : `<t:${name}>${escapeText(text)}</t:${name}>`)).join('');
  return written === '' ? '' : `<t:CompleteName>${written}</t:CompleteName>`;
}

/** The zone an appointment was made in, as text. */
function zoneOf({ kind, content }: SimulatedItem): string | undefined {
  if (kind !== 'CalendarItem' && kind !== 'MeetingRequest') return undefined;
  const written = content.fields?.get('StartTimeZone') ?? content.fields?.get('MeetingTimeZone');
  return /\b(?:Name|Id|TimeZoneName)="([^"]+)"/.exec(written ?? '')?.[1] ?? 'UTC';
}

function durationOf(item: SimulatedItem): string | undefined {
  const [start, end] = [Date.parse(given(item, 'Start') ?? ''), Date.parse(given(item, 'End') ?? '')];
  if (Number.isNaN(start) || Number.isNaN(end) || end < start) return given(item, 'Duration');
  const minutes = Math.round((end - start) / 60_000);
  const [days, hours, rest] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24, minutes % 60];
  const time = `${hours > 0 ? `${hours}H` : ''}${rest > 0 ? `${rest}M` : ''}`;
  if (minutes === 0) return 'PT0S';
  return `P${days > 0 ? `${days}D` : ''}${time === '' ? '' : `T${time}`}`;
}

/** What CreateItem can make of an item. */
function writeResponseObjects(item: SimulatedItem): string {
  if (item.isDraft && !item.kind.startsWith('Meeting')) return '';
  const meeting = given(item, 'IsMeeting') === 'true';
  const own = given(item, 'MyResponseType') === 'Organizer';
  const answers = ['AcceptItem', 'TentativelyAcceptItem', 'DeclineItem'];
  const replies = ['ReplyToItem', 'ReplyAllToItem', 'ForwardItem'];
  const names =
    item.kind === 'MeetingRequest'
      ? [...answers, ...replies]
      : item.kind === 'MeetingCancellation'
        ? ['RemoveItem', ...replies]
        : item.kind !== 'CalendarItem'
          ? replies
          : !meeting
            ? ['ForwardItem']
            : own
              ? ['CancelCalendarItem', 'ForwardItem']
              : [...answers, ...replies];
  return `<t:ResponseObjects>${names.map((name) => `<t:${name}/>`).join('')}</t:ResponseObjects>`;
}

/** Value of a field by its FieldURI, with the key of an IndexedFieldURI; undefined when the item has none. */
export function fieldValue(item: SimulatedItem, uri: string, index?: string): string | readonly string[] | undefined {
  const name = elementOf(uri);
  if (index !== undefined) {
    const written = item.content.fields?.get(dictionaryOf(uri));
    return written === undefined ? undefined : indexedText(written, uri, index);
  }
  const computed = computedFields.get(name);
  if (computed !== undefined) return computed.value(item);
  const written = item.content.fields?.get(name);
  if (written === undefined) return undefined;
  const texts = textsOf(written);
  return texts.length === 1 ? texts[0] : texts;
}

/** The element whose entries an IndexedFieldURI means: `contacts:EmailAddress` lies in `t:EmailAddresses`. */
export function dictionaryOf(uri: string): string {
  const name = uri.split(':')[1] ?? '';
  return name.endsWith('s') ? `${name}es` : `${name}s`;
}

/** Property tags that stand for something every item has. */
export const itemTags: ReadonlyMap<number, (item: SimulatedItem) => string | undefined> = new Map<
  number,
  (item: SimulatedItem) => string | undefined
>([
  [0x001a, (i) => i.itemClass],
  [0x0037, (i) => i.subject],
  [
    0x007d,
    (i) =>
      headersOf(i)
        .map(([name, value]) => `${name}: ${value}\r\n`)
        .join(''),
  ],
  [0x0039, (i) => iso(i.sentAt)],
  [0x0042, (i) => i.from?.name],
  [0x0070, topicOf],
  [0x0c1a, (i) => i.content.sender?.name],
  [0x0e04, (i) => display(i.to)],
  [0x0e06, (i) => iso(i.receivedAt ?? i.createdAt)],
  [0x0e07, (i) => String(i.messageFlags)],
  [0x0e08, (i) => String(i.size)],
  [0x0e1d, topicOf],
  [0x0e1b, (i) => String(i.attachments.length > 0)],
  [0x0e23, (i) => String(i.uid)],
  [0x0ff9, (i) => btoa(i.id)],
  [0x1000, (i) => bodyAs(i.body, 'Text').content],
  [0x1035, (i) => i.internetMessageId],
  [0x10f3, (i) => `${urlName(i.subject)}.EML`],
  [0x3007, (i) => iso(i.createdAt)],
  [0x3008, (i) => iso(i.changedAt)],
  [0x5d01, (i) => i.content.sender?.address],
  [0x5d02, (i) => i.from?.address],
  [0x670e, (i) => `/${i.folder}/${urlName(i.subject)}.EML`],
]);

export const effectiveRights =
  '<t:EffectiveRights><t:CreateAssociated>true</t:CreateAssociated><t:CreateContents>true</t:CreateContents><t:CreateHierarchy>true</t:CreateHierarchy>' +
  '<t:Delete>true</t:Delete><t:Modify>true</t:Modify><t:Read>true</t:Read><t:ViewPrivateItems>true</t:ViewPrivateItems></t:EffectiveRights>';

/** A point in time as Exchange writes it: whole seconds, UTC. */
export function iso(date: Date): string;
export function iso(date: Date | undefined): string | undefined;
export function iso(date: Date | undefined): string | undefined {
  return date?.toISOString().replace(/\.\d+Z$/, 'Z');
}

/** Subject without `Re:` and `Fw:`: what a conversation is known by. */
export function topicOf(item: SimulatedItem): string {
  return item.subject.replace(/^(?:\s*(?:re|fw|fwd)\s*:)+\s*/i, '');
}

/** Id of the conversation an item belongs to: the same for the same topic. */
export function conversationOf(item: SimulatedItem): string {
  const bytes = new TextEncoder().encode(topicOf(item).toLowerCase());
  return btoa(Array.from(bytes.subarray(0, 96), (byte) => String.fromCharCode(byte)).join(''));
}

export function writeMailbox(m: Mailbox, element = 'Mailbox'): string {
  const name = escapeText(m.name ?? m.address);
  return `<t:${element}><t:Name>${name}</t:Name><t:EmailAddress>${escapeText(m.address)}</t:EmailAddress><t:RoutingType>SMTP</t:RoutingType></t:${element}>`;
}

const urlName = (subject: string): string => encodeURIComponent(subject.toWellFormed().slice(0, 60));
const display = (list: readonly Mailbox[]): string => list.map((m) => m.name ?? m.address).join('; ');
const personOf = (m: Mailbox | undefined): string[] | undefined =>
  m === undefined ? undefined : m.name === undefined || m.name === m.address ? [m.address] : [m.address, m.name];
const people = (list: readonly Mailbox[]): readonly string[] => list.flatMap((m) => personOf(m) ?? []);

function given(item: SimulatedItem, name: string): string | undefined {
  const written = item.content.fields?.get(name);
  return written === undefined ? undefined : textsOf(written)[0];
}

function writeBody(element: string, item: SimulatedItem, type: BodyType): string {
  const body = bodyAs(item.body, type);
  const kind = body.type === 'html' ? 'HTML' : 'Text';
  const truncated = element === 'Body' ? '' : ' IsTruncated="false"';
  return `<t:${element} BodyType="${kind}"${truncated}>${escapeText(body.content)}</t:${element}>`;
}

function single(element: string, m: Mailbox | undefined): string {
  return m === undefined ? '' : `<t:${element}>${writeMailbox(m)}</t:${element}>`;
}

function several(element: string, list: readonly Mailbox[]): string {
  return list.length === 0 ? '' : `<t:${element}>${list.map((m) => writeMailbox(m)).join('')}</t:${element}>`;
}
