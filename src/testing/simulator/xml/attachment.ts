import { messagesNs, typesNs } from '../../../ews/xml/namespaces.ts';
import { child, textOf, type XmlElement } from '../../../ews/xml/read.ts';
import { escapeAttribute, escapeText } from '../../../ews/xml/write.ts';
import type { MessageContent, SimulatedAttachment } from '../store/item.ts';
import { EwsItemError } from './ews-errors.ts';
import { schemaFault } from './soap-request.ts';
import { isTrue } from './written-element.ts';

/** Reads `t:FileAttachment` or `t:ItemAttachment`. `readItem` reads the item inside the latter. */
export function readAttachment(
  element: XmlElement,
  newId: () => string,
  readItem: (item: XmlElement) => MessageContent,
): SimulatedAttachment {
  const name = textOf(element, typesNs, 'Name') ?? '';
  const contentType = textOf(element, typesNs, 'ContentType');
  const contentId = textOf(element, typesNs, 'ContentId');
  const common = {
    id: newId(),
    name,
    isInline: isTrue(textOf(element, typesNs, 'IsInline')),
    ...(contentType === undefined ? {} : { contentType }),
    ...(contentId === undefined ? {} : { contentId }),
  };
  if (element.ns === typesNs && element.name === 'FileAttachment') {
    const content = (textOf(element, typesNs, 'Content') ?? '').replace(/\s/g, '');
    if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(content)) {
      throw schemaFault("the element 'Content' is not base64.");
    }
    const photo = isTrue(textOf(element, typesNs, 'IsContactPhoto'));
    return { ...common, content, ...(photo ? { isContactPhoto: true } : {}) };
  }
  if (element.ns === typesNs && element.name === 'ItemAttachment') {
    const item = element.children.find((c) => c.ns === typesNs && !notItem.has(c.name));
    if (item === undefined) throw new EwsItemError('ErrorMissingItemForCreateItemAttachment', 'The attached item is missing.');
    return { ...common, item: readItem(item) };
  }
  throw schemaFault(`the element 'Attachments' has invalid child element '${element.name}'.`);
}

const notItem = new Set([
  'AttachmentId',
  'Name',
  'ContentType',
  'ContentId',
  'ContentLocation',
  'Size',
  'LastModifiedTime',
  'IsInline',
]);

/** `t:Attachments` of an item: what is attached, without its content. */
export function writeAttachments(attachments: readonly SimulatedAttachment[]): string {
  return attachments.length === 0 ? '' : `<t:Attachments>${attachments.map((a) => writeAttachment(a)).join('')}</t:Attachments>`;
}

/** One attachment; `inside` is its content, as GetAttachment gives it. */
export function writeAttachment(attachment: SimulatedAttachment, inside = '', ids = ''): string {
  const { contentType, contentId, content } = attachment;
  const element = content === undefined ? 't:ItemAttachment' : 't:FileAttachment';
  const size = bytesIn(content ?? '');
  const optional = (name: string, value: string | undefined): string =>
    value === undefined ? '' : `<t:${name}>${escapeText(value)}</t:${name}>`;
  return (
    `<${element}><t:AttachmentId Id="${escapeAttribute(attachment.id)}"${ids}/><t:Name>${escapeText(attachment.name)}</t:Name>` +
    optional('ContentType', contentType) +
    optional('ContentId', contentId) +
    `<t:Size>${size}</t:Size><t:IsInline>${attachment.isInline}</t:IsInline>` +
    `${content === undefined ? '' : `<t:IsContactPhoto>${attachment.isContactPhoto === true}</t:IsContactPhoto>`}${inside}</${element}>`
  );
}

/** The `t:AttachmentId` elements of `m:AttachmentIds`. */
export function attachmentIdsIn(request: XmlElement): readonly string[] {
  const ids = child(request, messagesNs, 'AttachmentIds')?.children ?? [];
  if (ids.length === 0) throw schemaFault("the element 'AttachmentIds' has incomplete content.");
  return ids.map((id) => id.attributes.get('Id') ?? '');
}

/** Length of what a base64 text stands for. */
function bytesIn(base64: string): number {
  const digits = base64.replace(/[^A-Za-z0-9+/]/g, '').length;
  return Math.floor((digits * 3) / 4);
}
