import type { XmlElement } from '../xml/read.ts';
import { escapeAttribute } from '../xml/write.ts';
import { responseMessages } from './response-messages.ts';

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

/** Which of the items are gone now: deleted, or not there any more. */
export function deletedItems(payload: XmlElement, count: number): readonly boolean[] {
  const messages = responseMessages(payload, 'DeleteItem') ?? [];
  return Array.from(
    { length: count },
    (_, at) => messages[at]?.ok === true || messages[at]?.responseCode === 'ErrorItemNotFound',
  );
}
