import { typesNs } from '../../../../ews/xml/namespaces.ts';
import { child, textOf, type XmlElement } from '../../../../ews/xml/read.ts';
import { escapeText } from '../../../../ews/xml/write.ts';
import type { Mailbox } from '../../../../transport/contract.ts';
import type { MessageContent, SimulatedItem } from '../../store/item.ts';
import type { SimulatedMailbox } from '../../store/mailbox.ts';
import { EwsItemError } from '../../xml/ews-errors.ts';
import { bodyAs } from '../../xml/item-body.ts';
import { topicOf } from '../../xml/item-fields.ts';
import { mailboxesOf } from '../../xml/written-element.ts';
import { resolveItem } from '../ids.ts';
import type { OperationContext } from '../operation.ts';
import { readBody, several } from './item-content.ts';

const responses: ReadonlyMap<string, ResponseKind> = new Map([
  ['ReplyToItem', 'reply'],
  ['ReplyAllToItem', 'reply-all'],
  ['ForwardItem', 'forward'],
]);

/** Whether an element of CreateItem answers or forwards an item. */
export function isResponseObject({ ns, name }: XmlElement): boolean {
  return ns === typesNs && responses.has(name);
}

/**
 * The message that a reply or a forward makes of the item it refers to. https://learn.microsoft.com/exchange/client-developer/web-service-reference/replytoitem
 */
export function readResponse(element: XmlElement, owner: SimulatedMailbox, context: OperationContext): MessageContent {
  const reference = child(element, typesNs, 'ReferenceItemId');
  if (reference === undefined) throw new EwsItemError('ErrorMissingInformationReferenceItemId');
  const { item } = resolveItem(reference, context);
  const given = (name: string) => {
    const list = child(element, typesNs, name);
    return list && several(list);
  };
  const [to, cc, bcc] = ['ToRecipients', 'CcRecipients', 'BccRecipients'].map(given);
  const body = child(element, typesNs, 'Body') ?? child(element, typesNs, 'NewBodyContent');
  const subject = textOf(element, typesNs, 'Subject');
  const said = {
    ...(subject === undefined ? {} : { subject }),
    ...(body === undefined ? {} : { body: readBody(body) }),
    ...(to === undefined ? {} : { to }),
    ...(cc === undefined ? {} : { cc }),
    ...(bcc === undefined ? {} : { bcc }),
  };
  const ids = { messageId: () => context.newMessageId(), attachmentId: () => context.newAttachmentId() };
  return responseTo(item, responses.get(element.name) ?? 'reply', owner.address, said, ids);
}

/** Nobody is told any more that the item was read. https://learn.microsoft.com/exchange/client-developer/web-service-reference/suppressreadreceipt */
export function suppressReadReceipt(element: XmlElement, context: OperationContext): string {
  const reference = child(element, typesNs, 'ReferenceItemId');
  if (reference === undefined) throw new EwsItemError('ErrorMissingInformationReferenceItemId');
  const { item, mailbox } = resolveItem(reference, context);
  if (!/>(?:true|1)</.test(item.content.fields?.get('IsReadReceiptRequested') ?? '')) {
    throw new EwsItemError('ErrorReadReceiptNotPending', 'Nobody has asked for a receipt.');
  }
  const fields = new Map(item.content.fields);
  fields.delete('IsReadReceiptRequested');
  mailbox.update(item, { content: { ...item.content, fields } });
  return '<m:Items/>';
}

/** What a message answers another with. */
export type ResponseKind = 'reply' | 'reply-all' | 'forward';

/** What a request says of the answer; what it leaves out follows from the item. */
export type GivenResponse = Partial<Pick<MessageContent, 'subject' | 'body' | 'to' | 'cc' | 'bcc'>>;

/** Makes ids for the answer. */
interface NewIds {
  messageId(): string;
  attachmentId(): string;
}

/** The message that a reply or a forward makes of an item in a mailbox, whichever door it was asked at. */
export function responseTo(
  item: SimulatedItem,
  kind: ResponseKind,
  own: string,
  given: GivenResponse,
  ids: NewIds,
): MessageContent {
  const others = (list: readonly Mailbox[]): readonly Mailbox[] =>
    kind === 'reply-all' ? list.filter(({ address }) => address.toLowerCase() !== own) : [];
  const attachments = kind === 'forward' ? item.attachments.map((one) => ({ ...one, id: ids.attachmentId() })) : [];
  return {
    itemClass: 'IPM.Note',
    subject: given.subject ?? `${kind === 'forward' ? 'FW' : 'RE'}: ${topicOf(item)}`,
    body: quoted(given.body ?? { type: 'text', content: '' }, item),
    importance: 'Normal',
    sensitivity: 'Normal',
    to: given.to ?? (kind === 'forward' ? [] : [...answered(item), ...others(item.to)]),
    cc: given.cc ?? others(item.cc),
    bcc: given.bcc ?? [],
    internetMessageId: ids.messageId(),
    properties: [],
    fields: new Map([
      ['InReplyTo', `<t:InReplyTo>${escapeText(item.internetMessageId)}</t:InReplyTo>`],
      ['References', `<t:References>${escapeText(item.internetMessageId)}</t:References>`],
    ]),
    ...(attachments.length === 0 ? {} : { attachments }),
  };
}

/** Whom an answer goes to: `Reply-To` before `From` (RFC 5322, 3.6.2). */
function answered({ content, from }: SimulatedItem): readonly Mailbox[] {
  const asked = mailboxesOf(content.fields?.get('ReplyTo'));
  if (asked.length > 0) return asked;
  return from === undefined ? [] : [from];
}

/** The new body, and the old one below it. */
function quoted(body: MessageContent['body'], item: SimulatedItem): MessageContent['body'] {
  const old = bodyAs(item.body, body.type === 'html' ? 'HTML' : 'Text').content;
  const rule = body.type === 'html' ? '<hr>' : '\r\n________________________________\r\n';
  return { type: body.type, content: `${body.content}${rule}${old}` };
}
