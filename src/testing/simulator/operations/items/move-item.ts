import { messagesNs } from '../../../../ews/xml/namespaces.ts';
import { child, textOf, type XmlElement } from '../../../../ews/xml/read.ts';
import { type Doing, may, mayEditOwn, noteCreator } from '../../access/rights.ts';
import { messageFlag } from '../../store/message-flags.ts';
import { EwsItemError } from '../../xml/ews-errors.ts';
import { kindOf } from '../../xml/item-shape.ts';
import { schemaFault } from '../../xml/soap-request.ts';
import { isTrue } from '../../xml/written-element.ts';
import { folderIdsIn, itemIdsIn, mailboxOf, resolveFolder, resolveItem } from '../ids.ts';
import { answerEach, type Operation, type OperationContext } from '../operation.ts';

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/moveitem-operation */
export const moveItem: Operation = transfer('move');

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/copyitem-operation */
export const copyItem: Operation = transfer('copy');

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/archiveitem-operation: here, into a folder of the same mailbox. */
export const archiveItem: Operation = {
  count: (request) => child(request, messagesNs, 'ItemIds')?.children.length ?? 0,
  run(request, context) {
    const from = folderIdsIn(child(request, messagesNs, 'ArchiveSourceFolderId'), 'ArchiveSourceFolderId')[0];
    return answerEach(itemIdsIn(request), context, '<m:Items/>', (id) => {
      // It must be there; whether the item lies in it is not looked at.
      if (from !== undefined) resolveFolder(from, context);
      const { item, mailbox } = resolveWhole(id, context, 'delete');
      const root = mailbox.folder('msgfolderroot');
      const archive = mailbox.findFolder('In-Place Archive') ?? mailbox.createFolder(root, 'In-Place Archive');
      const moved = mailbox.move(item, archive);
      const kind = kindOf(moved, context.exchange.profile);
      return `<m:Items><t:${kind}><t:ItemId Id="${moved.id}" ChangeKey="${moved.changeKey}"/></t:${kind}></m:Items>`;
    });
  },
};

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/markasjunk-operation */
export const markAsJunk: Operation = {
  count: (request) => child(request, messagesNs, 'ItemIds')?.children.length ?? 0,
  run(request, context) {
    const junk = isTrue(request.attributes.get('IsJunk'));
    const move = isTrue(request.attributes.get('MoveItem'));
    return answerEach(itemIdsIn(request), context, '', (id) => {
      const { item, mailbox } = resolveWhole(id, context, move ? 'delete' : 'edit');
      const moved = move ? mailbox.move(item, junk ? 'junkemail' : 'inbox') : item;
      return `<m:MovedItemId Id="${moved.id}" ChangeKey="${moved.changeKey}"/>`;
    });
  },
};

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/markallitemsasread-operation */
export const markAllItemsAsRead: Operation = {
  count: (request) => child(request, messagesNs, 'FolderIds')?.children.length ?? 0,
  run(request, context) {
    const flag = textOf(request, messagesNs, 'ReadFlag');
    if (flag === undefined) throw schemaFault("the element 'ReadFlag' is missing.");
    return answerEach(folderIdsIn(child(request, messagesNs, 'FolderIds'), 'FolderIds'), context, '', (id) => {
      const folder = resolveFolder(id, context);
      const mailbox = mailboxOf(folder, context);
      const editable = folder.items.filter((item) => may(context, 'edit', mailbox, folder, item));
      // Who may change nothing at all is told so; who may change some of it changes that.
      if (editable.length === 0 && !mayEditOwn(context, mailbox, folder)) throw new EwsItemError('ErrorAccessDenied');
      for (const item of editable) {
        if (item.isRead === isTrue(flag)) continue;
        const messageFlags = isTrue(flag) ? item.messageFlags | messageFlag.read : item.messageFlags & ~messageFlag.read;
        mailbox.update(item, { messageFlags });
      }
      return '';
    });
  },
};

/** An item that can lie elsewhere: an occurrence can't. */
function resolveWhole(id: XmlElement, context: OperationContext, doing: Doing): ReturnType<typeof resolveItem> {
  const found = resolveItem(id, context, doing);
  if (found.item.series !== undefined) throw new EwsItemError('ErrorCalendarCannotMoveOrCopyOccurrence');
  return found;
}

function transfer(verb: 'move' | 'copy'): Operation {
  return {
    count: (request) => child(request, messagesNs, 'ItemIds')?.children.length ?? 0,
    run(request, context) {
      const toId = folderIdsIn(child(request, messagesNs, 'ToFolderId'), 'ToFolderId')[0];
      const returns = textOf(request, messagesNs, 'ReturnNewItemIds');
      return answerEach(itemIdsIn(request), context, '<m:Items/>', (id) => {
        if (toId === undefined) throw schemaFault("the element 'ToFolderId' is missing.");
        const to = resolveFolder(toId, context, 'create');
        const { item, mailbox } = resolveWhole(id, context, verb === 'move' ? 'delete' : 'read');
        const target = mailboxOf(to, context);
        const next = target === mailbox && verb === 'move' ? mailbox.move(item, to) : target.copy(item, to);
        if (target !== mailbox && verb === 'move') mailbox.remove(item);
        noteCreator(context, target, next);
        if (returns !== undefined && !isTrue(returns)) return '<m:Items/>';
        const kind = kindOf(next, context.exchange.profile);
        return `<m:Items><t:${kind}><t:ItemId Id="${next.id}" ChangeKey="${next.changeKey}"/></t:${kind}></m:Items>`;
      });
    },
  };
}
