import { ruleOf } from '../outcome/response-codes.ts';
import type { XmlElement } from '../xml/read.ts';
import { escapeAttribute } from '../xml/write.ts';
import { responseMessages } from './elements.ts';

/** Names an item in one of its states. */
export interface ItemId {
  readonly id: string;
  readonly changeKey: string | undefined;
}

/** HardDelete for the draft of an attempt, which is of no use to anybody; MoveToDeletedItems in bulk work, where a person may look. */
export type DeleteType = 'HardDelete' | 'MoveToDeletedItems';

/**
 * DeleteItem.
 * https://learn.microsoft.com/exchange/client-developer/web-service-reference/deleteitem-operation
 */
export function deleteItemXml(items: readonly ItemId[], deleteType: DeleteType): string {
  let ids = '';
  for (const { id, changeKey } of items) {
    const key = changeKey === undefined ? '' : ` ChangeKey="${escapeAttribute(changeKey)}"`;
    ids += `<t:ItemId Id="${escapeAttribute(id)}"${key}/>`;
  }
  return `<m:DeleteItem DeleteType="${deleteType}"><m:ItemIds>${ids}</m:ItemIds></m:DeleteItem>`;
}

/** What became of an item: deleted; not there under that id (it may have moved); or kept, as far as the answer tells. */
export type Deletion = 'deleted' | 'not-found' | 'kept';

/** What became of each of the items. An answer that can't be read leaves them; so do more answers than items, which can't be matched. */
export function readDeletions(payload: XmlElement, count: number): readonly Deletion[] {
  const answers = responseMessages(payload, 'DeleteItem') ?? [];
  const messages = answers.length > count ? [] : answers;
  return Array.from({ length: count }, (_, at): Deletion => {
    const message = messages[at];
    if (message?.ok === true) return 'deleted';
    return message !== undefined && ruleOf(message.responseCode).missing === 'item' ? 'not-found' : 'kept';
  });
}
