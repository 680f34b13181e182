import { messagesNs, typesNs } from '../../../../ews/xml/namespaces.ts';
import { child } from '../../../../ews/xml/read.ts';
import { EwsItemError } from '../../xml/ews-errors.ts';
import { kindOf } from '../../xml/item-shape.ts';
import { schemaFault } from '../../xml/soap-request.ts';
import { folderIdsIn, isItemId, requireChangeKey, resolveItem } from '../ids.ts';
import { namedAppointment, readyToTell } from '../meetings/appointment.ts';
import { answerEach, type Operation } from '../operation.ts';
import { dispositionOf, savedFolder, sendAs, signed } from '../outgoing.ts';
import { changed } from './item-changes.ts';

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/updateitem-operation */
export const updateItem: Operation = {
  count: (request) => child(request, messagesNs, 'ItemChanges')?.children.length ?? 0,
  run(request, context) {
    const resolution = request.attributes.get('ConflictResolution');
    if (resolution !== 'NeverOverwrite' && resolution !== 'AutoResolve' && resolution !== 'AlwaysOverwrite') {
      throw schemaFault("the required attribute 'ConflictResolution' is missing or unknown.");
    }
    const disposition = dispositionOf(request) ?? 'SaveOnly';
    const changes = child(request, messagesNs, 'ItemChanges')?.children ?? [];
    if (changes.length === 0) throw schemaFault("the element 'ItemChanges' has incomplete content.");
    const saved = child(request, messagesNs, 'SavedItemFolderId');
    const savedId = saved && folderIdsIn(saved, 'SavedItemFolderId')[0];
    const invitations = request.attributes.get('SendMeetingInvitationsOrCancellations');
    const conflicts = '<m:ConflictResults><t:Count>0</t:Count></m:ConflictResults>';
    return answerEach(changes, context, `<m:Items/>${conflicts}`, (change, plan) => {
      const id = change.children.find((one) => one.ns === typesNs && isItemId(one));
      if (id === undefined) throw schemaFault("the element 'ItemChange' has no ItemId.");
      const { item, mailbox } = resolveItem(id, context, 'edit');
      if (resolution !== 'AlwaysOverwrite' && id.name === 'ItemId') requireChangeKey(id);
      const key = id.attributes.get('ChangeKey');
      if (resolution === 'NeverOverwrite' && key !== undefined && key !== item.changeKey) {
        throw new EwsItemError('ErrorIrresolvableConflict', 'The item has been changed since it was read.');
      }
      if (item.kind === 'CalendarItem' && invitations === undefined) {
        throw new EwsItemError('ErrorSendMeetingInvitationsOrCancellationsRequired');
      }
      const next = changed(item, child(change, typesNs, 'Updates'), context);
      const kind = kindOf(item, context.exchange.profile);
      if (disposition !== 'SaveOnly' && item.isDraft) {
        const { content, from } = signed(next.content, mailbox, context);
        const folder = savedId && savedFolder(savedId, context);
        sendAs({ content, from, owner: mailbox, folder, savedId }, disposition, context, plan);
        mailbox.remove(item);
        return `<m:Items/>${conflicts}`;
      }
      const appointment = item.kind === 'CalendarItem';
      const tell = appointment ? readyToTell(item, next.content, invitations, mailbox, context, plan) : undefined;
      const sameContent = next.content === item.content;
      const content = appointment ? namedAppointment(next.content, context) : next.content;
      const updated = mailbox.update(item, sameContent ? { messageFlags: next.messageFlags } : { ...next, content });
      const after = tell === undefined ? updated : tell(updated);
      return `<m:Items><t:${kind}><t:ItemId Id="${after.id}" ChangeKey="${after.changeKey}"/></t:${kind}></m:Items>${conflicts}`;
    });
  },
};
