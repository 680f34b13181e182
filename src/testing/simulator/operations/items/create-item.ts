import { messagesNs, typesNs } from '../../../../ews/xml/namespaces.ts';
import { child, type XmlElement } from '../../../../ews/xml/read.ts';
import { noteCreator } from '../../access/rights.ts';
import type { ItemPlan } from '../../faults/fault.ts';
import { isItemKind } from '../../schema/names.ts';
import type { SimulatedFolder } from '../../store/folder.ts';
import type { MessageContent } from '../../store/item.ts';
import type { SimulatedMailbox } from '../../store/mailbox.ts';
import { isBelow } from '../../store/message-class.ts';
import { flagsIn, flagsOf } from '../../store/message-flags.ts';
import { EwsItemError } from '../../xml/ews-errors.ts';
import { schemaFault } from '../../xml/soap-request.ts';
import { folderIdsIn, mailboxOf } from '../ids.ts';
import { createAppointment } from '../meetings/appointment.ts';
import { meetingResponses } from '../meetings/respond.ts';
import { answerEach, type Operation, type OperationContext } from '../operation.ts';
import { asGiven, type Disposition, dispositionOf, ownerOf, saveAt, savedFolder, sendAs, signed } from '../outgoing.ts';
import { checkItem, readItem } from './item-content.ts';
import { isResponseObject, readResponse, suppressReadReceipt } from './respond.ts';

const empty = '<m:Items/>';

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/createitem-operation */
export const createItem: Operation = {
  count: (request) => child(request, messagesNs, 'Items')?.children.length ?? 0,
  run(request, context) {
    const disposition = dispositionOf(request);
    const items = child(request, messagesNs, 'Items')?.children ?? [];
    if (items.length === 0) throw schemaFault("the element 'Items' has incomplete content.");
    for (const item of items) checkItem(item);
    const saved = child(request, messagesNs, 'SavedItemFolderId');
    const savedId = saved && folderIdsIn(saved, 'SavedItemFolderId')[0];
    const invitations = request.attributes.get('SendMeetingInvitations') || undefined;
    return answerEach(items, context, empty, (item, plan) => {
      if (item.ns === typesNs && item.name === 'SuppressReadReceipt') return suppressReadReceipt(item, context);
      const respond = item.ns === typesNs ? meetingResponses.get(item.name) : undefined;
      if (respond !== undefined) return respond(item, disposition, savedId, context, plan);
      if (!isItem(item)) throw new EwsItemError('ErrorInvalidItemForOperationCreateItem', `${item.name} can't be created.`);
      if (item.name === 'CalendarItem') return createAppointment(item, invitations, savedId, context, plan);
      const sendable = item.name === 'Message' || isResponseObject(item);
      if (!sendable) return saveAt(readItem(item, context), item, savedId, context);
      if (disposition === undefined) throw new EwsItemError('ErrorMessageDispositionRequired');
      return create(item, disposition, savedId, context, plan);
    });
  },
};

function create(
  item: XmlElement,
  disposition: Disposition,
  savedId: XmlElement | undefined,
  context: OperationContext,
  plan: ItemPlan,
): string {
  const { exchange } = context;
  const folder = savedId && savedFolder(savedId, context);
  const owner = ownerOf(folder, context);
  const read = isResponseObject(item) ? readResponse(item, owner, context) : readItem(item, context);
  const { content, from } = signed(read, owner, context);
  if (exchange.profile.createForeignClasses === 'refused' && !isBelow(content.itemClass, 'IPM.Note')) {
    throw new EwsItemError('ErrorObjectTypeChanged');
  }
  if (disposition === 'SaveOnly') {
    // What is only kept, such as mail of years ago that is imported, has the sender that it says.
    const sender = read.sender ?? read.from;
    return save(item, sender === undefined ? content : { ...content, sender }, owner, folder, context);
  }
  sendAs({ content, from, owner, folder, savedId }, disposition, context, plan);
  return empty;
}

function save(
  given: XmlElement,
  content: MessageContent,
  owner: SimulatedMailbox,
  folder: SimulatedFolder | undefined,
  context: OperationContext,
): string {
  const mailbox = folder === undefined ? owner : mailboxOf(folder, context);
  context.exchange.quotas.requireRoom(mailbox);
  // Setting the message flags is the one way to create something that is no draft.
  const messageFlags = asGiven(given, flagsIn(content.properties) ?? flagsOf('draft'));
  const item = mailbox.store(folder ?? owner.folder('drafts'), content, { messageFlags });
  noteCreator(context, mailbox, item);
  return `<m:Items><t:Message><t:ItemId Id="${item.id}" ChangeKey="${item.changeKey}"/></t:Message></m:Items>`;
}

function isItem(item: XmlElement): boolean {
  return item.ns === typesNs && (isResponseObject(item) || (isItemKind(item.name) && !item.name.startsWith('Meeting')));
}
