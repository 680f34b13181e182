import { field } from '../../../../graph/client/json.ts';
import { maySendAs } from '../../access/access.ts';
import type { MessageContent, SimulatedItem } from '../../store/item.ts';
import { isBelow } from '../../store/message-class.ts';
import { EwsItemError } from '../../xml/ews-errors.ts';
import { GraphFault } from '../errors.ts';
import { type GraphAnswer, type GraphContext, newIds, requirePermission } from './operation.ts';
import { ofMime, readMessage } from './read-message.ts';
import { submit } from './submit.ts';

/** https://learn.microsoft.com/graph/api/user-sendmail: JSON, or a whole message as MIME, of which a copy is always kept. */
export function sendMail(context: GraphContext): GraphAnswer {
  requirePermission(context, 'Mail.Send');
  const { body, mime } = context;
  const ids = newIds(context);
  if (mime !== undefined) return send(context, ofMime(mime, ids), { keepCopy: true });
  const message = field(body, 'message');
  const save = field(body, 'saveToSentItems') ?? true;
  if (message === undefined) throw new GraphFault('RequestBodyRead');
  return send(context, readMessage(message, ids), { keepCopy: save !== false && save !== 'false' });
}

/** A message that is to leave. */
interface Outgoing {
  readonly keepCopy: boolean;
  /** The draft that it is. */
  readonly draft?: SimulatedItem;
}

/** Sends it, if the login may. What is answered comes before anything has left. */
export function send(context: GraphContext, read: MessageContent, outgoing: Outgoing): GraphAnswer {
  const { exchange, mailbox, login, plan } = context;
  if (read.to.length + read.cc.length + read.bcc.length === 0) throw new GraphFault('ErrorMissingRecipients');
  if (exchange.profile.createForeignClasses === 'refused' && !isBelow(read.itemClass, 'IPM.Note')) {
    throw new GraphFault('ErrorObjectTypeChanged');
  }
  const content = signed(read, context);
  const sender = exchange.recipient(read.from?.address ?? mailbox.address);
  if (sender === undefined || !maySendAs(login, mailbox, sender)) {
    if (exchange.profile.draftOnSendAsDenied && outgoing.draft === undefined) {
      mailbox.store(mailbox.folder('drafts'), content, 'draft');
    }
    throw new GraphFault('ErrorSendAsDenied');
  }
  withinQuota(() => exchange.quotas.requireSending(mailbox));
  submit(exchange, { owner: mailbox, sender, content, ...outgoing }, plan);
  if ('answer' in plan && plan.answer !== undefined) throw new GraphFault(plan.answer.code);
  return { status: 202 };
}

/** The content with the senders it has: those it names, or the mailbox. */
export function signed(content: MessageContent, { mailbox }: GraphContext): MessageContent {
  const self = { address: mailbox.address, name: mailbox.name };
  return { ...content, from: content.from ?? self, sender: self };
}

/** Stores something, if there is room. */
export function requireRoom({ exchange, mailbox }: GraphContext): void {
  withinQuota(() => exchange.quotas.requireRoom(mailbox));
}

function withinQuota(check: () => void): void {
  try {
    check();
  } catch (error) {
    if (error instanceof EwsItemError) throw new GraphFault(error.code, 507);
    throw error;
  }
}
