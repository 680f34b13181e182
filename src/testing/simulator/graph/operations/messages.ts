import { field } from '../../../../graph/client/json.ts';
import type { SimulatedFolder } from '../../store/folder.ts';
import type { SimulatedItem } from '../../store/item.ts';
import { GraphFault } from '../errors.ts';
import { messageJson } from '../json/message-json.ts';
import { readMessageQuery, select } from '../odata/query.ts';
import { findFolder } from './folders.ts';
import { type GraphAnswer, type GraphContext, requirePermission } from './operation.ts';

/** Folders that a look through the whole mailbox leaves out. */
const hidden = /^recoverableitems/;

/** https://learn.microsoft.com/graph/api/mailfolder-list-messages and user-list-messages */
export function listMessages(context: GraphContext): GraphAnswer {
  const { mailbox, route, base, fault } = context;
  const query = readMessageQuery(route.query);
  // Mail.ReadBasic gives neither extended properties nor a search for them.
  const basic = query.expand === undefined && !/singleValueExtendedProperties/i.test(route.query.get('$filter') ?? '');
  requirePermission(context, 'Mail.Read', 'Mail.ReadWrite', ...(basic ? ['Mail.ReadBasic'] : []));
  const folder = route.folder === undefined ? undefined : findFolder(mailbox, route.folder);
  const items =
    folder === undefined ? mailbox.folders.filter((f) => !hidden.test(f.label)).flatMap((f) => f.items) : folder.items;
  requireReadable(folder);
  const found = select(items, query);
  const page = found.slice(query.skip, query.skip + query.top);
  const shape = fault?.kind === 'withoutExpanded' ? { ...query, expand: undefined } : query;
  const more = query.skip + page.length < found.length;
  return {
    status: 200,
    json: {
      '@odata.context': `${base}/$metadata#users('${mailbox.userId}')/messages`,
      ...(query.count ? { '@odata.count': found.length } : {}),
      value: page.map((item) => messageJson(item, shape)),
      ...(more ? { '@odata.nextLink': nextLink(context, query.skip + page.length) } : {}),
    },
  };
}

function nextLink({ route, base, mailbox }: GraphContext, skip: number): string {
  const query = new URLSearchParams(route.query);
  query.set('$skip', String(skip));
  const folder = route.folder === undefined ? '' : `/mailFolders/${encodeURIComponent(route.folder)}`;
  // %20 rather than +, as Graph writes it.
  return `${base}/users/${mailbox.userId}${folder}/messages?${query.toString().replaceAll('+', '%20')}`;
}

/** https://learn.microsoft.com/graph/api/message-get */
export function getMessage(context: GraphContext): GraphAnswer {
  const { route, fault, base, mailbox } = context;
  const query = readMessageQuery(route.query);
  requirePermission(context, 'Mail.Read', 'Mail.ReadWrite', ...(query.expand === undefined ? ['Mail.ReadBasic'] : []));
  const item = findItem(context);
  const shape = fault?.kind === 'withoutExpanded' ? { ...query, expand: undefined } : query;
  const context_ = { '@odata.context': `${base}/$metadata#users('${mailbox.userId}')/messages/$entity` };
  return { status: 200, json: { ...context_, ...messageJson(item, shape) } };
}

/** https://learn.microsoft.com/graph/api/message-move: the copy in its new place has a new id. */
export function moveMessage(context: GraphContext): GraphAnswer {
  requirePermission(context, 'Mail.ReadWrite');
  const { mailbox, body } = context;
  const item = findItem(context);
  const destination = field(body, 'destinationId') ?? field(body, 'DestinationId');
  if (typeof destination !== 'string') throw new GraphFault('ErrorInvalidRequest');
  const moved = mailbox.move(item, findFolder(mailbox, destination));
  return { status: 201, json: messageJson(moved, { select: undefined, expand: undefined }) };
}

/** https://learn.microsoft.com/graph/api/message-delete: into Recoverable Items. */
export function deleteMessage(context: GraphContext): GraphAnswer {
  requirePermission(context, 'Mail.ReadWrite');
  const item = findItem(context);
  context.mailbox.move(item, 'recoverableitemsdeletions');
  return { status: 204 };
}

function findItem({ exchange, mailbox, route }: GraphContext): SimulatedItem {
  const item = exchange.registry.items.get(route.message ?? '');
  const folder = route.folder === undefined ? undefined : findFolder(mailbox, route.folder);
  if (item === undefined || item.mailbox !== mailbox.address || (folder !== undefined && item.folderId !== folder.id)) {
    throw new GraphFault('ErrorItemNotFound');
  }
  requireReadable(mailbox.folders.find(({ id }) => id === item.folderId));
  return item;
}

function requireReadable(folder: SimulatedFolder | undefined): void {
  if (folder?.readable === false) throw new GraphFault('ErrorAccessDenied');
}
