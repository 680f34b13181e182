import { domainOf } from '../../../../core/text.ts';
import { field } from '../../../../graph/client/json.ts';
import { maySendAs } from '../../access/access.ts';
import { isBelow } from '../../store/message-class.ts';
import { GraphFault } from '../errors.ts';
import { type GraphAnswer, type GraphContext, requirePermission } from './operation.ts';
import { readMessage } from './read-message.ts';
import { submit } from './submit.ts';

/** https://learn.microsoft.com/graph/api/user-sendmail. The parameters' names are compared without case. */
export function sendMail(context: GraphContext): GraphAnswer {
  requirePermission(context, 'Mail.Send');
  const { exchange, mailbox, login, body, plan } = context;
  const message = field(body, 'message') ?? field(body, 'Message');
  const save = field(body, 'saveToSentItems') ?? field(body, 'SaveToSentItems') ?? true;
  if (message === undefined) throw new GraphFault('RequestBodyRead');
  const read = readMessage(message, () => exchange.registry.newMessageId(domainOf(mailbox.address)));
  if (read.to.length + read.cc.length + read.bcc.length === 0) throw new GraphFault('ErrorMissingRecipients');
  if (exchange.profile.createForeignClasses === 'refused' && !isBelow(read.itemClass, 'IPM.Note')) {
    throw new GraphFault('ErrorObjectTypeChanged');
  }
  const self = { address: mailbox.address, name: mailbox.name };
  const sender = exchange.recipient(read.from?.address ?? mailbox.address);
  const content = { ...read, from: read.from ?? self, sender: self };
  if (sender === undefined || !maySendAs(login, mailbox, sender)) {
    if (exchange.profile.draftOnSendAsDenied) mailbox.store(mailbox.folder('drafts'), content, 'draft');
    throw new GraphFault('ErrorSendAsDenied');
  }
  submit(exchange, { owner: mailbox, sender, content, keepCopy: save !== false && save !== 'false' }, plan);
  if ('answer' in plan && plan.answer !== undefined) throw new GraphFault(plan.answer.code);
  return { status: 202 };
}
