import { composeMime } from '../../mime/compose.ts';
import type { SimulatedItem } from '../../store/item.ts';
import { messageJson } from '../json/message-json.ts';
import { queryText } from '../odata/page.ts';
import { type MessageQuery, readMessageQuery, select } from '../odata/query.ts';
import { bytesOf, type GraphAnswer, type GraphContext, requirePermission, shapeFor } from './operation.ts';
import { destinationOf, findFolder, findItem, isForMail, messageAnswer } from './resources.ts';

/** Folders that a look through the whole mailbox leaves out. */
const hidden = /^recoverableitems/;

/** Items that lie in folders for mail and are no messages. */
const other: ReadonlySet<string> = new Set(['CalendarItem', 'Contact', 'DistributionList', 'Task']);

/** https://learn.microsoft.com/graph/api/mailfolder-list-messages and user-list-messages */
export function listMessages(context: GraphContext): GraphAnswer {
  const { base, mailbox } = context;
  const query = queryOf(context);
  const found = select(messagesOf(context), query);
  const page = found.slice(query.skip, query.skip + query.top);
  const more = query.skip + page.length < found.length;
  return {
    status: 200,
    json: {
      '@odata.context': `${base}/$metadata#users('${mailbox.userId}')/messages`,
      ...(query.count ? { '@odata.count': found.length } : {}),
      value: page.map((item) => messageJson(item, query)),
      ...(more ? { '@odata.nextLink': nextLink(context, query.skip + page.length) } : {}),
    },
  };
}

/** `…/messages/$count`: the number, as text. */
export function countMessages(context: GraphContext): GraphAnswer {
  const count = select(messagesOf(context), queryOf(context)).length;
  return { status: 200, raw: { type: 'text/plain', bytes: new TextEncoder().encode(String(count)) } };
}

/** The messages of a folder, or of all folders. */
function messagesOf({ mailbox, route }: GraphContext): readonly SimulatedItem[] {
  const folder = route.folder === undefined ? undefined : findFolder(mailbox, route.folder);
  const all = mailbox.folders.filter((one) => isForMail(one) && !hidden.test(one.label));
  const items = folder === undefined ? all.flatMap((one) => one.items) : folder.items;
  return items.filter(({ kind }) => !other.has(kind));
}

/** The query, if the token may ask it: Mail.ReadBasic gives neither extended properties nor a search for them. */
export function queryOf(context: GraphContext): MessageQuery {
  const { route, prefer, fault } = context;
  const query = readMessageQuery(route.query, prefer);
  const basic = query.expand === undefined && !/singleValueExtendedProperties/i.test(route.query.get('$filter') ?? '');
  requirePermission(context, 'Mail.Read', 'Mail.ReadWrite', ...(basic ? ['Mail.ReadBasic'] : []));
  const expand = fault?.kind === 'withoutExpanded' ? undefined : query.expand;
  return { ...query, ...shapeFor(context), expand };
}

function nextLink({ route, base, mailbox }: GraphContext, skip: number): string {
  const query = new URLSearchParams(route.query);
  query.set('$skip', String(skip));
  const folder = route.folder === undefined ? '' : `/mailFolders/${encodeURIComponent(route.folder)}`;
  return `${base}/users/${mailbox.userId}${folder}/messages?${queryText(query)}`;
}

/** https://learn.microsoft.com/graph/api/message-get */
export function getMessage(context: GraphContext): GraphAnswer {
  const { base, mailbox } = context;
  const query = queryOf(context);
  const context_ = { '@odata.context': `${base}/$metadata#users('${mailbox.userId}')/messages/$entity` };
  return { status: 200, json: { ...context_, ...messageJson(findItem(context), query) } };
}

/** `…/messages/{id}/$value`: https://learn.microsoft.com/graph/outlook-get-mime-message */
export function getMessageContent(context: GraphContext): GraphAnswer {
  requirePermission(context, 'Mail.Read', 'Mail.ReadWrite');
  return { status: 200, raw: { type: 'text/plain', bytes: bytesOf(composeMime(findItem(context))) } };
}

/** https://learn.microsoft.com/graph/api/message-move: the copy in its new place has a new id. */
export function moveMessage(context: GraphContext): GraphAnswer {
  const { mailbox } = context;
  requirePermission(context, 'Mail.ReadWrite');
  const item = findItem(context);
  return messageAnswer(context, mailbox.move(item, destinationOf(context)), 201);
}

/** https://learn.microsoft.com/graph/api/message-copy */
export function copyMessage(context: GraphContext): GraphAnswer {
  const { mailbox } = context;
  requirePermission(context, 'Mail.ReadWrite');
  const item = findItem(context);
  return messageAnswer(context, mailbox.copy(item, destinationOf(context)), 201);
}

/** https://learn.microsoft.com/graph/api/message-delete: into Recoverable Items. */
export function deleteMessage(context: GraphContext): GraphAnswer {
  requirePermission(context, 'Mail.ReadWrite');
  context.mailbox.move(findItem(context), 'recoverableitemsdeletions');
  return { status: 204 };
}

/** https://learn.microsoft.com/graph/api/message-permanentdelete: into Purges, where no client sees it. */
export function permanentDeleteMessage(context: GraphContext): GraphAnswer {
  requirePermission(context, 'Mail.ReadWrite');
  context.mailbox.move(findItem(context), 'recoverableitemspurges');
  return { status: 204 };
}
