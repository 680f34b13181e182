import { escapeText } from '../../../ews/xml/write.ts';
import type { Mailbox } from '../../../transport/contract.ts';
import type { SimulatedItem } from '../store/item.ts';

/** A property of items that EWS names by a FieldURI. */
export interface ItemField {
  readonly uri: string;
  /** Members of `t:MessageType` are missing on a bare `t:Item`. */
  readonly messageOnly: boolean;
  /** Which base shapes contain it. */
  readonly shapes: 'id' | 'default' | 'all';
  /** FindItem never gives it, whatever is asked. */
  readonly getItemOnly: boolean;
  /** Its value for searching and sorting. */
  value(item: SimulatedItem): string | undefined;
  /** Its element; '' when the item has none. */
  xml(item: SimulatedItem): string;
}

type Value = (item: SimulatedItem) => string | undefined;
type More = Partial<Omit<ItemField, 'uri' | 'value'>>;

function field(uri: string, value: Value, more: More = {}): ItemField {
  const name = uri.slice(uri.indexOf(':') + 1);
  const xml = (item: SimulatedItem): string => {
    const text = value(item);
    return text === undefined ? '' : `<t:${name}>${escapeText(text)}</t:${name}>`;
  };
  return { uri, messageOnly: uri.startsWith('message:'), shapes: 'all', getItemOnly: false, value, xml, ...more };
}

const byDefault = { shapes: 'default' } as const;
const heavy = { shapes: 'default', getItemOnly: true } as const;

/** In the order of the schema, which is the order in which they are written. Extended properties come behind the items' own. */
export const itemFields: readonly ItemField[] = [
  field('item:ItemId', (i) => i.id, {
    shapes: 'id',
    xml: (i) => `<t:ItemId Id="${i.id}" ChangeKey="${i.changeKey}"/>`,
  }),
  field('item:ParentFolderId', (i) => i.folderId, { xml: (i) => `<t:ParentFolderId Id="${i.folderId}" ChangeKey="AQAAAA=="/>` }),
  field('item:ItemClass', (i) => i.itemClass),
  field('item:Subject', (i) => i.subject, byDefault),
  field('item:Sensitivity', (i) => i.content.sensitivity, byDefault),
  field('item:Body', (i) => i.body.content, {
    ...heavy,
    xml: (i) => `<t:Body BodyType="${i.body.type === 'html' ? 'HTML' : 'Text'}">${escapeText(i.body.content)}</t:Body>`,
  }),
  field('item:DateTimeReceived', (i) => iso(i.receivedAt ?? i.createdAt)),
  field('item:Size', (i) => String(i.subject.length + i.body.content.length + 512), byDefault),
  field('item:Importance', (i) => i.content.importance),
  field('item:IsSubmitted', (i) => String((i.messageFlags & 4) !== 0)),
  field('item:IsDraft', (i) => String(i.isDraft)),
  field('item:IsFromMe', (i) => String(i.isFromMe)),
  field('item:IsResend', () => 'false'),
  field('item:IsUnmodified', (i) => String((i.messageFlags & 2) !== 0)),
  field('item:DateTimeSent', (i) => iso(i.sentAt), byDefault),
  field('item:DateTimeCreated', (i) => iso(i.createdAt), byDefault),
  field('item:DisplayCc', (i) => display(i.cc)),
  field('item:DisplayTo', (i) => display(i.to)),
  field('item:HasAttachments', () => 'false', byDefault),
  field('item:LastModifiedTime', (i) => iso(i.createdAt)),
  field('message:Sender', (i) => i.content.sender?.address, { xml: (i) => single('Sender', i.content.sender) }),
  field('message:ToRecipients', (i) => addresses(i.to), { ...heavy, xml: (i) => several('ToRecipients', i.to) }),
  field('message:CcRecipients', (i) => addresses(i.cc), { ...heavy, xml: (i) => several('CcRecipients', i.cc) }),
  field('message:BccRecipients', (i) => addresses(i.bcc), { ...heavy, xml: (i) => several('BccRecipients', i.bcc) }),
  field('message:From', (i) => i.from?.address, { ...byDefault, xml: (i) => single('From', i.from) }),
  field('message:InternetMessageId', (i) => i.internetMessageId),
  field('message:IsRead', (i) => String(i.isRead), byDefault),
];

/** By FieldURI. */
export const itemFieldsByUri: ReadonlyMap<string, ItemField> = new Map(itemFields.map((f) => [f.uri, f]));

/** Property tags that stand for something every item has. */
export const itemTags: ReadonlyMap<number, Value> = new Map<number, Value>([
  [0x001a, (i) => i.itemClass],
  [0x0037, (i) => i.subject],
  [0x0e07, (i) => String(i.messageFlags)],
  [0x0e04, (i) => display(i.to)],
  [0x1035, (i) => i.internetMessageId],
  [0x0c1a, (i) => i.content.sender?.name],
  [0x5d01, (i) => i.content.sender?.address],
  [0x5d02, (i) => i.from?.address],
  [0x0042, (i) => i.from?.name],
]);

function iso(date: Date): string;
function iso(date: Date | undefined): string | undefined;
function iso(date: Date | undefined): string | undefined {
  return date?.toISOString().replace(/\.\d+Z$/, 'Z');
}

const display = (list: readonly Mailbox[]): string => list.map((m) => m.name ?? m.address).join('; ');
const addresses = (list: readonly Mailbox[]): string => list.map((m) => m.address).join(';');

function mailbox(m: Mailbox): string {
  const name = escapeText(m.name ?? m.address);
  return `<t:Mailbox><t:Name>${name}</t:Name><t:EmailAddress>${escapeText(m.address)}</t:EmailAddress><t:RoutingType>SMTP</t:RoutingType></t:Mailbox>`;
}

function single(element: string, m: Mailbox | undefined): string {
  return m === undefined ? '' : `<t:${element}>${mailbox(m)}</t:${element}>`;
}

function several(element: string, list: readonly Mailbox[]): string {
  return list.length === 0 ? '' : `<t:${element}>${list.map(mailbox).join('')}</t:${element}>`;
}
