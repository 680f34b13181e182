import { messagesNs, typesNs } from '../xml/namespaces.ts';
import { child, type XmlElement } from '../xml/read.ts';
import { escapeAttribute } from '../xml/write.ts';
import { distinguishedFolder } from './folder-id.ts';
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
