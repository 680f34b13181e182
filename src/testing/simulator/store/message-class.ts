import type { SimulatedFolder } from './folder.ts';
import type { SimulatedItem } from './item.ts';

/**
 * Which class shows where, by the simulator's own table: it judges what the library sends, so it does not ask the library.
 */
const missed: readonly string[] = [
  'im.note.missedconversation',
  'im.note.misssedconversation', // the documentation's spelling, once
  'ipm.note.microsoft.missed',
];

const conversation: readonly string[] = [...missed, 'ipm.note.microsoft.conversation', 'ipm.skypeteams.message'];

/** Whether a class is `parent` or derived from it. */
export function isBelow(itemClass: string, parent: string): boolean {
  const own = itemClass.toLowerCase();
  const base = parent.toLowerCase();
  return own === base || own.startsWith(`${base}.`);
}

/** Outlook's search folder Missed Conversations shows it. */
export function showsInMissedConversations(itemClass: string): boolean {
  return missed.some((parent) => isBelow(itemClass, parent));
}

/** The conversation history, which clients' recent lists read, shows it. */
function showsInConversationHistory(itemClass: string): boolean {
  return conversation.some((parent) => isBelow(itemClass, parent));
}

/** Folders whose items a search folder of Outlook leaves out. */
const hidden: ReadonlySet<string> = new Set(['deleteditems', 'drafts', 'outbox', 'junkemail']);

/** The items that a search folder of Outlook looks at: no drafts, nothing in a folder it leaves out. */
export function shownItems(folders: readonly SimulatedFolder[]): readonly SimulatedItem[] {
  return folders
    .filter((f) => !hidden.has(f.label) && !f.label.startsWith('recoverableitems'))
    .flatMap((f) => f.items.filter((item) => !item.isDraft));
}

/** The class of Conversation History, in every language. */
const historyClass = 'IPF.Note.Microsoft.Conversation';

/** What lies in Conversation History, and the conversation notes that have arrived. */
export function shownAsHistory(folders: readonly SimulatedFolder[]): readonly SimulatedItem[] {
  const byClass = folders.find(({ folderClass }) => folderClass === historyClass);
  const history = byClass ?? folders.find(({ displayName }) => displayName.toLowerCase() === 'conversation history');
  return shownItems(folders).filter(
    (item) => item.folderId === history?.id || (!item.isFromMe && showsInConversationHistory(item.itemClass)),
  );
}
