import { messagesNs } from '../../../../ews/xml/namespaces.ts';
import { child } from '../../../../ews/xml/read.ts';
import { EwsItemError } from '../../xml/ews-errors.ts';
import { schemaFault } from '../../xml/soap-request.ts';
import { itemIdsIn, resolveItem } from '../ids.ts';
import { cancelFor, requireSending } from '../meetings/appointment.ts';
import { attendeesOf, isOrganizer } from '../meetings/fields.ts';
import { answerEach, type Operation } from '../operation.ts';

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/deleteitem-operation */
export const deleteItem: Operation = {
  count: (request) => child(request, messagesNs, 'ItemIds')?.children.length ?? 0,
  run(request, context) {
    const type = request.attributes.get('DeleteType');
    if (type !== 'HardDelete' && type !== 'SoftDelete' && type !== 'MoveToDeletedItems') {
      throw schemaFault("the required attribute 'DeleteType' is missing or unknown.");
    }
    const cancellations = request.attributes.get('SendMeetingCancellations');
    return answerEach(itemIdsIn(request), context, '', (id, plan) => {
      const { item, mailbox } = resolveItem(id, context, 'delete');
      if (item.kind === 'CalendarItem' && cancellations === undefined) {
        throw new EwsItemError('ErrorSendMeetingCancellationsRequired');
      }
      if (item.kind === 'CalendarItem' && cancellations !== 'SendToNone' && isOrganizer(item.content, mailbox)) {
        const to = attendeesOf(item.content);
        requireSending(to, mailbox, context);
        cancelFor(item.content, to, cancellations === 'SendToAllAndSaveCopy', mailbox, context, plan);
      }
      if (item.series !== undefined) mailbox.remove(item);
      else if (type === 'MoveToDeletedItems') mailbox.move(item, 'deleteditems');
      else if (type === 'SoftDelete') mailbox.move(item, 'recoverableitemsdeletions');
      else mailbox.remove(item);
      return '';
    });
  },
};
