import { messagesNs } from '../../../ews/xml/namespaces.ts';
import { child } from '../../../ews/xml/read.ts';
import { readFolderShape } from '../xml/folder-shape.ts';
import { folderIdsIn, resolveFolder } from './ids.ts';
import { answerEach, type Operation } from './operation.ts';

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/getfolder-operation */
export const getFolder: Operation = {
  count: (request) => child(request, messagesNs, 'FolderIds')?.children.length ?? 0,
  run(request, context) {
    const write = readFolderShape(child(request, messagesNs, 'FolderShape'));
    const ids = folderIdsIn(child(request, messagesNs, 'FolderIds'), 'FolderIds');
    return answerEach(ids, context, '<m:Folders/>', (id) => `<m:Folders>${write(resolveFolder(id, context))}</m:Folders>`);
  },
};
