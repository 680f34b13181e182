import { typesNs } from '../../../../ews/xml/namespaces.ts';
import { child, childrenOf, textOf, type XmlElement } from '../../../../ews/xml/read.ts';
import type { Mailbox } from '../../../../transport/contract.ts';
import type { ParsedMime } from '../../mime/parse.ts';
import { withAliased } from '../../schema/mapi-properties.ts';
import { type ItemKind, isItemKind, itemElements } from '../../schema/names.ts';
import { type ExtendedProperty, fitsType, isForReports, readExtendedField } from '../../store/extended-property.ts';
import type { MessageContent } from '../../store/item.ts';
import { withDefaults } from '../../store/seeding/item-defaults.ts';
import { withExceptions } from '../../store/series/exceptions.ts';
import { readAttachment } from '../../xml/attachment.ts';
import { EwsItemError } from '../../xml/ews-errors.ts';
import { computedFields } from '../../xml/item-fields.ts';
import { schemaFault } from '../../xml/soap-request.ts';
import { plainBoolean, utc, writeElement } from '../../xml/written-element.ts';

/** Class and folder of items that say nothing about them. */
export const kinds: Readonly<Record<ItemKind, { readonly itemClass: string; readonly folder: string }>> = {
  Item: { itemClass: 'IPM.Note', folder: 'drafts' },
  Message: { itemClass: 'IPM.Note', folder: 'drafts' },
  MeetingRequest: { itemClass: 'IPM.Schedule.Meeting.Request', folder: 'drafts' },
  MeetingResponse: { itemClass: 'IPM.Schedule.Meeting.Resp.Pos', folder: 'drafts' },
  MeetingCancellation: { itemClass: 'IPM.Schedule.Meeting.Canceled', folder: 'drafts' },
  CalendarItem: { itemClass: 'IPM.Appointment', folder: 'calendar' },
  Contact: { itemClass: 'IPM.Contact', folder: 'contacts' },
  DistributionList: { itemClass: 'IPM.DistList', folder: 'contacts' },
  Task: { itemClass: 'IPM.Task', folder: 'tasks' },
  PostItem: { itemClass: 'IPM.Post', folder: 'inbox' },
};

const places = new Map<ItemKind, ReadonlyMap<string, number>>();

/** The elements of a kind by their place in the schema's order. */
function placesOf(kind: ItemKind): ReadonlyMap<string, number> {
  const known = places.get(kind);
  if (known !== undefined) return known;
  const made = new Map(itemElements[kind].map((name, at) => [name, at]));
  places.set(kind, made);
  return made;
}

/** Throws the schema's fault unless the children are known and in order: Exchange looks at that before it processes anything. */
export function checkItem(item: XmlElement): void {
  if (item.ns !== typesNs || !isItemKind(item.name)) return;
  const order = placesOf(item.name);
  let last = -1;
  for (const { ns, name } of item.children) {
    const at = ns === typesNs ? (order.get(name) ?? -1) : -1;
    const again = at === last && name !== 'ExtendedProperty';
    if (at === -1 || at < last || again) throw schemaFault(`the element '${item.name}' has invalid child element '${name}'.`);
    last = at;
  }
  const type = child(item, typesNs, 'Body')?.attributes.get('BodyType');
  if (child(item, typesNs, 'Body') !== undefined && type !== 'Text' && type !== 'HTML') {
    throw schemaFault("the 'BodyType' attribute is invalid.");
  }
  importanceOf(item);
  sensitivityOf(item);
}

/** What reading an item needs from outside. */
export interface ReadingContext {
  newMessageId(): string;
  newAttachmentId(): string;
  /** The MIME in a `t:MimeContent`, parsed before the operation began. */
  mimeOf(element: XmlElement): ParsedMime | undefined;
}

/** The content of an item that is being created: of its MIME first, then of the elements beside it, which prevail. */
export function readItem(item: XmlElement, context: ReadingContext): MessageContent {
  const kind = isItemKind(item.name) ? item.name : 'Item';
  const part = partsOf(item);
  const text = (name: string): string | undefined => part.get(name)?.text;
  const mimeElement = part.get('MimeContent');
  const mime = mimeElement && context.mimeOf(mimeElement);
  if (mime?.refused !== undefined) throw new EwsItemError('ErrorMimeContentInvalid', mime.refused);
  const properties = childrenOf(item, typesNs, 'ExtendedProperty').map(readProperty);
  const tagged = properties.find((p) => p.path.tag === 0x1035)?.value;
  const from = single(part.get('From')) ?? mime?.from;
  const sender = single(part.get('Sender')) ?? mime?.sender;
  const body = part.get('Body');
  const attached = part.get('Attachments')?.children ?? [];
  const attachments = [
    ...(mime?.attachments ?? []).map((one) => ({ ...one, id: context.newAttachmentId() })),
    ...attached.map((one) => readAttachment(one, context.newAttachmentId, (inner) => readItem(inner, context))),
  ];
  const fields = fieldsOf(item, kind, mime?.fields);
  // With elements beside it that say otherwise, the MIME is no longer what the item is.
  const whole = mime !== undefined && item.children.every(({ name }) => !ofMime.has(name));
  const messageId = text('InternetMessageId') ?? (typeof tagged === 'string' ? tagged : mime?.messageId);
  const content: { -readonly [Key in keyof MessageContent]: MessageContent[Key] } = {
    itemClass: text('ItemClass') ?? kinds[kind].itemClass,
    subject: text('Subject') ?? mime?.subject ?? '',
    body: (body && readBody(body)) ?? mime?.body ?? { type: 'text', content: '' },
    importance: part.has('Importance') ? importanceOf(item) : (mime?.importance ?? 'Normal'),
    sensitivity: part.has('Sensitivity') ? sensitivityOf(item) : (mime?.sensitivity ?? 'Normal'),
    to: recipients(part.get('ToRecipients')) ?? mime?.to ?? none,
    cc: recipients(part.get('CcRecipients')) ?? mime?.cc ?? none,
    bcc: recipients(part.get('BccRecipients')) ?? mime?.bcc ?? none,
    internetMessageId: messageId ?? context.newMessageId(),
    properties,
  };
  if (from !== undefined) content.from = from;
  if (sender !== undefined) content.sender = sender;
  if (kind !== 'Message') content.kind = kind;
  if (fields.size > 0) content.fields = fields;
  if (attachments.length > 0) content.attachments = attachments;
  if (mime?.sentAt !== undefined) content.sentAt = mime.sentAt;
  if (whole) content.mime = mime.source;
  return withClass(withExceptions(withAliased(content, properties), mime?.exceptions));
}

/** Every item has a class: the schema takes an empty one, the store does not ([MS-OXCMSG] 2.2.1.3). */
export function withClass(content: MessageContent): MessageContent {
  if (content.itemClass === '') throw new EwsItemError('ErrorItemSavePropertyError', 'The item class is empty.');
  return content;
}

const none: readonly Mailbox[] = [];

/** The elements of an item by name; of two with one name, the first. */
function partsOf(item: XmlElement): ReadonlyMap<string, XmlElement> {
  const parts = new Map<string, XmlElement>();
  for (const element of item.children) {
    if (element.ns === typesNs && !parts.has(element.name)) parts.set(element.name, element);
  }
  return parts;
}

/** Elements of an item that MIME says too. */
const ofMime: ReadonlySet<string> = new Set(
  'Subject Body Attachments Importance From Sender ToRecipients CcRecipients BccRecipients InternetMessageId'.split(' '),
);

/** Markup that a client has not escaped inside `t:Body` (ews-javascript-api does that) is the body all the same. */
export function readBody(body: XmlElement): MessageContent['body'] {
  const markup = body.children.reduce((before, one) => before + writeElement(one).replace(/(<\/?)t:/g, '$1'), '');
  return { type: body.attributes.get('BodyType') === 'HTML' ? 'html' : 'text', content: body.text + markup };
}

/** Elements that nothing is computed from: kept as they were given. */
function fieldsOf(item: XmlElement, kind: ItemKind, ofMime?: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  let fields: Map<string, string> | undefined;
  for (const element of item.children) {
    if (element.ns !== typesNs || !isKept(element.name)) continue;
    fields ??= new Map(ofMime);
    fields.set(element.name, writeElement(element));
  }
  return withDefaults(kind, fields ?? ofMime ?? noFields);
}

const noFields: ReadonlyMap<string, string> = new Map();

/** Whether an element is kept as it was given. */
export function isKept(name: string): boolean {
  return keptThough.has(name) || !(computedFields.has(name) || name === 'ExtendedProperty');
}

const keptThough = new Set([
  ...['Culture', 'ReminderDueBy', 'ReminderIsSet', 'ReminderMinutesBeforeStart', 'Flag'],
  ...['IsReadReceiptRequested', 'IsDeliveryReceiptRequested', 'ConversationIndex'],
]);

export function readProperty(element: XmlElement): ExtendedProperty {
  const uri = child(element, typesNs, 'ExtendedFieldURI');
  const path = uri && readExtendedField(uri);
  if (path === undefined) throw new EwsItemError('ErrorInvalidExtendedProperty');
  if (isForReports(path)) throw new EwsItemError('ErrorUnsupportedMapiPropertyType');
  const values = child(element, typesNs, 'Values');
  const value =
    values === undefined ? textOf(element, typesNs, 'Value') : childrenOf(values, typesNs, 'Value').map((v) => v.text);
  if (value === undefined || (typeof value !== 'string') !== path.type.endsWith('Array')) {
    throw new EwsItemError('ErrorInvalidExtendedPropertyValue');
  }
  const fits = typeof value === 'string' ? fitsType(path.type, value) : value.every((v) => fitsType(path.type.slice(0, -5), v));
  if (!fits) throw new EwsItemError('ErrorInvalidExtendedPropertyValue');
  const as = path.type.startsWith('SystemTime') ? utc : path.type.startsWith('Boolean') ? plainBoolean : undefined;
  if (as === undefined) return { path, value };
  return { path, value: typeof value === 'string' ? as(value) : value.map(as) };
}

export const importanceOf = (item: XmlElement): MessageContent['importance'] =>
  choice(textOf(item, typesNs, 'Importance'), ['Low', 'Normal', 'High'], 'Normal');

export const sensitivityOf = (item: XmlElement): MessageContent['sensitivity'] =>
  choice(textOf(item, typesNs, 'Sensitivity'), ['Normal', 'Personal', 'Private', 'Confidential'], 'Normal');

function choice<T extends string>(value: string | undefined, allowed: readonly T[], otherwise: T): T {
  if (value === undefined) return otherwise;
  const found = allowed.find((a) => a === value);
  if (found === undefined) throw schemaFault(`the value '${value}' is not known.`);
  return found;
}

/** `t:From` or `t:Sender`. */
export function single(element: XmlElement | undefined): Mailbox | undefined {
  return element === undefined ? undefined : several(element)[0];
}

function recipients(list: XmlElement | undefined): readonly Mailbox[] | undefined {
  return list && several(list);
}

/** Recipients; an address that is none is `ErrorInvalidRecipients`. */
export function several(element: XmlElement | undefined): readonly Mailbox[] {
  return childrenOf(element, typesNs, 'Mailbox').map((mailbox) => {
    const address = textOf(mailbox, typesNs, 'EmailAddress') ?? '';
    if (!/^[^@\s<>]+@[^@\s<>]+$/.test(address)) throw new EwsItemError('ErrorInvalidRecipients');
    const name = textOf(mailbox, typesNs, 'Name');
    return name === undefined ? { address } : { address, name };
  });
}
