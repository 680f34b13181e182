import { typesNs } from '../../../ews/xml/namespaces.ts';
import { child, textOf, type XmlElement } from '../../../ews/xml/read.ts';
import { escapeAttribute, escapeText } from '../../../ews/xml/write.ts';
import { defaultPermissions } from '../access/folder-permissions.ts';
import type { ExtendedFieldPath } from '../store/extended-property.ts';
import type { SimulatedFolder } from '../store/folder.ts';
import { effectiveRights, iso } from './item-fields.ts';
import { valueIn, writeProperty } from './item-shape.ts';
import { type PropertyPath, readPropertyPath } from './property-path.ts';
import { schemaFault } from './soap-request.ts';

/** Writes a folder with the properties a client asked for. */
export type FolderWriter = (folder: SimulatedFolder) => string;

/** Whether somebody may see a folder: what may not be seen is not counted either. */
export type Shows = (folder: SimulatedFolder) => boolean;

/** Reads `m:FolderShape`. */
export function readFolderShape(element: XmlElement | undefined, shows: Shows): FolderWriter {
  if (element === undefined) throw schemaFault("the element 'FolderShape' is missing.");
  const base = textOf(element, typesNs, 'BaseShape');
  if (base !== 'IdOnly' && base !== 'Default' && base !== 'AllProperties') {
    throw schemaFault(`the 'BaseShape' element is invalid: the value '${base ?? ''}' is not known.`);
  }
  const paths = (child(element, typesNs, 'AdditionalProperties')?.children ?? []).map(readPropertyPath);
  const asked = new Set(paths.flatMap((path) => (path.kind === 'field' ? [path.uri] : [])));
  const extended = paths.flatMap((path) => (path.kind === 'extended' ? [path.path] : []));
  const wants = ({ uri, shapes }: FolderField): boolean =>
    asked.has(uri) || (base === 'AllProperties' && shapes !== 'asked') || (base === 'Default' && shapes === 'default');
  return (folder) => {
    const kind = folderElement(folder);
    let inner = `<t:FolderId Id="${folder.id}" ChangeKey="${folder.changeKey}"/>`;
    for (const field of fields) {
      if (field.uri === 'ExtendedProperty')
        for (const path of extended) inner += writeProperty(path, folderTag(folder, path, shows));
      else if (wants(field) && (field.of === undefined || field.of.includes(kind))) inner += field.xml(folder, shows);
    }
    return `<t:${kind}>${inner}</t:${kind}>`;
  };
}

/** The element a folder is written as: by its class. */
export function folderElement({ folderClass }: SimulatedFolder): string {
  if (/^IPF\.Appointment\b/i.test(folderClass)) return 'CalendarFolder';
  if (/^IPF\.Contact\b/i.test(folderClass)) return 'ContactsFolder';
  return /^IPF\.Task\b/i.test(folderClass) ? 'TasksFolder' : 'Folder';
}

/** What a folder restriction compares. */
export function folderValue(folder: SimulatedFolder, path: PropertyPath, shows: Shows): string | readonly string[] | undefined {
  if (path.kind === 'extended') return folderTag(folder, path.path, shows);
  switch (path.uri) {
    case 'folder:FolderId':
      return folder.id;
    case 'folder:DisplayName':
      return folder.displayName;
    case 'folder:FolderClass':
      return folder.folderClass;
    case 'folder:TotalCount':
      return String(folder.size);
    case 'folder:UnreadCount':
      return String(folder.unread);
    case 'folder:ChildFolderCount':
      return String(folder.children.filter(shows).length);
    default:
      return undefined;
  }
}

/** Property tags that stand for something every folder has. */
const folderTags: ReadonlyMap<number, Told> = new Map<number, Told>([
  [0x0e08, (f) => String(f.size * 1024)],
  [0x0ff9, (f) => btoa(f.id)],
  [0x10f3, (f) => encodeURIComponent(f.displayName.toWellFormed())],
  [0x3001, (f) => f.displayName],
  [0x3008, (f) => iso(f.lastChange)],
  [0x3602, (f) => String(f.size)],
  [0x3603, (f) => String(f.unread)],
  [0x360a, (f, shows) => String(f.children.some(shows))],
  [0x3613, (f) => f.folderClass],
  [0x670a, (f) => iso(f.lastChange)],
  [0x6751, (f) => String(f.lastUid + 1)],
  [0x6752, (f) => String(f.deletedCount)],
]);

type Told = (folder: SimulatedFolder, shows: Shows) => string;

function folderTag(folder: SimulatedFolder, path: ExtendedFieldPath, shows: Shows): string | readonly string[] | undefined {
  const known = path.tag === undefined ? undefined : folderTags.get(path.tag);
  return known === undefined ? valueIn(folder.properties, path) : known(folder, shows);
}

interface FolderField {
  readonly uri: string;
  readonly shapes: 'default' | 'all' | 'asked';
  readonly xml: Told;
  /** Which folder elements can have it. @default all */
  readonly of?: readonly string[];
}

/** In the order of the schema. */
const fields: readonly FolderField[] = [
  {
    uri: 'folder:ParentFolderId',
    shapes: 'all',
    xml: (f) => (f.parent === undefined ? '' : `<t:ParentFolderId Id="${f.parent.id}" ChangeKey="${f.parent.changeKey}"/>`),
  },
  { uri: 'folder:FolderClass', shapes: 'all', xml: (f) => `<t:FolderClass>${escapeText(f.folderClass)}</t:FolderClass>` },
  { uri: 'folder:DisplayName', shapes: 'default', xml: (f) => `<t:DisplayName>${escapeText(f.displayName)}</t:DisplayName>` },
  { uri: 'folder:TotalCount', shapes: 'default', xml: (f) => `<t:TotalCount>${f.size}</t:TotalCount>` },
  {
    uri: 'folder:ChildFolderCount',
    shapes: 'default',
    xml: (f, shows) => `<t:ChildFolderCount>${f.children.filter(shows).length}</t:ChildFolderCount>`,
  },
  { uri: 'ExtendedProperty', shapes: 'asked', xml: () => '' },
  { uri: 'folder:EffectiveRights', shapes: 'asked', xml: () => effectiveRights },
  {
    uri: 'folder:DistinguishedFolderId',
    shapes: 'all',
    xml: (f) =>
      f.distinguished === undefined
        ? ''
        : `<t:DistinguishedFolderId>${escapeAttribute(f.distinguished)}</t:DistinguishedFolderId>`,
  },
  {
    uri: 'folder:PermissionSet',
    shapes: 'asked',
    xml: (f) => f.permissions ?? defaultPermissions(folderElement(f) === 'CalendarFolder'),
  },
  {
    uri: 'folder:UnreadCount',
    shapes: 'default',
    of: ['Folder', 'TasksFolder'],
    xml: (f) => `<t:UnreadCount>${f.unread}</t:UnreadCount>`,
  },
];
