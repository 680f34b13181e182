import { messagesNs, typesNs } from '../../../../ews/xml/namespaces.ts';
import { child, childrenOf, textOf } from '../../../../ews/xml/read.ts';
import { may } from '../../access/rights.ts';
import type { SimulatedFolder } from '../../store/folder.ts';
import { EwsItemError } from '../../xml/ews-errors.ts';
import { folderValue, readFolderShape } from '../../xml/folder-shape.ts';
import { pageOf } from '../../xml/page-view.ts';
import { matches, readRestriction } from '../../xml/restriction.ts';
import { schemaFault } from '../../xml/soap-request.ts';
import { folderIdsIn, mailboxOf, resolveFolder } from '../ids.ts';
import { readProperty } from '../items/item-content.ts';
import { answerEach, type Operation } from '../operation.ts';
import { idOf, requireFree, setPermissions } from './change-folders.ts';

/** Classes of the folders that are created by their element. */
const classes: Readonly<Record<string, string>> = {
  CalendarFolder: 'IPF.Appointment',
  ContactsFolder: 'IPF.Contact',
  TasksFolder: 'IPF.Task',
};

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/createfolder-operation */
export const createFolder: Operation = {
  count: (request) => child(request, messagesNs, 'Folders')?.children.length ?? 0,
  run(request, context) {
    const parentId = folderIdsIn(child(request, messagesNs, 'ParentFolderId'), 'ParentFolderId')[0];
    const folders = child(request, messagesNs, 'Folders')?.children ?? [];
    if (parentId === undefined || folders.length === 0) throw schemaFault("the element 'Folders' has incomplete content.");
    return answerEach(folders, context, '<m:Folders/>', (element) => {
      const parent = resolveFolder(parentId, context, 'make-folders');
      const displayName = textOf(element, typesNs, 'DisplayName') ?? '';
      if (displayName === '') throw new EwsItemError('ErrorFolderSavePropertyError');
      requireFree(parent, displayName);
      const folderClass = textOf(element, typesNs, 'FolderClass') ?? classes[element.name];
      const folder = mailboxOf(parent, context).createFolder(parent, displayName, folderClass);
      for (const property of childrenOf(element, typesNs, 'ExtendedProperty')) folder.properties.push(readProperty(property));
      const permissions = child(element, typesNs, 'PermissionSet');
      if (permissions !== undefined) setPermissions(folder, permissions, context);
      return `<m:Folders>${idOf(folder)}</m:Folders>`;
    });
  },
};

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/getfolder-operation */
export const getFolder: Operation = {
  count: (request) => child(request, messagesNs, 'FolderIds')?.children.length ?? 0,
  run(request, context) {
    const write = readFolderShape(child(request, messagesNs, 'FolderShape'));
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
    const write = readFolderShape(child(request, messagesNs, 'FolderShape'));
    const view = child(request, messagesNs, 'IndexedPageFolderView') ?? child(request, messagesNs, 'FractionalPageFolderView');
    const restricted = child(request, messagesNs, 'Restriction');
    const restriction = restricted && readRestriction(restricted);
    const parents = folderIdsIn(child(request, messagesNs, 'ParentFolderIds'), 'ParentFolderIds');
    return answerEach(parents, context, '', (id) => {
      const parent = resolveFolder(id, context, 'see');
      const mailbox = mailboxOf(parent, context);
      const below = traversal === 'Shallow' ? parent.children : traversal === 'Deep' ? allBelow(parent) : [];
      const shown = below.filter((folder) => may(context, 'see', mailbox, folder));
      const found = shown.filter((f) => restriction === undefined || matches(restriction, (path) => folderValue(f, path)));
      const page = pageOf(found, view);
      return `<m:RootFolder ${page.attributes}><t:Folders>${page.entries.map(write).join('')}</t:Folders></m:RootFolder>`;
    });
  },
};

/** Every folder below, at any depth, parents first. */
export function allBelow(folder: SimulatedFolder): readonly SimulatedFolder[] {
  return folder.children.flatMap((below) => [below, ...allBelow(below)]);
}
