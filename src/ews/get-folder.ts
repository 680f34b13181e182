import { folderIdXml } from './operations/folder-id.ts';

/**
 * GetFolder, to see whether a folder is there.
 * https://learn.microsoft.com/exchange/client-developer/web-service-reference/getfolder-operation
 */
export function getFolderXml(folder: string, mailbox: string): string {
  return `<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:FolderIds>${folderIdXml(folder, mailbox)}</m:FolderIds></m:GetFolder>`;
}
