import { composeMime } from '../../mime/compose.ts';
import { type SimulatedAttachment, SimulatedItem, withoutAttachment } from '../../store/item.ts';
import { GraphFault } from '../errors.ts';
import { attachmentJson, readAttachment } from '../json/attachment-json.ts';
import { messageJson } from '../json/message-json.ts';
import { Properties, requireKnown } from '../odata/page.ts';
import { bytesOf, type GraphAnswer, type GraphContext, newIds, requirePermission, shapeFor } from './operation.ts';
import { readMessage } from './read-message.ts';
import { findItem } from './resources.ts';
import { requireRoom } from './send-mail.ts';

const names = [
  'id',
  'lastModifiedDateTime',
  'name',
  'contentType',
  'size',
  'isInline',
  'contentId',
  'contentLocation',
  'contentBytes',
];
const properties = new Properties<never>(Object.fromEntries(names.map((name) => [name, () => undefined])));

/** https://learn.microsoft.com/graph/api/message-list-attachments */
export function listAttachments(context: GraphContext): GraphAnswer {
  mayRead(context);
  const { route, base, mailbox } = context;
  requireKnown(route.query, ['$select', '$count']);
  const item = findItem(context);
  const select = properties.select(route.query.get('$select'));
  return {
    status: 200,
    json: {
      '@odata.context': `${base}/$metadata#users('${mailbox.userId}')/messages('${item.id}')/attachments`,
      ...(route.query.get('$count') === 'true' ? { '@odata.count': item.attachments.length } : {}),
      value: item.attachments.map((one) => attachmentJson(one, item, select)),
    },
  };
}

/** https://learn.microsoft.com/graph/api/attachment-get */
export function getAttachment(context: GraphContext): GraphAnswer {
  mayRead(context);
  const { route, base, mailbox } = context;
  requireKnown(route.query, ['$select', '$expand']);
  const item = findItem(context);
  const attachment = findAttachment(item, context);
  const json = attachmentJson(attachment, item, properties.select(route.query.get('$select')));
  const about = `${base}/$metadata#users('${mailbox.userId}')/messages('${item.id}')/attachments/$entity`;
  const expand = route.query.get('$expand');
  if (expand === null) return { status: 200, json: { '@odata.context': about, ...json } };
  const inner = attached(attachment, item);
  if (!/^microsoft\.graph\.itemattachment\/item$/i.test(expand.trim()))
    throw new GraphFault('BadRequest', 400, 'Parsing $expand failed.');
  if (inner === undefined) return { status: 200, json: { '@odata.context': about, ...json } };
  const shape = { select: undefined, expand: { attachments: 'all' as const }, ...shapeFor(context), idOf: () => '' };
  const message = { '@odata.type': '#microsoft.graph.message', ...messageJson(inner, shape) };
  return { status: 200, json: { '@odata.context': about, ...json, item: message } };
}

/** `…/attachments/{id}/$value`: the bytes of a file, or the MIME of a message. */
export function getAttachmentContent(context: GraphContext): GraphAnswer {
  mayRead(context);
  const item = findItem(context);
  const attachment = findAttachment(item, context);
  const inner = attached(attachment, item);
  const text = inner === undefined ? atob((attachment.content ?? '').replace(/\s/g, '')) : composeMime(inner);
  // A type is what a client wrote, and not everything can be a header.
  const own = /^[\t\x20-\x7e]+$/.test(attachment.contentType ?? '') ? attachment.contentType : undefined;
  const type = inner === undefined ? (own ?? 'application/octet-stream') : 'text/plain';
  return { status: 200, raw: { type, bytes: bytesOf(text) } };
}

/** https://learn.microsoft.com/graph/api/message-post-attachments */
export function createAttachment(context: GraphContext): GraphAnswer {
  requirePermission(context, 'Mail.ReadWrite');
  const { mailbox, body, base } = context;
  const item = findItem(context);
  const ids = newIds(context);
  const read = readAttachment(body, ids.attachmentId, (inner) => readMessage(inner, ids));
  requireRoom(context);
  const { mime: _stale, ...content } = item.content;
  const after = mailbox.update(item, { content: { ...content, attachments: [...item.attachments, read] } });
  const about = `${base}/$metadata#users('${mailbox.userId}')/messages('${item.id}')/attachments/$entity`;
  return { status: 201, json: { '@odata.context': about, ...attachmentJson(read, after) } };
}

/** https://learn.microsoft.com/graph/api/attachment-delete */
export function deleteAttachment(context: GraphContext): GraphAnswer {
  requirePermission(context, 'Mail.ReadWrite');
  const item = findItem(context);
  const { id } = findAttachment(item, context);
  const { mime: _stale, ...content } = item.content;
  context.mailbox.update(item, { content: { ...content, attachments: withoutAttachment(item.attachments, id) } });
  return { status: 204 };
}

function mayRead(context: GraphContext): void {
  requirePermission(context, 'Mail.Read', 'Mail.ReadWrite');
}

function findAttachment(item: SimulatedItem, { route }: GraphContext): SimulatedAttachment {
  const found = item.attachments.find(({ id }) => id === route.attachment);
  if (found === undefined) throw new GraphFault('ErrorItemNotFound');
  return found;
}

/** An attached item as an item. */
function attached({ item: content }: SimulatedAttachment, on: SimulatedItem): SimulatedItem | undefined {
  if (content === undefined) return undefined;
  const { id, mailbox, folder, folderId, messageFlags, createdAt, uid, changedAt } = on;
  return new SimulatedItem({ id, mailbox, folder, folderId, messageFlags, createdAt, uid, changedAt, revision: 0 }, content);
}
