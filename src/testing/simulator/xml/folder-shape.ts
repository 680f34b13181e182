import { typesNs } from '../../../ews/xml/namespaces.ts';
import { child, textOf, type XmlElement } from '../../../ews/xml/read.ts';
import { escapeAttribute, escapeText } from '../../../ews/xml/write.ts';
import type { SimulatedFolder } from '../store/folder.ts';
import { type PropertyPath, readPropertyPath } from './property-path.ts';
import { schemaFault } from './soap-request.ts';

/** Writes a folder with the properties a client asked for. */
export type FolderWriter = (folder: SimulatedFolder) => string;

/** Reads `m:FolderShape`. */
export function readFolderShape(element: XmlElement | undefined): FolderWriter {
  if (element === undefined) throw schemaFault("the element 'FolderShape' is missing.");
  const base = textOf(element, typesNs, 'BaseShape');
  if (base !== 'IdOnly' && base !== 'Default' && base !== 'AllProperties') {
    throw schemaFault(`the 'BaseShape' element is invalid: the value '${base ?? ''}' is not known.`);
  }
  const asked = new Set<string>();
  for (const path of (child(element, typesNs, 'AdditionalProperties')?.children ?? []).map(readPropertyPath)) {
    if (path.kind === 'field') asked.add(path.uri);
  }
  const wants = (uri: string, inDefault: boolean): boolean =>
    asked.has(uri) || base === 'AllProperties' || (base === 'Default' && inDefault);
  return (folder) => {
    const parts = [`<t:FolderId Id="${folder.id}" ChangeKey="AQAAAA=="/>`];
    for (const { uri, inDefault, xml } of fields) if (wants(uri, inDefault)) parts.push(xml(folder));
    return `<t:Folder>${parts.join('')}</t:Folder>`;
  };
}

/** What a folder restriction compares. */
export function folderValue(folder: SimulatedFolder, path: PropertyPath): string | undefined {
  if (path.kind === 'extended') return path.path.tag === 0x3001 ? folder.displayName : undefined;
  switch (path.uri) {
    case 'folder:DisplayName':
      return folder.displayName;
    case 'folder:FolderClass':
      return folder.folderClass;
    case 'folder:TotalCount':
      return String(folder.size);
    case 'folder:ChildFolderCount':
      return String(folder.children.length);
    default:
      return undefined;
  }
}

/** In the order of the schema. */
const fields: readonly { uri: string; inDefault: boolean; xml: (folder: SimulatedFolder) => string }[] = [
  {
    uri: 'folder:ParentFolderId',
    inDefault: false,
    xml: (f) => (f.parent === undefined ? '' : `<t:ParentFolderId Id="${f.parent.id}" ChangeKey="AQAAAA=="/>`),
  },
  { uri: 'folder:FolderClass', inDefault: false, xml: (f) => `<t:FolderClass>${escapeText(f.folderClass)}</t:FolderClass>` },
  { uri: 'folder:DisplayName', inDefault: true, xml: (f) => `<t:DisplayName>${escapeText(f.displayName)}</t:DisplayName>` },
  { uri: 'folder:TotalCount', inDefault: true, xml: (f) => `<t:TotalCount>${f.size}</t:TotalCount>` },
  {
    uri: 'folder:ChildFolderCount',
    inDefault: true,
    xml: (f) => `<t:ChildFolderCount>${f.children.length}</t:ChildFolderCount>`,
  },
  {
    uri: 'folder:DistinguishedFolderId',
    inDefault: false,
    xml: (f) =>
      f.distinguished === undefined
        ? ''
        : `<t:DistinguishedFolderId>${escapeAttribute(f.distinguished)}</t:DistinguishedFolderId>`,
  },
  {
    uri: 'folder:UnreadCount',
    inDefault: true,
    xml: (f) => `<t:UnreadCount>${f.items.filter((i) => !i.isRead).length}</t:UnreadCount>`,
  },
];
