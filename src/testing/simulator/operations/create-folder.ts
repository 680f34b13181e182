import { messagesNs, typesNs } from '../../../ews/xml/namespaces.ts';
import { child, textOf } from '../../../ews/xml/read.ts';
import { EwsItemError } from '../xml/ews-errors.ts';
import { schemaFault } from '../xml/soap-request.ts';
import { folderIdsIn, mailboxOf, resolveFolder } from './ids.ts';
import { answerEach, type Operation } from './operation.ts';

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/createfolder-operation */
export const createFolder: Operation = {
  count: (request) => child(request, messagesNs, 'Folders')?.children.length ?? 0,
  run(request, context) {
    const parentId = folderIdsIn(child(request, messagesNs, 'ParentFolderId'), 'ParentFolderId')[0];
    const folders = child(request, messagesNs, 'Folders')?.children ?? [];
    if (parentId === undefined || folders.length === 0) throw schemaFault("the element 'Folders' has incomplete content.");
    return answerEach(folders, context, '<m:Folders/>', (element) => {
      const parent = resolveFolder(parentId, context);
      const displayName = textOf(element, typesNs, 'DisplayName') ?? '';
      if (displayName === '') throw new EwsItemError('ErrorFolderSavePropertyError');
      const taken = parent.children.some((f) => f.displayName.toLowerCase() === displayName.toLowerCase());
      if (taken) throw new EwsItemError('ErrorFolderExists');
      const folder = mailboxOf(parent, context).createFolder(parent, displayName, textOf(element, typesNs, 'FolderClass'));
      return `<m:Folders><t:Folder><t:FolderId Id="${folder.id}" ChangeKey="AQAAAA=="/></t:Folder></m:Folders>`;
    });
  },
};
