import { typesNs } from '../../../../ews/xml/namespaces.ts';
import { child, childrenOf, textOf, type XmlElement } from '../../../../ews/xml/read.ts';
import type { Mailbox } from '../../../../transport/contract.ts';
import { type ExtendedProperty, fitsType, readExtendedField } from '../../store/extended-property.ts';
import type { MessageContent } from '../../store/item.ts';
import { EwsItemError } from '../../xml/ews-errors.ts';
import { schemaFault } from '../../xml/soap-request.ts';

/** Children of `t:Message` that a client may send, in the order that the schema fixes. */
const order = (
  'MimeContent ItemId ParentFolderId ItemClass Subject Sensitivity Body Attachments DateTimeReceived Size Categories Importance ' +
  'InReplyTo IsSubmitted IsDraft IsFromMe IsResend IsUnmodified InternetMessageHeaders DateTimeSent DateTimeCreated ResponseObjects ' +
  'ReminderDueBy ReminderIsSet ReminderNextTime ReminderMinutesBeforeStart DisplayCc DisplayTo DisplayBcc HasAttachments ' +
  'ExtendedProperty Culture EffectiveRights LastModifiedName LastModifiedTime IsAssociated Flag Sender ToRecipients CcRecipients ' +
  'BccRecipients IsReadReceiptRequested IsDeliveryReceiptRequested ConversationIndex ConversationTopic From InternetMessageId IsRead ' +
  'IsResponseRequested References ReplyTo ReceivedBy ReceivedRepresenting'
).split(' ');
const position: ReadonlyMap<string, number> = new Map(order.map((name, index) => [name, index]));

/** Throws the schema's fault unless the children are known and in order: Exchange looks at that before it processes anything. */
export function checkMessage(message: XmlElement): void {
  let last = -1;
  for (const { ns, name } of message.children) {
    const at = ns === typesNs ? position.get(name) : undefined;
    const again = at === last && name !== 'ExtendedProperty';
    if (at === undefined || at < last || again) throw schemaFault(`the element 'Message' has invalid child element '${name}'.`);
    last = at;
  }
  const type = child(message, typesNs, 'Body')?.attributes.get('BodyType');
  if (child(message, typesNs, 'Body') !== undefined && type !== 'Text' && type !== 'HTML') {
    throw schemaFault("the 'BodyType' attribute is invalid.");
  }
  importanceOf(message);
  sensitivityOf(message);
}

/** The content of a message that is being created. */
export function readMessage(message: XmlElement, newMessageId: () => string): MessageContent {
  const body = child(message, typesNs, 'Body');
  const properties = childrenOf(message, typesNs, 'ExtendedProperty').map(readProperty);
  const tagged = properties.find((p) => p.path.tag === 0x1035)?.value;
  const from = single(child(message, typesNs, 'From'));
  const sender = single(child(message, typesNs, 'Sender'));
  return {
    itemClass: textOf(message, typesNs, 'ItemClass') ?? 'IPM.Note',
    subject: textOf(message, typesNs, 'Subject') ?? '',
    body: { type: body?.attributes.get('BodyType') === 'HTML' ? 'html' : 'text', content: body?.text ?? '' },
    importance: importanceOf(message),
    sensitivity: sensitivityOf(message),
    ...(from === undefined ? {} : { from }),
    ...(sender === undefined ? {} : { sender }),
    to: several(child(message, typesNs, 'ToRecipients')),
    cc: several(child(message, typesNs, 'CcRecipients')),
    bcc: several(child(message, typesNs, 'BccRecipients')),
    internetMessageId: textOf(message, typesNs, 'InternetMessageId') ?? (typeof tagged === 'string' ? tagged : newMessageId()),
    properties,
  };
}

function readProperty(element: XmlElement): ExtendedProperty {
  const uri = child(element, typesNs, 'ExtendedFieldURI');
  const path = uri && readExtendedField(uri);
  if (path === undefined) throw new EwsItemError('ErrorInvalidExtendedProperty');
  const values = child(element, typesNs, 'Values');
  const value =
    values === undefined ? textOf(element, typesNs, 'Value') : childrenOf(values, typesNs, 'Value').map((v) => v.text);
  if (value === undefined || (typeof value !== 'string') !== path.type.endsWith('Array')) {
    throw new EwsItemError('ErrorInvalidExtendedPropertyValue');
  }
  const fits = typeof value === 'string' ? fitsType(path.type, value) : value.every((v) => fitsType(path.type.slice(0, -5), v));
  if (!fits) throw new EwsItemError('ErrorInvalidExtendedPropertyValue');
  return { path, value };
}

const importanceOf = (message: XmlElement): MessageContent['importance'] =>
  choice(textOf(message, typesNs, 'Importance'), ['Low', 'Normal', 'High'], 'Normal');

const sensitivityOf = (message: XmlElement): MessageContent['sensitivity'] =>
  choice(textOf(message, typesNs, 'Sensitivity'), ['Normal', 'Personal', 'Private', 'Confidential'], 'Normal');

function choice<T extends string>(value: string | undefined, allowed: readonly T[], otherwise: T): T {
  if (value === undefined) return otherwise;
  const found = allowed.find((a) => a === value);
  if (found === undefined) throw schemaFault(`the value '${value}' is not known.`);
  return found;
}

function single(element: XmlElement | undefined): Mailbox | undefined {
  return element === undefined ? undefined : several(element)[0];
}

/** Recipients; an address that is none is `ErrorInvalidRecipients`. */
function several(element: XmlElement | undefined): readonly Mailbox[] {
  return childrenOf(element, typesNs, 'Mailbox').map((mailbox) => {
    const address = textOf(mailbox, typesNs, 'EmailAddress') ?? '';
    if (!/^[^@\s<>]+@[^@\s<>]+$/.test(address)) throw new EwsItemError('ErrorInvalidRecipients');
    const name = textOf(mailbox, typesNs, 'Name');
    return name === undefined ? { address } : { address, name };
  });
}
