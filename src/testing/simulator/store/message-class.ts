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
export function showsInConversationHistory(itemClass: string): boolean {
  return conversation.some((parent) => isBelow(itemClass, parent));
}
