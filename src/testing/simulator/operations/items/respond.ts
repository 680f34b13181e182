import { typesNs } from '../../../../ews/xml/namespaces.ts';
import { child, textOf, type XmlElement } from '../../../../ews/xml/read.ts';
import { escapeText } from '../../../../ews/xml/write.ts';
import type { MessageContent, SimulatedItem } from '../../store/item.ts';
import type { SimulatedMailbox } from '../../store/mailbox.ts';
import { EwsItemError } from '../../xml/ews-errors.ts';
import { bodyAs } from '../../xml/item-body.ts';
import { topicOf } from '../../xml/item-fields.ts';
import { resolveItem } from '../ids.ts';
import type { OperationContext } from '../operation.ts';
import { readBody, several } from './item-content.ts';

const responses: ReadonlySet<string> = new Set(['ReplyToItem', 'ReplyAllToItem', 'ForwardItem']);

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
  const forward = element.name === 'ForwardItem';
  const given = (name: string) => {
    const list = child(element, typesNs, name);
    return list && several(list);
  };
  const own = (address: string): boolean => address.toLowerCase() === owner.address;
  const sender = item.from === undefined ? [] : [item.from];
  const others = element.name === 'ReplyAllToItem' ? item.to.filter((one) => !own(one.address)) : [];
  const copies = element.name === 'ReplyAllToItem' ? item.cc.filter((one) => !own(one.address)) : [];
  const attachments = forward ? item.attachments.map((one) => ({ ...one, id: context.newAttachmentId() })) : [];
  return {
    itemClass: 'IPM.Note',
    subject: textOf(element, typesNs, 'Subject') ?? `${forward ? 'FW' : 'RE'}: ${topicOf(item)}`,
    body: quoted(element, item),
    importance: 'Normal',
    sensitivity: 'Normal',
    to: given('ToRecipients') ?? (forward ? [] : [...sender, ...others]),
    cc: given('CcRecipients') ?? copies,
    bcc: given('BccRecipients') ?? [],
    internetMessageId: context.newMessageId(),
    properties: [],
    fields: new Map([
      ['InReplyTo', `<t:InReplyTo>${escapeText(item.internetMessageId)}</t:InReplyTo>`],
      ['References', `<t:References>${escapeText(item.internetMessageId)}</t:References>`],
    ]),
    ...(attachments.length === 0 ? {} : { attachments }),
  };
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

/** The new body, and the old one below it. */
function quoted(element: XmlElement, item: SimulatedItem): MessageContent['body'] {
  const given = child(element, typesNs, 'Body') ?? child(element, typesNs, 'NewBodyContent');
  const body = given === undefined ? { type: 'text' as const, content: '' } : readBody(given);
  const old = bodyAs(item.body, body.type === 'html' ? 'HTML' : 'Text').content;
  const rule = body.type === 'html' ? '<hr>' : '\r\n________________________________\r\n';
  return { type: body.type, content: `${body.content}${rule}${old}` };
}
