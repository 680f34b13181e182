import { messagesNs } from '../../../../ews/xml/namespaces.ts';
import { child } from '../../../../ews/xml/read.ts';
import type { SimulatedFolder } from '../../store/folder.ts';
import { folderValue, readFolderShape } from '../../xml/folder-shape.ts';
import { pageOf } from '../../xml/page-view.ts';
import { matches, readRestriction } from '../../xml/restriction.ts';
import { schemaFault } from '../../xml/soap-request.ts';
import { folderIdsIn, resolveFolder, shownTo } from '../ids.ts';
import { answerEach, type Operation } from '../operation.ts';
import { idOf, makeFolder, nameIn, requireFree } from './change-folders.ts';

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/createfolder-operation */
export const createFolder: Operation = {
  count: (request) => child(request, messagesNs, 'Folders')?.children.length ?? 0,
  run(request, context) {
    const parentId = folderIdsIn(child(request, messagesNs, 'ParentFolderId'), 'ParentFolderId')[0];
    const folders = child(request, messagesNs, 'Folders')?.children ?? [];
    if (parentId === undefined || folders.length === 0) throw schemaFault("the element 'Folders' has incomplete content.");
    return answerEach(folders, context, '<m:Folders/>', (element) => {
      const parent = resolveFolder(parentId, context, 'make-folders');
      requireFree(parent, nameIn(element));
      const folder = makeFolder(element, parent, context);
      return `<m:Folders>${idOf(folder)}</m:Folders>`;
    });
  },
};

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/getfolder-operation */
export const getFolder: Operation = {
  count: (request) => child(request, messagesNs, 'FolderIds')?.children.length ?? 0,
  run(request, context) {
    const write = readFolderShape(child(request, messagesNs, 'FolderShape'), shownTo(context));
    const ids = folderIdsIn(child(request, messagesNs, 'FolderIds'), 'FolderIds');
    return answerEach(ids, context, '<m:Folders/>', (id) => `<m:Folders>${write(resolveFolder(id, context, 'see'))}</m:Folders>`);
  },
};

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/findfolder-operation */
export const findFolder: Operation = {
  count: (request) => child(request, messagesNs, 'ParentFolderIds')?.children.length ?? 0,
  run(request, context) {
    const traversal = request.attributes.get('Traversal');
    if (traversal !== 'Shallow' && traversal !== 'Deep' && traversal !== 'SoftDeleted') {
      throw schemaFault("the required attribute 'Traversal' is missing or unknown.");
    }
    const shows = shownTo(context);
    const write = readFolderShape(child(request, messagesNs, 'FolderShape'), shows);
    const view = child(request, messagesNs, 'IndexedPageFolderView') ?? child(request, messagesNs, 'FractionalPageFolderView');
    const restricted = child(request, messagesNs, 'Restriction');
    const restriction = restricted && readRestriction(restricted);
    const parents = folderIdsIn(child(request, messagesNs, 'ParentFolderIds'), 'ParentFolderIds');
    return answerEach(parents, context, '', (id) => {
      const parent = resolveFolder(id, context, 'see');
      const below = traversal === 'Shallow' ? parent.children : traversal === 'Deep' ? allBelow(parent) : [];
      const shown = below.filter(shows);
      const found = shown.filter((f) => restriction === undefined || matches(restriction, (path) => folderValue(f, path, shows)));
      const page = pageOf(found, view);
      return `<m:RootFolder ${page.attributes}><t:Folders>${page.entries.map(write).join('')}</t:Folders></m:RootFolder>`;
    });
  },
};

/** Every folder below, at any depth, parents first. */
export function allBelow(folder: SimulatedFolder): readonly SimulatedFolder[] {
  return folder.children.flatMap((below) => [below, ...allBelow(below)]);
}
