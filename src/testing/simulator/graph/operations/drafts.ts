import { field } from '../../../../graph/client/json.ts';
import type { MessageContent } from '../../store/item.ts';
import { flagsOf, messageFlag } from '../../store/message-flags.ts';
import { GraphFault } from '../errors.ts';
import { type GraphAnswer, type GraphContext, newIds, requirePermission } from './operation.ts';
import { ofMime, readMessage, withChanges } from './read-message.ts';
import { findFolder, findItem, messageAnswer } from './resources.ts';
import { requireRoom, send, signed } from './send-mail.ts';

/** https://learn.microsoft.com/graph/api/user-post-messages and mailfolder-post-messages: a draft, as JSON or as MIME. */
export function createMessage(context: GraphContext): GraphAnswer {
  requirePermission(context, 'Mail.ReadWrite');
  const { mailbox, route, body, mime } = context;
  const folder = findFolder(mailbox, route.folder ?? 'drafts');
  const read = mime === undefined ? readMessage(body, newIds(context)) : ofMime(mime, newIds(context));
  requireRoom(context);
  // Setting the message flags is the one way to create something that is no draft.
  const flags = read.properties.find(({ path }) => path.tag === 0x0e07)?.value;
  const messageFlags = typeof flags === 'string' ? Number(flags) : flagsOf('draft');
  const item = mailbox.store(folder, keptAs(read, messageFlags, context), { messageFlags: withIsRead(messageFlags, body) });
  return messageAnswer(context, item, 201);
}

/** What is no draft has the sender that it says, as mail that is imported. */
function keptAs(read: MessageContent, messageFlags: number, context: GraphContext): MessageContent {
  const whole = signed(read, context);
  if ((messageFlags & messageFlag.unsent) !== 0) return whole;
  const sender = read.sender ?? read.from;
  return { ...whole, ...(sender === undefined ? {} : { sender }) };
}

/** https://learn.microsoft.com/graph/api/message-update */
export function updateMessage(context: GraphContext): GraphAnswer {
  requirePermission(context, 'Mail.ReadWrite');
  const { mailbox, body } = context;
  const item = findItem(context);
  const content = withChanges(item.content, body, newIds(context));
  // Attachments come and go by requests of their own.
  const kept = item.content.attachments === undefined ? {} : { attachments: item.content.attachments };
  const { attachments: _given, ...rest } = content;
  const flags = rest.properties.find(({ path }) => path.tag === 0x0e07)?.value;
  const before = item.content.properties.find(({ path }) => path.tag === 0x0e07)?.value;
  const set = typeof flags === 'string' && flags !== before ? Number(flags) : item.messageFlags;
  const onlyRead = Object.keys(Object(body)).every((name) => name === 'isRead' || name.startsWith('@'));
  const messageFlags = withIsRead(set, body);
  const changed = mailbox.update(item, onlyRead ? { messageFlags } : { content: { ...rest, ...kept }, messageFlags });
  return messageAnswer(context, changed, 200);
}

function withIsRead(flags: number, message: unknown): number {
  const isRead = field(message, 'isRead');
  if (isRead === undefined || isRead === null) return flags;
  if (typeof isRead !== 'boolean') throw new GraphFault('RequestBodyRead');
  return isRead ? flags | messageFlag.read : flags & ~messageFlag.read;
}

/** https://learn.microsoft.com/graph/api/message-send: it ends in Sent Items, whatever folder it lay in. */
export function sendMessage(context: GraphContext): GraphAnswer {
  requirePermission(context, 'Mail.Send');
  const draft = findItem(context);
  // What is on its way leaves once, however often it is asked for.
  if (!draft.isDraft || (draft.messageFlags & messageFlag.submitted) !== 0) {
    throw new GraphFault('ErrorInvalidRequest', 400, 'The message is no draft.');
  }
  return send(context, draft.content, { keepCopy: true, draft });
}
