import { messagesNs, typesNs } from '../../../../ews/xml/namespaces.ts';
import { child, childrenOf, type XmlElement } from '../../../../ews/xml/read.ts';
import type { Mailbox } from '../../../../transport/contract.ts';
import { maySendAs } from '../../access/access.ts';
import type { ItemPlan } from '../../faults/fault.ts';
import { isItemKind } from '../../schema/names.ts';
import type { SimulatedFolder } from '../../store/folder.ts';
import type { MessageContent } from '../../store/item.ts';
import type { SimulatedMailbox } from '../../store/mailbox.ts';
import { isBelow } from '../../store/message-class.ts';
import { messageFlag } from '../../store/message-flags.ts';
import { EwsItemError } from '../../xml/ews-errors.ts';
import { writeMailbox } from '../../xml/item-fields.ts';
import { schemaFault } from '../../xml/soap-request.ts';
import { folderIdsIn, mailboxOf, resolveFolder } from '../ids.ts';
import { answerEach, type Operation, type OperationContext } from '../operation.ts';
import { checkItem, kinds, readItem, several } from './item-content.ts';
import { isResponseObject, readResponse, suppressReadReceipt } from './respond.ts';
import { submit } from './submit.ts';

/** What becomes of a message that is created or updated. */
export type Disposition = 'SaveOnly' | 'SendOnly' | 'SendAndSaveCopy';
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
    const invitations = request.attributes.get('SendMeetingInvitations');
    return answerEach(items, context, empty, (item, plan) => {
      if (item.ns === typesNs && item.name === 'SuppressReadReceipt') return suppressReadReceipt(item, context);
      if (!isItem(item)) throw new EwsItemError('ErrorInvalidItemForOperationCreateItem');
      if (item.name === 'CalendarItem') return createAppointment(item, invitations, savedId, context, plan);
      const sendable = item.name === 'Message' || isResponseObject(item);
      if (!sendable) return saveAt(readItem(item, context), item.name, savedId, context);
      if (disposition === undefined) throw new EwsItemError('ErrorMessageDispositionRequired');
      return create(item, disposition, savedId, context, plan);
    });
  },
};

/** Whose mailbox an item is created in: the one of its folder, else the acting one. */
function ownerOf(folder: SimulatedFolder | undefined, context: OperationContext): SimulatedMailbox {
  const owner = context.acting ?? (folder && mailboxOf(folder, context));
  if (owner === undefined) throw new EwsItemError('ErrorNonExistentMailbox');
  return owner;
}

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
  if (disposition === 'SaveOnly') return save(content, owner, folder, context);
  sendAs({ content, from, owner, folder, savedId }, disposition, context, plan);
  return empty;
}

/** The content with the sender it has, and the mailbox that it is from. */
export function signed(
  read: MessageContent,
  owner: SimulatedMailbox,
  { exchange }: OperationContext,
): { readonly content: MessageContent; readonly from: SimulatedMailbox | undefined } {
  const self = { address: owner.address, name: owner.name };
  const from = exchange.find(read.from?.address ?? owner.address);
  return { content: { ...read, from: nameOf(read.from ?? self, from), sender: self }, from };
}

/** A message that is to leave. */
export interface Outgoing {
  readonly content: MessageContent;
  readonly from: SimulatedMailbox | undefined;
  readonly owner: SimulatedMailbox;
  readonly folder: SimulatedFolder | undefined;
  readonly savedId: XmlElement | undefined;
}

/** Sends it, if the login may, and keeps the copy that the disposition asks for. */
export function sendAs(
  { content, from, owner, folder, savedId }: Outgoing,
  disposition: Disposition,
  context: OperationContext,
  plan: ItemPlan,
): void {
  const { exchange, login } = context;
  if (content.to.length + content.cc.length + content.bcc.length === 0) throw new EwsItemError('ErrorMissingRecipients');
  if (from === undefined || !maySendAs(login, owner, from)) {
    const principal = from ?? owner;
    if (exchange.profile.draftOnSendAsDenied) principal.store(principal.folder('drafts'), content, 'draft');
    throw new EwsItemError('ErrorSendAsDenied');
  }
  exchange.quotas.requireSending(owner);
  exchange.throttle.message(owner.address);
  const delegated = from !== owner;
  if (delegated && disposition === 'SendOnly')
    throw new EwsItemError('ErrorAccessDenied', 'SendOnly is not possible for a delegate.');
  const copy = disposition === 'SendOnly' ? undefined : copyPlace(owner, folder, savedId, delegated, context);
  submit(exchange, { sender: from, content, copy }, plan);
}

/** An item that is only kept: a contact, a task, a post. */
function saveAt(content: MessageContent, kind: string, savedId: XmlElement | undefined, context: OperationContext): string {
  const folder = savedId && savedFolder(savedId, context);
  const owner = folder === undefined ? ownerOf(undefined, context) : mailboxOf(folder, context);
  const place = folder ?? owner.folder(isItemKind(kind) ? kinds[kind].folder : 'drafts');
  context.exchange.quotas.requireRoom(owner);
  const item = owner.store(place, content, { messageFlags: messageFlag.read });
  return `<m:Items><t:${kind}><t:ItemId Id="${item.id}" ChangeKey="${item.changeKey}"/></t:${kind}></m:Items>`;
}

/** An appointment; with SendMeetingInvitations its attendees get a meeting request. */
function createAppointment(
  element: XmlElement,
  invitations: string | undefined,
  savedId: XmlElement | undefined,
  context: OperationContext,
  plan: ItemPlan,
): string {
  if (invitations !== 'SendToNone' && invitations !== 'SendOnlyToAll' && invitations !== 'SendToAllAndSaveCopy') {
    throw new EwsItemError('ErrorSendMeetingInvitationsRequired');
  }
  const owner = ownerOf(savedId && savedFolder(savedId, context), context);
  const read = readItem(element, context);
  const organizer = `<t:Organizer>${writeMailbox({ address: owner.address, name: owner.name })}</t:Organizer>`;
  const uid = context.newMessageId().replace(/[<>]/g, '');
  const fields = new Map([['UID', `<t:UID>${uid}</t:UID>`], ['Organizer', organizer], ...(read.fields ?? [])]);
  const content = { ...read, fields };
  const to = invitations === 'SendToNone' ? [] : attendeesOf(element);
  if (to.length > 0) context.exchange.quotas.requireSending(owner);
  if (to.length > 0) context.exchange.throttle.message(owner.address);
  const saved = saveAt(content, 'CalendarItem', savedId, context);
  if (to.length > 0) {
    const itemClass = kinds.MeetingRequest.itemClass;
    const request = signed({ ...content, kind: 'MeetingRequest', itemClass, to }, owner, context).content;
    const copy = invitations === 'SendOnlyToAll' ? undefined : { mailbox: owner, folder: owner.folder('sentitems') };
    submit(context.exchange, { sender: owner, content: request, copy }, plan);
  }
  return saved;
}

function attendeesOf(element: XmlElement): readonly Mailbox[] {
  return ['RequiredAttendees', 'OptionalAttendees', 'Resources'].flatMap((name) =>
    childrenOf(child(element, typesNs, name), typesNs, 'Attendee').flatMap((attendee) => several(attendee)),
  );
}

/** A sender without a display name gets the one of the directory. */
function nameOf(sender: Mailbox, mailbox: SimulatedMailbox | undefined): Mailbox {
  return sender.name === undefined && mailbox !== undefined ? { ...sender, name: mailbox.name } : sender;
}

/** Without the principal's mailbox in the folder id, a delegate's copy stays in Drafts. */
function copyPlace(
  owner: SimulatedMailbox,
  folder: SimulatedFolder | undefined,
  savedId: XmlElement | undefined,
  delegated: boolean,
  context: OperationContext,
): { mailbox: SimulatedMailbox; folder: SimulatedFolder } {
  const vague = savedId?.name === 'DistinguishedFolderId' && child(savedId, typesNs, 'Mailbox') === undefined;
  if (delegated && vague) return { mailbox: owner, folder: owner.folder('drafts') };
  if (folder === undefined) return { mailbox: owner, folder: owner.folder('sentitems') };
  return { mailbox: mailboxOf(folder, context), folder };
}

function save(
  content: MessageContent,
  owner: SimulatedMailbox,
  folder: SimulatedFolder | undefined,
  context: OperationContext,
): string {
  const mailbox = folder === undefined ? owner : mailboxOf(folder, context);
  context.exchange.quotas.requireRoom(mailbox);
  // Setting the message flags is the one way to create something that is no draft.
  const flags = content.properties.find((p) => p.path.tag === 0x0e07)?.value;
  const state = typeof flags === 'string' ? { messageFlags: Number(flags) } : 'draft';
  const item = mailbox.store(folder ?? owner.folder('drafts'), content, state);
  return `<m:Items><t:Message><t:ItemId Id="${item.id}" ChangeKey="${item.changeKey}"/></t:Message></m:Items>`;
}

/** The folder for a copy; one that has vanished is told by a code of its own. */
export function savedFolder(id: XmlElement, context: OperationContext): SimulatedFolder {
  try {
    return resolveFolder(id, context);
  } catch (error) {
    const vanished = error instanceof EwsItemError && error.code === 'ErrorFolderNotFound' && id.name === 'FolderId';
    throw vanished ? new EwsItemError('ErrorSavedItemFolderNotFound') : error;
  }
}

export function dispositionOf(request: XmlElement): Disposition | undefined {
  const value = request.attributes.get('MessageDisposition');
  if (value === undefined || value === 'SaveOnly' || value === 'SendOnly' || value === 'SendAndSaveCopy') return value;
  throw schemaFault(`the 'MessageDisposition' attribute is invalid: the value '${value}' is not known.`);
}

function isItem(item: XmlElement): boolean {
  return item.ns === typesNs && (isResponseObject(item) || (isItemKind(item.name) && item.name !== 'MeetingRequest'));
}
