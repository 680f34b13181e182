import { escapeText } from '../../../../ews/xml/write.ts';
import { field } from '../../../../graph/client/json.ts';
import { type ResponseKind, responseTo } from '../../operations/items/respond.ts';
import type { MessageContent } from '../../store/item.ts';
import { GraphFault } from '../errors.ts';
import { readText } from '../json/read-values.ts';
import { type GraphAnswer, type GraphContext, newIds, requirePermission } from './operation.ts';
import { ofMime, readRecipients, withChanges } from './read-message.ts';
import { findItem, messageAnswer } from './resources.ts';
import { requireRoom, send, signed } from './send-mail.ts';

/** https://learn.microsoft.com/graph/api/message-reply, message-replyall and message-forward */
export const respond =
  (kind: ResponseKind) =>
  (context: GraphContext): GraphAnswer => {
    requirePermission(context, 'Mail.Send');
    return send(context, answerOf(kind, context), { keepCopy: true });
  };

/** https://learn.microsoft.com/graph/api/message-createreply, message-createreplyall and message-createforward */
export const createResponse =
  (kind: ResponseKind) =>
  (context: GraphContext): GraphAnswer => {
    requirePermission(context, 'Mail.ReadWrite');
    const { mailbox } = context;
    const content = signed(answerOf(kind, context), context);
    requireRoom(context);
    return messageAnswer(context, mailbox.store(mailbox.folder('drafts'), content, 'draft'), 201);
  };

/** What the request makes of the item: a comment or a body above the old text, and whatever else it sets. */
function answerOf(kind: ResponseKind, context: GraphContext): MessageContent {
  const { body, mime, mailbox } = context;
  const item = findItem(context);
  const ids = newIds(context);
  const own = mailbox.address;
  if (mime !== undefined) {
    const read = ofMime(mime, ids);
    const named = read.to.length + read.cc.length + read.bcc.length > 0;
    const { to, cc, bcc } = named ? read : responseTo(item, kind, own, {}, ids);
    return { ...read, to, cc, bcc };
  }
  const message = field(body, 'message') ?? undefined;
  const comment = readText(body, 'comment') ?? '';
  const to = readRecipients(body, 'toRecipients');
  if (comment !== '' && (field(message, 'body') ?? undefined) !== undefined) {
    throw new GraphFault('ErrorInvalidRequest', 400, 'Give either a comment or the body of the message, not both.');
  }
  if (to.length > 0 && readRecipients(message, 'toRecipients').length > 0) {
    throw new GraphFault('ErrorInvalidRequest', 400, 'Give recipients either beside the message or in it, not both.');
  }
  const above = { type: item.body.type, content: item.body.type === 'html' ? escapeText(comment) : comment };
  const answer = responseTo(item, kind, own, { body: above, ...(to.length > 0 ? { to } : {}) }, ids);
  if (message === undefined) return answer;
  const changed = withChanges(answer, message, ids);
  if (changed.attachments === answer.attachments) return changed;
  // What is forwarded keeps its attachments beside new ones.
  return { ...changed, attachments: [...(answer.attachments ?? []), ...(changed.attachments ?? [])] };
}
