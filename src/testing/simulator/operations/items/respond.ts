import { typesNs } from '../../../../ews/xml/namespaces.ts';
import { child, textOf, type XmlElement } from '../../../../ews/xml/read.ts';
import type { MessageContent } from '../../store/item.ts';
import type { SimulatedMailbox } from '../../store/mailbox.ts';
import { EwsItemError } from '../../xml/ews-errors.ts';
import { resolveItem } from '../ids.ts';
import type { OperationContext } from '../operation.ts';
import { readBody, several } from './item-content.ts';
import { type ResponseKind, responseTo } from './response-content.ts';

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
