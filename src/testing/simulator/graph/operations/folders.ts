import { field } from '../../../../graph/client/json.ts';
import type { SimulatedFolder } from '../../store/folder.ts';
import { GraphFault } from '../errors.ts';
import { readText } from '../json/read-values.ts';
import { readFilter } from '../odata/filter.ts';
import { Properties, queryText, readPage, requireKnown } from '../odata/page.ts';
import { type GraphAnswer, type GraphContext, requirePermission } from './operation.ts';
import { destinationOf, findFolder, isForMail } from './resources.ts';

const childrenOf = (folder: SimulatedFolder): readonly SimulatedFolder[] => folder.children.filter(isForMail);

/** https://learn.microsoft.com/graph/api/resources/mailfolder */
const fields: Readonly<Record<string, (folder: SimulatedFolder) => unknown>> = {
  id: ({ id }) => id,
  displayName: ({ displayName }) => displayName,
  parentFolderId: ({ parent }) => parent?.id ?? null,
  childFolderCount: (folder) => childrenOf(folder).length,
  unreadItemCount: ({ unread }) => unread,
  totalItemCount: ({ size }) => size,
  sizeInBytes: ({ bytes }) => bytes,
  isHidden: () => false,
};
const properties = new Properties(fields);

/** https://learn.microsoft.com/graph/api/user-list-mailfolders and mailfolder-list-childfolders */
export function listMailFolders(context: GraphContext): GraphAnswer {
  mayRead(context);
  const { mailbox, route, base, prefer } = context;
  requireKnown(route.query, ['$select', '$filter', '$orderby', '$top', '$skip', '$count', '$expand']);
  const { top, skip, count } = readPage(route.query, prefer);
  const parent = findFolder(mailbox, route.folder ?? 'msgfolderroot');
  const filterText = route.query.get('$filter');
  const filter = filterText === null ? undefined : readFilter<SimulatedFolder>(filterText, properties);
  const order = properties.order(route.query.get('$orderby'));
  const found = childrenOf(parent).filter((one) => filter?.matches(one) ?? true);
  const sorted = order === undefined ? found : [...found].sort((a, b) => order.compare(a, b));
  const page = sorted.slice(skip, skip + top);
  const next = new URLSearchParams(route.query);
  next.set('$skip', String(skip + top));
  const link = `${base}/users/${mailbox.userId}/mailFolders/${parent.id}/childFolders?${queryText(next)}`;
  return {
    status: 200,
    json: {
      '@odata.context': `${base}/$metadata#users('${mailbox.userId}')/mailFolders`,
      ...(count ? { '@odata.count': found.length } : {}),
      value: page.map((folder) => folderJson(folder, route.query)),
      ...(skip + page.length < sorted.length ? { '@odata.nextLink': link } : {}),
    },
  };
}

/** https://learn.microsoft.com/graph/api/mailfolder-get */
export function getMailFolder(context: GraphContext): GraphAnswer {
  mayRead(context);
  requireKnown(context.route.query, ['$select', '$expand']);
  return written(context, findFolder(context.mailbox, context.route.folder ?? ''), 200);
}

/** https://learn.microsoft.com/graph/api/user-post-mailfolders and mailfolder-post-childfolders */
export function createMailFolder(context: GraphContext): GraphAnswer {
  requirePermission(context, 'Mail.ReadWrite');
  const { mailbox, route, body } = context;
  const parent = findFolder(mailbox, route.folder ?? 'msgfolderroot');
  const displayName = nameIn(body);
  requireFree(parent, displayName);
  if (field(body, 'isHidden') === true) throw new GraphFault('NotImplemented', 501, 'Hidden folders are not simulated.');
  if (/mailSearchFolder$/i.test(readText(body, '@odata.type') ?? '')) {
    throw new GraphFault('NotImplemented', 501, 'Search folders are not simulated.');
  }
  return written(context, mailbox.createFolder(parent, displayName), 201);
}

/** https://learn.microsoft.com/graph/api/mailfolder-update */
export function updateMailFolder(context: GraphContext): GraphAnswer {
  requirePermission(context, 'Mail.ReadWrite');
  const { mailbox, body } = context;
  const folder = ownFolder(context);
  const displayName = nameIn(body);
  if (displayName !== folder.displayName) requireFree(folder.parent, displayName, folder);
  mailbox.updateFolder(folder, { displayName });
  return written(context, folder, 200);
}

/** https://learn.microsoft.com/graph/api/mailfolder-delete: into Deleted Items, or out of it for good. */
export function deleteMailFolder(context: GraphContext): GraphAnswer {
  requirePermission(context, 'Mail.ReadWrite');
  const { mailbox } = context;
  const folder = ownFolder(context);
  const deleted = mailbox.folder('deleteditems');
  if (isWithin(folder, deleted)) mailbox.removeFolder(folder);
  else mailbox.moveFolder(folder, deleted);
  return { status: 204 };
}

/** https://learn.microsoft.com/graph/api/mailfolder-move and mailfolder-copy */
export const transferMailFolder =
  (verb: 'move' | 'copy') =>
  (context: GraphContext): GraphAnswer => {
    requirePermission(context, 'Mail.ReadWrite');
    const { mailbox, route } = context;
    const folder = verb === 'move' ? ownFolder(context) : findFolder(mailbox, route.folder ?? '');
    const to = destinationOf(context);
    if (isWithin(to, folder)) throw new GraphFault('ErrorMoveCopyFailed', 400, 'A folder can not lie below itself.');
    requireFree(to, folder.displayName, verb === 'move' ? folder : undefined);
    if (verb === 'copy') return written(context, mailbox.copyFolder(folder, to), 201);
    mailbox.moveFolder(folder, to);
    return written(context, folder, 201);
  };

/** A folder that may be renamed, moved and deleted. */
function ownFolder({ mailbox, route }: GraphContext): SimulatedFolder {
  const folder = findFolder(mailbox, route.folder ?? '');
  if (folder.distinguished !== undefined)
    throw new GraphFault('ErrorDeleteDistinguishedFolder', 403, 'Every mailbox has that folder.');
  return folder;
}

function isWithin(folder: SimulatedFolder, of: SimulatedFolder): boolean {
  return folder === of || (folder.parent !== undefined && isWithin(folder.parent, of));
}

function nameIn(body: unknown): string {
  const name = field(body, 'displayName');
  if (typeof name !== 'string' || name.trim() === '')
    throw new GraphFault('ErrorInvalidRequest', 400, 'A folder needs a displayName.');
  return name;
}

function requireFree(parent: SimulatedFolder | undefined, name: string, but?: SimulatedFolder): void {
  const taken = parent?.children.some((one) => one !== but && one.displayName.toLowerCase() === name.toLowerCase());
  if (taken === true) throw new GraphFault('ErrorFolderExists', 409, 'A folder with the specified name already exists.');
}

function mayRead(context: GraphContext): void {
  requirePermission(context, 'Mail.ReadBasic', 'Mail.Read', 'Mail.ReadWrite');
}

function written({ base, mailbox, route }: GraphContext, folder: SimulatedFolder, status: number): GraphAnswer {
  const context = `${base}/$metadata#users('${mailbox.userId}')/mailFolders/$entity`;
  return { status, json: { '@odata.context': context, ...folderJson(folder, route.query) } };
}

/** With `$expand=childFolders` its folders too. */
export function folderJson(folder: SimulatedFolder, query: URLSearchParams): object {
  const names = properties.select(query.get('$select')) ?? Object.keys(fields);
  const json: Record<string, unknown> = { id: folder.id };
  for (const name of names) json[name] = fields[name]?.(folder);
  const expand = query.get('$expand');
  if (expand === null) return json;
  if (expand.trim().toLowerCase() !== 'childfolders') throw new GraphFault('BadRequest', 400, 'Parsing $expand failed.');
  return { ...json, childFolders: childrenOf(folder).map((one) => folderJson(one, new URLSearchParams())) };
}
