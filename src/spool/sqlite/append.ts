import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import type { AppendResult, NewSpoolEntry } from '../contract.ts';
import { appendMessage } from '../state/append.ts';
import { viewOf } from '../state/records.ts';
import type { Group } from './group.ts';

/** Appends whole messages; what they resolve with holds once the group is committed. */
export function appendAll(group: Group, messages: readonly (readonly NewSpoolEntry[])[]): AppendResult[] {
  return messages.map((entries) => append(group, entries));
}

function append(group: Group, entries: readonly NewSpoolEntry[]): AppendResult {
  const { tx, now } = group;
  for (const entry of entries) assertStorable(entry);
  const { messageId, ...plan } = appendMessage(tx, entries, now);
  if (plan.status === 'conflict') return { messageId, status: 'conflict' };
  if (plan.status === 'appended') for (const { id, message } of entries) group.attach(id, message);
  const kept = plan.entryIds.flatMap((id) => {
    const record = tx.entry(id);
    return record === undefined ? [] : viewOf(record);
  });
  return { messageId, status: plan.status, entries: kept };
}

/** Half a surrogate pair would come back as another character, and make two ids one. */
function assertStorable({ id, messageId, contentHash, lane, conversationId, recipientsKey, messageClass }: NewSpoolEntry): void {
  for (const text of [id, messageId, contentHash, lane, conversationId, recipientsKey, messageClass]) {
    if (!text.isWellFormed()) {
      throw new OfflineImError('MESSAGE_INVALID', 'An id or an address of the message has half a surrogate pair in it.');
    }
  }
}

/** Lists in parts of so many items in all, never splitting one of the lists. */
export function chunked<Item>(lists: readonly (readonly Item[])[], most: number): (readonly (readonly Item[])[])[] {
  const parts: (readonly Item[])[][] = [];
  let items = most;
  for (const list of lists) {
    if (items + list.length > most) {
      parts.push([]);
      items = 0;
    }
    parts.at(-1)?.push(list);
    items += list.length;
  }
  return parts;
}
