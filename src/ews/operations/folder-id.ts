import { knowsConversationHistory } from '../client/versions.ts';
import type { EwsServerVersion } from '../options.ts';
import { escapeAttribute, escapeText } from '../xml/write.ts';

/** What a folder is called here and in `place.folder`: a distinguished name, or `id:` and the id that the server gave it. */
const idMark = 'id:';

/** The folder with that id, as places and searches name it. */
export function folderById(id: string): string {
  return idMark + id;
}

/** True for a folder that is named by its id. */
export function isById(folder: string): boolean {
  return folder.startsWith(idMark);
}

/** A folder of a mailbox, by name or id. An id says by itself which mailbox it belongs to. */
export function folderIdXml(folder: string, mailbox: string): string {
  if (isById(folder)) return `<t:FolderId Id="${escapeAttribute(folder.slice(idMark.length))}"/>`;
  return distinguishedFolder(folder, mailbox);
}

/** False for a name that the schema of that version does not have. */
export function isSayable(folder: string, version: EwsServerVersion): boolean {
  return folder !== 'conversationhistory' || knowsConversationHistory(version);
}

/**
 * A well-known folder of a mailbox. The mailbox is named even where it is the login's own: with delegate access the folder
 * would otherwise be the delegate's, and the copy would stay in Drafts.
 */
export function distinguishedFolder(folder: string, mailbox: string): string {
  const address = escapeText(mailbox);
  return `<t:DistinguishedFolderId Id="${escapeAttribute(folder)}"><t:Mailbox><t:EmailAddress>${address}</t:EmailAddress></t:Mailbox></t:DistinguishedFolderId>`;
}
