import { messagesNs, typesNs } from '../../../../ews/xml/namespaces.ts';
import { child } from '../../../../ews/xml/read.ts';
import { SimulatedItem, withoutAttachment } from '../../store/item.ts';
import { attachmentIdsIn, readAttachment, writeAttachment } from '../../xml/attachment.ts';
import { EwsItemError } from '../../xml/ews-errors.ts';
import { readItemShape, writeItem } from '../../xml/item-shape.ts';
import { schemaFault } from '../../xml/soap-request.ts';
import { resolveAttachment, resolveItem } from '../ids.ts';
import { answerEach, type Operation } from '../operation.ts';
import { readItem } from './item-content.ts';

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/createattachment-operation */
export const createAttachment: Operation = {
  count: (request) => child(request, messagesNs, 'Attachments')?.children.length ?? 0,
  run(request, context) {
    const parentId = child(request, messagesNs, 'ParentItemId');
    const attachments = child(request, messagesNs, 'Attachments')?.children ?? [];
    if (parentId === undefined || attachments.length === 0)
      throw schemaFault("the element 'Attachments' has incomplete content.");
    return answerEach(attachments, context, '<m:Attachments/>', (element) => {
      const { item, mailbox } = resolveItem(parentId, context, 'edit');
      const read = readAttachment(element, context.newAttachmentId, (inner) => readItem(inner, context));
      const { mime: _stale, ...content } = item.content;
      const after = mailbox.update(item, { content: { ...content, attachments: [...item.attachments, read] } });
      const root = ` RootItemId="${after.id}" RootItemChangeKey="${after.changeKey}"`;
      const name = read.content === undefined ? 't:ItemAttachment' : 't:FileAttachment';
      return `<m:Attachments><${name}><t:AttachmentId Id="${read.id}"${root}/></${name}></m:Attachments>`;
    });
  },
};

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/getattachment-operation */
export const getAttachment: Operation = {
  count: (request) => child(request, messagesNs, 'AttachmentIds')?.children.length ?? 0,
  run(request, context) {
    const shaped = child(request, messagesNs, 'AttachmentShape');
    return answerEach(attachmentIdsIn(request), context, '<m:Attachments/>', (id) => {
      const { attachment, item } = resolveAttachment(id, context);
      if (attachment.content !== undefined) {
        return `<m:Attachments>${writeAttachment(attachment, `<t:Content>${attachment.content}</t:Content>`)}</m:Attachments>`;
      }
      if (attachment.item === undefined) throw new EwsItemError('ErrorCannotOpenFileAttachment');
      const { id: itemId, mailbox, folder, folderId, messageFlags, createdAt, uid, changedAt } = item;
      const place = { id: itemId, mailbox, folder, folderId, messageFlags, createdAt, uid, changedAt, revision: 0 };
      const wanted = readItemShape(allProperties(shaped), 'GetItem');
      const shape = { ...wanted, wants: (name: string) => name !== 'ItemId' && name !== 'ParentFolderId' && wanted.wants(name) };
      const inner = writeItem(new SimulatedItem(place, attachment.item), shape, context.exchange.profile);
      return `<m:Attachments>${writeAttachment(attachment, inner)}</m:Attachments>`;
    });
  },
};

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/deleteattachment-operation */
export const deleteAttachment: Operation = {
  count: (request) => child(request, messagesNs, 'AttachmentIds')?.children.length ?? 0,
  run(request, context) {
    return answerEach(attachmentIdsIn(request), context, '', (id) => {
      const { item, mailbox } = resolveAttachment(id, context, 'edit');
      const { mime: _stale, ...content } = item.content;
      const attachments = withoutAttachment(item.attachments, id);
      const after = mailbox.update(item, { content: { ...content, attachments } });
      return `<m:RootItemId RootItemId="${after.id}" RootItemChangeKey="${after.changeKey}"/>`;
    });
  },
};

type Shape = Parameters<typeof readItemShape>[0];

/** An AttachmentShape has no base shape: everything is given. */
function allProperties(shaped: Shape): Shape {
  const base = { ns: typesNs, name: 'BaseShape', attributes: new Map<string, string>(), children: [], text: 'AllProperties' };
  return {
    ns: messagesNs,
    name: 'AttachmentShape',
    attributes: new Map(),
    text: '',
    children: [base, ...(shaped?.children ?? [])],
  };
}
