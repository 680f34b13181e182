import { messagesNs } from '../../../../ews/xml/namespaces.ts';
import { child } from '../../../../ews/xml/read.ts';
import { maySendAs } from '../../access/access.ts';
import { EwsFault, EwsItemError } from '../../xml/ews-errors.ts';
import { isTrue } from '../../xml/written-element.ts';
import { folderIdsIn, itemIdsIn, mailboxOf, requireChangeKey, resolveFolder, resolveItem } from '../ids.ts';
import { answerEach, type Operation } from '../operation.ts';
import { submit } from '../submit.ts';

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/senditem-operation */
export const sendItem: Operation = {
  count: (request) => child(request, messagesNs, 'ItemIds')?.children.length ?? 0,
  run(request, context) {
    const keep = isTrue(request.attributes.get('SaveItemToFolder'));
    const saved = child(request, messagesNs, 'SavedItemFolderId');
    const savedId = saved && folderIdsIn(saved, 'SavedItemFolderId')[0];
    if (!keep && saved !== undefined) throw new EwsFault('ErrorInvalidSendItemSaveSettings');
    return answerEach(itemIdsIn(request), context, '', (id, plan) => {
      const { item, mailbox } = resolveItem(id, context, 'edit');
      requireChangeKey(id);
      if (id.attributes.get('ChangeKey') !== item.changeKey) {
        throw new EwsItemError('ErrorStaleObject', 'The item has been changed since it was read.');
      }
      const { content } = item;
      if (content.to.length + content.cc.length + content.bcc.length === 0) throw new EwsItemError('ErrorMissingRecipients');
      const from = context.exchange.find(content.from?.address ?? mailbox.address);
      if (from === undefined || !maySendAs(context.login, mailbox, from)) throw new EwsItemError('ErrorSendAsDenied');
      context.exchange.quotas.requireSending(mailbox);
      context.exchange.throttle.message(mailbox.address);
      const folder = savedId === undefined ? mailbox.folder('sentitems') : resolveFolder(savedId, context, 'create');
      const copy = keep ? { mailbox: mailboxOf(folder, context), folder } : undefined;
      if (plan.do !== 'draft-only') mailbox.remove(item);
      submit(context.exchange, { sender: from, content, copy }, plan.do === 'draft-only' ? { ...plan, do: 'nothing' } : plan);
      return '';
    });
  },
};
