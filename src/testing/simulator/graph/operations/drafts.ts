import type { MessageContent } from '../../store/item.ts';
import { flagsIn, flagsOf, messageFlag } from '../../store/message-flags.ts';
import { GraphFault } from '../errors.ts';
import { readBoolean } from '../json/read-values.ts';
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
  const messageFlags = flagsIn(read.properties) ?? flagsOf('draft');
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
  const flags = flagsIn(rest.properties);
  const set = flags === undefined || flags === flagsIn(item.properties) ? item.messageFlags : flags;
  const onlyRead = Object.keys(Object(body)).every((name) => name === 'isRead' || name.startsWith('@'));
  const messageFlags = withIsRead(set, body);
  const changed = mailbox.update(item, onlyRead ? { messageFlags } : { content: { ...rest, ...kept }, messageFlags });
  return messageAnswer(context, changed, 200);
}

function withIsRead(flags: number, message: unknown): number {
  const isRead = readBoolean(message, 'isRead');
  if (isRead === undefined) return flags;
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
