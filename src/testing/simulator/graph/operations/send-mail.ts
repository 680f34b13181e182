import { field } from '../../../../graph/client/json.ts';
import { GraphFault } from '../errors.ts';
import { type GraphAnswer, type GraphContext, newIds, requirePermission } from './operation.ts';
import { send } from './outgoing.ts';
import { ofMime, readMessage } from './read-message.ts';

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
