import { messagesNs, typesNs } from '../xml/namespaces.ts';
import { child, childrenOf, type XmlElement } from '../xml/read.ts';
import { escapeAttribute, escapeText } from '../xml/write.ts';
import { distinguishedFolder, folderIdXml, responseMessages } from './elements.ts';

/** The class that Exchange and Lync give Conversation History; below IPF.Note, so that every client shows it as a mail folder. */
const historyClass = 'IPF.Note.Microsoft.Conversation';
/** Its name where nothing translated it. */
const historyName = 'Conversation History';

/** How a look-up tells Conversation History: by its class, which is the same in every language, or its name; or by its name only. */
export type HistoryCriterion = 'class-or-name' | 'name';

/** An error that an answer gives of a folder. */
export interface FolderError {
  readonly responseCode: string;
  readonly element: XmlElement;
}

const criteria: Readonly<Record<HistoryCriterion, string>> = {
  'class-or-name': `<t:Or>${isEqualTo('FolderClass', historyClass)}${isEqualTo('DisplayName', historyName)}</t:Or>`,
  name: isEqualTo('DisplayName', historyName),
};

function isEqualTo(field: string, value: string): string {
  return `<t:IsEqualTo><t:FieldURI FieldURI="folder:${field}"/><t:FieldURIOrConstant><t:Constant Value="${escapeAttribute(value)}"/></t:FieldURIOrConstant></t:IsEqualTo>`;
}

/**
 * FindFolder for Conversation History, directly below the top of a mailbox.
 * https://learn.microsoft.com/exchange/client-developer/web-service-reference/findfolder-operation
 */
export function findHistoryXml(criterion: HistoryCriterion, mailbox: string): string {
  return findFolderXml({ parent: 'msgfolderroot', mailbox, criterion, traversal: 'Shallow', offset: 0, pageSize: 10 });
}

/** Folders to find below another. */
export interface FolderQuery {
  readonly parent: string;
  readonly mailbox: string;
  /** Undefined for every folder. */
  readonly criterion: HistoryCriterion | undefined;
  readonly offset: number;
}

const pageSize = 500;

/** FindFolder at any depth. */
export function findBelowXml(query: FolderQuery): string {
  return findFolderXml({ ...query, traversal: 'Deep', pageSize });
}

function findFolderXml(query: FolderQuery & { readonly traversal: 'Shallow' | 'Deep'; readonly pageSize: number }): string {
  const { criterion } = query;
  return (
    `<m:FindFolder Traversal="${query.traversal}"><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>` +
    '<t:FieldURI FieldURI="folder:FolderClass"/><t:FieldURI FieldURI="folder:DisplayName"/></t:AdditionalProperties></m:FolderShape>' +
    `<m:IndexedPageFolderView MaxEntriesReturned="${query.pageSize}" Offset="${query.offset}" BasePoint="Beginning"/>` +
    (criterion === undefined ? '' : `<m:Restriction>${criteria[criterion]}</m:Restriction>`) +
    `<m:ParentFolderIds>${distinguishedFolder(query.parent, query.mailbox)}</m:ParentFolderIds></m:FindFolder>`
  );
}

/**
 * What an answer shows of one folder: its id, or that there is none; the code and message of an error; `undefined` when it
 * can't be read: not the answer to the request, or matches that can't be told.
 */
export type FoundFolder = { readonly id: string | undefined } | FolderError | undefined;

/**
 * Conversation History in a FindFolder answer. A search without a match may come without RootFolder, and a match without
 * the properties that were asked for: the schema makes them optional.
 */
export function readFoundHistory(payload: XmlElement): FoundFolder {
  const found = readFindFolder(payload);
  if (found === undefined || 'responseCode' in found) return found;
  const { root, folders } = found;
  const ranked = folders.map((folder) => ({ id: idOf(folder), rank: historyRank(folder) })).filter(({ rank }) => rank > 0);
  ranked.sort((a, b) => b.rank - a.rank);
  const [best, next] = ranked;
  if (best === undefined) return isWhole(root, folders.length) ? { id: undefined } : undefined;
  // Two folders without class and name: the server ignored the restriction, or doesn't tell which of them it is.
  return best.id === undefined || (best.rank === 1 && next !== undefined) ? undefined : { id: best.id };
}

/** A page of folders. `next`: where the following one begins, if there are more. */
export interface FolderIdsPage {
  /** Whether each is a Conversation History, by class or name. */
  readonly ids: ReadonlyMap<string, boolean>;
  readonly next: number | undefined;
}

/** The folders in an answer to {@link findBelowXml}, as far as they meet its criterion; `undefined` if it shows fewer than it claims. */
export function readFoldersBelow(
  payload: XmlElement,
  { criterion, offset }: FolderQuery,
): FolderIdsPage | FolderError | undefined {
  const found = readFindFolder(payload);
  if (found === undefined || 'responseCode' in found) return found;
  const { root, folders } = found;
  const ids = new Map<string, boolean>();
  for (const folder of folders) {
    const isHistory = historyRank(folder) > 0;
    if (!isHistory && criterion !== undefined) continue;
    const id = idOf(folder);
    if (id === undefined) return undefined;
    ids.set(id, isHistory);
  }
  if (isWhole(root, folders.length, offset)) return { ids, next: undefined };
  return folders.length === 0 ? undefined : { ids, next: offset + folders.length };
}

function readFindFolder(
  payload: XmlElement,
): { readonly root: XmlElement | undefined; readonly folders: readonly XmlElement[] } | FolderError | undefined {
  const messages = responseMessages(payload, 'FindFolder');
  const message = messages?.[0];
  if (message === undefined || messages?.length !== 1) return undefined;
  if (!message.ok) return { responseCode: message.responseCode, element: message.element };
  const root = child(message.element, messagesNs, 'RootFolder');
  return { root, folders: childrenOf(root, typesNs, 'Folders').flatMap((list) => list.children) };
}

/** 4: by class and name; 3, 2: by one of them; 1: the server returned neither, but says that it matches; 0: another folder. */
function historyRank(folder: XmlElement): number {
  const folderClass = textOf(folder, 'FolderClass');
  const name = textOf(folder, 'DisplayName');
  if (folderClass === undefined && name === undefined) return 1;
  const byClass = folderClass?.toLowerCase() === historyClass.toLowerCase();
  const byName = name?.toLowerCase() === historyName.toLowerCase();
  return byClass ? (byName ? 4 : 3) : byName ? 2 : 0;
}

/** False when the answer says that there are more matches than it shows. */
function isWhole(root: XmlElement | undefined, count: number, offset = 0): boolean {
  const last = root?.attributes.get('IncludesLastItemInRange')?.trim() ?? 'true';
  const total = root?.attributes.get('TotalItemsInView')?.trim() ?? String(offset + count);
  return (last === 'true' || last === '1') && Number(total) === offset + count;
}

function textOf(folder: XmlElement, name: string): string | undefined {
  return child(folder, typesNs, name)?.text.trim();
}

function idOf(folder: XmlElement | undefined): string | undefined {
  const id = folder === undefined ? undefined : child(folder, typesNs, 'FolderId')?.attributes.get('Id');
  return id === '' ? undefined : id;
}

/**
 * CreateFolder for Conversation History, directly below the top of a mailbox.
 * https://learn.microsoft.com/exchange/client-developer/web-service-reference/createfolder-operation
 */
export function createHistoryXml(mailbox: string): string {
  return (
    `<m:CreateFolder><m:ParentFolderId>${distinguishedFolder('msgfolderroot', mailbox)}</m:ParentFolderId><m:Folders><t:Folder>` +
    `<t:FolderClass>${historyClass}</t:FolderClass><t:DisplayName>${escapeText(historyName)}</t:DisplayName></t:Folder></m:Folders></m:CreateFolder>`
  );
}

/** The folder that was made; without an id where the answer has none, which the schema allows. */
export function readCreatedFolder(payload: XmlElement): FoundFolder {
  const message = responseMessages(payload, 'CreateFolder')?.[0];
  if (message === undefined) return undefined;
  if (!message.ok) return { responseCode: message.responseCode, element: message.element };
  return { id: idOf(child(message.element, messagesNs, 'Folders')?.children[0]) };
}

/**
 * GetFolder, to see whether a folder is there.
 * https://learn.microsoft.com/exchange/client-developer/web-service-reference/getfolder-operation
 */
export function getFolderXml(folder: string, mailbox: string): string {
  return `<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:FolderIds>${folderIdXml(folder, mailbox)}</m:FolderIds></m:GetFolder>`;
}
