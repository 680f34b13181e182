import { messagesNs } from '../../../../ews/xml/namespaces.ts';
import { child } from '../../../../ews/xml/read.ts';
import { escapeAttribute, escapeText } from '../../../../ews/xml/write.ts';
import type { SimulatedItem } from '../../store/item.ts';
import { conversationOf, iso, topicOf } from '../../xml/item-fields.ts';
import { pageOf } from '../../xml/page-view.ts';
import { folderIdsIn, resolveFolder } from '../ids.ts';
import type { Operation } from '../operation.ts';
import { readQueryString } from './query-string.ts';

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/findconversation-operation: items of one topic, latest first. */
export const findConversation: Operation = {
  count: () => 1,
  run(request, context) {
    const id = folderIdsIn(child(request, messagesNs, 'ParentFolderId'), 'ParentFolderId')[0];
    const folder = id && resolveFolder(id, context);
    const query = child(request, messagesNs, 'QueryString');
    const asked = query && readQueryString(query.text);
    const groups = new Map<string, SimulatedItem[]>();
    for (const item of folder?.items ?? []) {
      if (asked?.(item) === false) continue;
      const key = conversationOf(item);
      const members = groups.get(key);
      if (members === undefined) groups.set(key, [item]);
      else members.push(item);
    }
    const latest = (items: readonly SimulatedItem[]): number =>
      Math.max(...items.map((item) => (item.receivedAt ?? item.createdAt).getTime()));
    const all = [...groups].sort(([, a], [, b]) => latest(b) - latest(a));
    const page = pageOf(all, child(request, messagesNs, 'IndexedPageItemView'));
    const written = page.entries.map(([key, items]) => writeConversation(key, items, new Date(latest(items))));
    const content =
      `<m:ResponseCode>NoError</m:ResponseCode><m:Conversations>${written.join('')}</m:Conversations>` +
      `<m:TotalConversationsInView>${all.length}</m:TotalConversationsInView>`;
    return { element: 'FindConversationResponse', attributes: ' ResponseClass="Success"', content, code: 'NoError' };
  },
};

function writeConversation(key: string, items: readonly SimulatedItem[], delivered: Date): string {
  const [first] = items;
  const senders = [...new Set(items.flatMap(({ from }) => (from === undefined ? [] : [from.name ?? from.address])))];
  const list = (name: string, texts: readonly string[]): string =>
    texts.length === 0
      ? ''
      : `<t:${name}>${texts.map((text) => `<t:String>${escapeText(text)}</t:String>`).join('')}</t:${name}>`;
  const unread = items.filter((item) => !item.isRead).length;
  return (
    `<t:Conversation><t:ConversationId Id="${escapeAttribute(key)}"/>` +
    `<t:ConversationTopic>${escapeText(first === undefined ? '' : topicOf(first))}</t:ConversationTopic>${list('UniqueSenders', senders)}` +
    `<t:LastDeliveryTime>${iso(delivered)}</t:LastDeliveryTime>` +
    `<t:HasAttachments>${items.some((item) => item.attachments.length > 0)}</t:HasAttachments>` +
    `<t:MessageCount>${items.length}</t:MessageCount><t:UnreadCount>${unread}</t:UnreadCount>` +
    `<t:ItemIds>${items.map((item) => `<t:ItemId Id="${item.id}" ChangeKey="${item.changeKey}"/>`).join('')}</t:ItemIds></t:Conversation>`
  );
}
