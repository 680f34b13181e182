import { messagesNs, typesNs } from '../xml/namespaces.ts';
import { child, type XmlElement } from '../xml/read.ts';
import { escapeAttribute, escapeText } from '../xml/write.ts';
import { distinguishedFolder, folderIdXml } from './folder-id.ts';
import { responseMessages } from './response-messages.ts';

/**
 * FindFolder by display name, directly below the top of a mailbox.
 * https://learn.microsoft.com/exchange/client-developer/web-service-reference/findfolder-operation
 */
export function findFolderXml(displayName: string, mailbox: string): string {
  return (
    '<m:FindFolder Traversal="Shallow"><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape>' +
    '<m:IndexedPageFolderView MaxEntriesReturned="10" Offset="0" BasePoint="Beginning"/>' +
    '<m:Restriction><t:IsEqualTo><t:FieldURI FieldURI="folder:DisplayName"/><t:FieldURIOrConstant>' +
    `<t:Constant Value="${escapeAttribute(displayName)}"/></t:FieldURIOrConstant></t:IsEqualTo></m:Restriction>` +
    `<m:ParentFolderIds>${distinguishedFolder('msgfolderroot', mailbox)}</m:ParentFolderIds></m:FindFolder>`
  );
}

/** What a search for one folder showed; undefined when the response is not the answer to it. */
export type FoundFolder = { readonly id: string | undefined } | { readonly responseCode: string } | undefined;

/** The first folder of the answer. */
export function readFoundFolder(payload: XmlElement): FoundFolder {
  const message = responseMessages(payload, 'FindFolder')?.[0];
  if (message === undefined) return undefined;
  if (!message.ok) return { responseCode: message.responseCode };
  const root = child(message.element, messagesNs, 'RootFolder');
  return root === undefined ? undefined : { id: firstFolderId(child(root, typesNs, 'Folders')) };
}

/** The id of the first folder in a list. */
export function firstFolderId(folders: XmlElement | undefined): string | undefined {
  for (const folder of folders?.children ?? []) {
    const id = child(folder, typesNs, 'FolderId')?.attributes.get('Id');
    if (id !== undefined && id !== '') return id;
  }
  return undefined;
}

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

/**
 * GetFolder, to see whether a folder is there.
 * https://learn.microsoft.com/exchange/client-developer/web-service-reference/getfolder-operation
 */
export function getFolderXml(folder: string, mailbox: string): string {
  return `<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:FolderIds>${folderIdXml(folder, mailbox)}</m:FolderIds></m:GetFolder>`;
}
