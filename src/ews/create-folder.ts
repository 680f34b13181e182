import { distinguishedFolder } from './operations/folder-id.ts';
import { type FoundFolder, firstFolderId } from './operations/folders.ts';
import { responseMessages } from './operations/response-messages.ts';
import { messagesNs } from './xml/namespaces.ts';
import { child, type XmlElement } from './xml/read.ts';
import { escapeText } from './xml/write.ts';

/** The class that Exchange itself gives Conversation History; below IPF.Note, so that every client shows it as a mail folder. */
const folderClass = 'IPF.Note.Microsoft.Conversation';

/**
 * CreateFolder, directly below the top of a mailbox.
 * https://learn.microsoft.com/exchange/client-developer/web-service-reference/createfolder-operation
 */
export function createFolderXml(displayName: string, mailbox: string): string {
  return (
    `<m:CreateFolder><m:ParentFolderId>${distinguishedFolder('msgfolderroot', mailbox)}</m:ParentFolderId><m:Folders><t:Folder>` +
    `<t:FolderClass>${folderClass}</t:FolderClass><t:DisplayName>${escapeText(displayName)}</t:DisplayName></t:Folder></m:Folders></m:CreateFolder>`
  );
}

/** The folder that was made; undefined when the response is not the answer to it. */
export function readCreatedFolder(payload: XmlElement): FoundFolder {
  const message = responseMessages(payload, 'CreateFolder')?.[0];
  if (message === undefined) return undefined;
  if (!message.ok) return { responseCode: message.responseCode };
  return { id: firstFolderId(child(message.element, messagesNs, 'Folders')) };
}
