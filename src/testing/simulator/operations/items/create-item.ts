import { domainOf } from '../../../../core/domain.ts';
import { messagesNs, typesNs } from '../../../../ews/xml/namespaces.ts';
import { child, type XmlElement } from '../../../../ews/xml/read.ts';
import type { Mailbox } from '../../../../transport/contract.ts';
import { maySendAs } from '../../access/access.ts';
import type { ItemPlan } from '../../faults/fault.ts';
import type { SimulatedFolder } from '../../store/folder.ts';
import type { MessageContent } from '../../store/item.ts';
import type { SimulatedMailbox } from '../../store/mailbox.ts';
import { isBelow } from '../../store/message-class.ts';
import { EwsItemError } from '../../xml/ews-errors.ts';
import { schemaFault } from '../../xml/soap-request.ts';
import { folderIdsIn, mailboxOf, resolveFolder } from '../ids.ts';
import { answerEach, type Operation, type OperationContext } from '../operation.ts';
import { checkMessage, readMessage } from './item-content.ts';
import { submit } from './submit.ts';

type Disposition = 'SaveOnly' | 'SendOnly' | 'SendAndSaveCopy';
const empty = '<m:Items/>';

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/createitem-operation */
export const createItem: Operation = {
  count: (request) => child(request, messagesNs, 'Items')?.children.length ?? 0,
  run(request, context) {
    const disposition = dispositionOf(request);
    const items = child(request, messagesNs, 'Items')?.children ?? [];
    if (items.length === 0) throw schemaFault("the element 'Items' has incomplete content.");
    for (const item of items) if (isMessage(item)) checkMessage(item);
    const saved = child(request, messagesNs, 'SavedItemFolderId');
    const savedId = saved && folderIdsIn(saved, 'SavedItemFolderId')[0];
    return answerEach(items, context, empty, (item, plan) => {
      if (!isMessage(item)) throw new EwsItemError('ErrorInvalidItemForOperationCreateItem');
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
  const { exchange, acting, login } = context;
  const folder = savedId && savedFolder(savedId, context);
  const owner = acting ?? (folder && mailboxOf(folder, context));
  if (owner === undefined) throw new EwsItemError('ErrorNonExistentMailbox');
  const self = { address: owner.address, name: owner.name };
  const read = readMessage(item, () => exchange.registry.newMessageId(domainOf(owner.address)));
  const from = exchange.find(read.from?.address ?? owner.address);
  const content: MessageContent = { ...read, from: nameOf(read.from ?? self, from), sender: self };
  if (exchange.profile.createForeignClasses === 'refused' && !isBelow(content.itemClass, 'IPM.Note')) {
    throw new EwsItemError('ErrorObjectTypeChanged');
  }
  if (disposition === 'SaveOnly') return save(content, owner, folder, context);

  if (content.to.length + content.cc.length + content.bcc.length === 0) throw new EwsItemError('ErrorMissingRecipients');
  if (from === undefined || !maySendAs(login, owner, from)) {
    const principal = from ?? owner;
    if (exchange.profile.draftOnSendAsDenied) principal.store(principal.folder('drafts'), content, 'draft');
    throw new EwsItemError('ErrorSendAsDenied');
  }
  const delegated = from !== owner;
  if (delegated && disposition === 'SendOnly')
    throw new EwsItemError('ErrorAccessDenied', 'SendOnly is not possible for a delegate.');
  const copy = disposition === 'SendOnly' ? undefined : copyPlace(owner, folder, savedId, delegated, context);
  submit(exchange, { sender: from, content, copy }, plan);
  return empty;
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
  // Setting the message flags is the one way to create something that is no draft.
  const flags = content.properties.find((p) => p.path.tag === 0x0e07)?.value;
  const state = typeof flags === 'string' ? { messageFlags: Number(flags) } : 'draft';
  const item = mailbox.store(folder ?? owner.folder('drafts'), content, state);
  return `<m:Items><t:Message><t:ItemId Id="${item.id}" ChangeKey="${item.changeKey}"/></t:Message></m:Items>`;
}

function savedFolder(id: XmlElement, context: OperationContext): SimulatedFolder {
  try {
    return resolveFolder(id, context);
  } catch (error) {
    const vanished = error instanceof EwsItemError && error.code === 'ErrorFolderNotFound' && id.name === 'FolderId';
    throw vanished ? new EwsItemError('ErrorSavedItemFolderNotFound') : error;
  }
}

function dispositionOf(request: XmlElement): Disposition | undefined {
  const value = request.attributes.get('MessageDisposition');
  if (value === undefined || value === 'SaveOnly' || value === 'SendOnly' || value === 'SendAndSaveCopy') return value;
  throw schemaFault(`the 'MessageDisposition' attribute is invalid: the value '${value}' is not known.`);
}

function isMessage(item: XmlElement): boolean {
  return item.ns === typesNs && item.name === 'Message';
}
