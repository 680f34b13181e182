import { messagesNs, typesNs } from '../../../../ews/xml/namespaces.ts';
import { child, childrenOf, textOf, type XmlElement } from '../../../../ews/xml/read.ts';
import { readPermissions } from '../../access/folder-permissions.ts';
import { keyOfPath } from '../../store/extended-property.ts';
import type { SimulatedFolder } from '../../store/folder.ts';
import { EwsItemError } from '../../xml/ews-errors.ts';
import { folderElement } from '../../xml/folder-shape.ts';
import { isPropertyPath, readPropertyPath } from '../../xml/property-path.ts';
import { schemaFault } from '../../xml/soap-request.ts';
import { isTrue } from '../../xml/written-element.ts';
import { folderIdsIn, mailboxOf, resolveFolder } from '../ids.ts';
import { readProperty } from '../items/item-content.ts';
import { answerEach, type Operation, type OperationContext } from '../operation.ts';

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/updatefolder-operation */
export const updateFolder: Operation = {
  count: (request) => child(request, messagesNs, 'FolderChanges')?.children.length ?? 0,
  run(request, context) {
    const changes = child(request, messagesNs, 'FolderChanges')?.children ?? [];
    if (changes.length === 0) throw schemaFault("the element 'FolderChanges' has incomplete content.");
    return answerEach(changes, context, '<m:Folders/>', (change) => {
      const id = change.children.find(({ name }) => name === 'FolderId' || name === 'DistinguishedFolderId');
      if (id === undefined) throw schemaFault("the element 'FolderChange' has no folder id.");
      const folder = resolveFolder(id, context, 'own');
      for (const update of child(change, typesNs, 'Updates')?.children ?? []) applyUpdate(update, folder, context);
      return `<m:Folders>${idOf(folder)}</m:Folders>`;
    });
  },
};

function applyUpdate(update: XmlElement, folder: SimulatedFolder, context: OperationContext): void {
  const named = update.children.find(isPropertyPath);
  if (named === undefined) throw schemaFault(`the element 'Updates' has invalid child element '${update.name}'.`);
  const path = readPropertyPath(named);
  const value = update.children.find((one) => !isPropertyPath(one))?.children[0];
  if (path.kind === 'extended') {
    const key = keyOfPath(path.path);
    const at = folder.properties.findIndex((one) => keyOfPath(one.path) === key);
    if (at !== -1) folder.properties.splice(at, 1);
    if (update.name === 'SetFolderField' && value !== undefined) folder.properties.push(readProperty(value));
    mailboxOf(folder, context).updateFolder(folder, {});
    return;
  }
  if (path.uri === 'folder:PermissionSet') {
    setPermissions(folder, update.name === 'SetFolderField' ? value : undefined, context);
    mailboxOf(folder, context).updateFolder(folder, {});
    return;
  }
  if (update.name !== 'SetFolderField' || value === undefined) {
    throw new EwsItemError('ErrorInvalidPropertyDelete', `${path.uri} can't be deleted.`);
  }
  if (path.uri === 'folder:DisplayName') {
    requireFree(folder.parent, value.text, folder);
    mailboxOf(folder, context).updateFolder(folder, { displayName: value.text });
  } else if (path.uri === 'folder:FolderClass') {
    mailboxOf(folder, context).updateFolder(folder, { folderClass: value.text });
  } else {
    throw new EwsItemError('ErrorInvalidPropertySet', `${path.uri} can't be set.`);
  }
}

/** Keeps `t:PermissionSet`; without one the folder has those of a new folder. */
function setPermissions(folder: SimulatedFolder, set: XmlElement | undefined, { exchange }: OperationContext): void {
  const calendar = folderElement(folder) === 'CalendarFolder';
  folder.permissions = set && readPermissions(set, calendar, exchange);
}

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/deletefolder-operation */
export const deleteFolder: Operation = {
  count: (request) => child(request, messagesNs, 'FolderIds')?.children.length ?? 0,
  run(request, context) {
    const type = deleteTypeOf(request);
    return answerEach(folderIdsIn(child(request, messagesNs, 'FolderIds'), 'FolderIds'), context, '', (id) => {
      const folder = resolveFolder(id, context, 'own');
      if (folder.distinguished !== undefined) throw new EwsItemError('ErrorDeleteDistinguishedFolder');
      const mailbox = mailboxOf(folder, context);
      if (type === 'MoveToDeletedItems') mailbox.moveFolder(folder, mailbox.folder('deleteditems'));
      else mailbox.removeFolder(folder);
      return '';
    });
  },
};

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/emptyfolder-operation */
export const emptyFolder: Operation = {
  count: (request) => child(request, messagesNs, 'FolderIds')?.children.length ?? 0,
  run(request, context) {
    const type = deleteTypeOf(request);
    const below = isTrue(request.attributes.get('DeleteSubFolders'));
    return answerEach(folderIdsIn(child(request, messagesNs, 'FolderIds'), 'FolderIds'), context, '', (id) => {
      const folder = resolveFolder(id, context, below ? 'own' : 'delete');
      // They are neither moved nor deleted; Deleted Items itself would be moved into itself.
      if (below && holdsWellKnown(folder))
        throw new EwsItemError('ErrorCannotEmptyFolder', 'It contains default folders of the mailbox.');
      const mailbox = mailboxOf(folder, context);
      for (const item of folder.items) {
        if (type === 'HardDelete') mailbox.remove(item);
        else mailbox.move(item, type === 'SoftDelete' ? 'recoverableitemsdeletions' : 'deleteditems');
      }
      if (!below) return '';
      for (const one of [...folder.children]) {
        if (type === 'MoveToDeletedItems' && folder.distinguished !== 'deleteditems')
          mailbox.moveFolder(one, mailbox.folder('deleteditems'));
        else mailbox.removeFolder(one);
      }
      return '';
    });
  },
};

const holdsWellKnown = ({ children }: SimulatedFolder): boolean =>
  children.some((one) => one.distinguished !== undefined || holdsWellKnown(one));

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/movefolder-operation */
export const moveFolder: Operation = transfer('move');

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/copyfolder-operation */
export const copyFolder: Operation = transfer('copy');

function transfer(verb: 'move' | 'copy'): Operation {
  return {
    count: (request) => child(request, messagesNs, 'FolderIds')?.children.length ?? 0,
    run(request, context) {
      const toId = folderIdsIn(child(request, messagesNs, 'ToFolderId'), 'ToFolderId')[0];
      return answerEach(folderIdsIn(child(request, messagesNs, 'FolderIds'), 'FolderIds'), context, '<m:Folders/>', (id) => {
        if (toId === undefined) throw schemaFault("the element 'ToFolderId' is missing.");
        const to = resolveFolder(toId, context, 'make-folders');
        const folder = resolveFolder(id, context, verb === 'move' ? 'own' : 'read');
        const mailbox = mailboxOf(folder, context);
        if (folder.distinguished !== undefined && verb === 'move') throw new EwsItemError('ErrorMoveDistinguishedFolder');
        // A folder inside itself would have no end.
        for (let above: SimulatedFolder | undefined = to; above !== undefined; above = above.parent) {
          if (above === folder)
            throw new EwsItemError('ErrorMoveCopyFailed', 'A folder can neither be moved nor copied into itself.');
        }
        if (mailboxOf(to, context) !== mailbox) throw new EwsItemError('ErrorCrossMailboxMoveCopy');
        requireFree(to, folder.displayName, verb === 'move' ? folder : undefined);
        if (verb === 'copy') return `<m:Folders>${idOf(mailbox.copyFolder(folder, to))}</m:Folders>`;
        mailbox.moveFolder(folder, to);
        return `<m:Folders>${idOf(folder)}</m:Folders>`;
      });
    },
  };
}

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/createfolderpath-operation */
export const createFolderPath: Operation = {
  count: (request) => child(request, messagesNs, 'RelativeFolderPath')?.children.length ?? 0,
  run(request, context) {
    const parentId = folderIdsIn(child(request, messagesNs, 'ParentFolderId'), 'ParentFolderId')[0];
    const path = child(request, messagesNs, 'RelativeFolderPath')?.children ?? [];
    if (parentId === undefined || path.length === 0)
      throw schemaFault("the element 'RelativeFolderPath' has incomplete content.");
    let parent: SimulatedFolder | undefined;
    return answerEach(path, context, '<m:Folders/>', (element) => {
      const above = parent ?? resolveFolder(parentId, context, 'make-folders');
      const displayName = nameIn(element);
      const there = above.children.find((one) => sameName(one.displayName, displayName));
      parent = there ?? makeFolder(element, above, context);
      return `<m:Folders>${idOf(parent)}</m:Folders>`;
    });
  },
};

/** Classes of the folders that are created by their element. */
const classes: Readonly<Record<string, string>> = {
  CalendarFolder: 'IPF.Appointment',
  ContactsFolder: 'IPF.Contact',
  TasksFolder: 'IPF.Task',
};
const settable: ReadonlySet<string> = new Set(['DisplayName', 'FolderClass', 'ExtendedProperty', 'PermissionSet']);

export function nameIn(element: XmlElement): string {
  const displayName = textOf(element, typesNs, 'DisplayName') ?? '';
  if (displayName === '') throw new EwsItemError('ErrorFolderSavePropertyError');
  return displayName;
}

/** Makes a folder with all that its element says; what it can't have, or what the server counts itself, is refused before anything is made. */
export function makeFolder(element: XmlElement, parent: SimulatedFolder, context: OperationContext): SimulatedFolder {
  const other = element.children.find(({ name }) => !settable.has(name));
  if (other !== undefined) throw new EwsItemError('ErrorInvalidPropertySet', `folder:${other.name} can't be set.`);
  const properties = childrenOf(element, typesNs, 'ExtendedProperty').map(readProperty);
  const folderClass = textOf(element, typesNs, 'FolderClass') ?? classes[element.name];
  const folder = mailboxOf(parent, context).createFolder(parent, nameIn(element), folderClass);
  folder.properties.push(...properties);
  const permissions = child(element, typesNs, 'PermissionSet');
  if (permissions !== undefined) setPermissions(folder, permissions, context);
  return folder;
}

/** Throws when another folder below `parent` has that name already. */
export function requireFree(parent: SimulatedFolder | undefined, name: string, except?: SimulatedFolder): void {
  const taken = parent?.children.some((one) => one !== except && sameName(one.displayName, name)) === true;
  if (taken) throw new EwsItemError('ErrorFolderExists');
}

/** A folder's element with nothing but its id. */
export function idOf(folder: SimulatedFolder): string {
  const element = folderElement(folder);
  return `<t:${element}><t:FolderId Id="${folder.id}" ChangeKey="${folder.changeKey}"/></t:${element}>`;
}

const sameName = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

function deleteTypeOf(request: XmlElement): 'HardDelete' | 'SoftDelete' | 'MoveToDeletedItems' {
  const type = request.attributes.get('DeleteType');
  if (type === 'HardDelete' || type === 'SoftDelete' || type === 'MoveToDeletedItems') return type;
  throw schemaFault("the required attribute 'DeleteType' is missing or unknown.");
}
