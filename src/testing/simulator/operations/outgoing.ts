import { typesNs } from '../../../ews/xml/namespaces.ts';
import { child, textOf, type XmlElement } from '../../../ews/xml/read.ts';
import type { Mailbox } from '../../../transport/contract.ts';
import { maySendAs } from '../access/access.ts';
import { noteCreator } from '../access/rights.ts';
import type { ItemPlan } from '../faults/fault.ts';
import { isItemKind } from '../schema/names.ts';
import type { SimulatedFolder } from '../store/folder.ts';
import type { MessageContent } from '../store/item.ts';
import type { SimulatedMailbox } from '../store/mailbox.ts';
import { messageFlag } from '../store/message-flags.ts';
import { EwsItemError } from '../xml/ews-errors.ts';
import { schemaFault } from '../xml/soap-request.ts';
import { plainBoolean } from '../xml/written-element.ts';
import { mailboxOf, resolveFolder } from './ids.ts';
import { kinds } from './items/item-content.ts';
import type { OperationContext } from './operation.ts';
import { submit } from './submit.ts';

/** What becomes of a message that is created or updated. */
export type Disposition = 'SaveOnly' | 'SendOnly' | 'SendAndSaveCopy';

/** Whose mailbox an item is created in: the one of its folder, else the acting one. */
export function ownerOf(folder: SimulatedFolder | undefined, context: OperationContext): SimulatedMailbox {
  const owner = context.acting ?? (folder && mailboxOf(folder, context));
  if (owner === undefined) throw new EwsItemError('ErrorNonExistentMailbox');
  return owner;
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

/** The folder for a copy; one that has vanished is told by a code of its own. */
export function savedFolder(id: XmlElement, context: OperationContext): SimulatedFolder {
  try {
    return resolveFolder(id, context, 'create');
  } catch (error) {
    const vanished = error instanceof EwsItemError && error.code === 'ErrorFolderNotFound' && id.name === 'FolderId';
    throw vanished ? new EwsItemError('ErrorSavedItemFolderNotFound') : error;
  }
}

export function dispositionOf(request: XmlElement): Disposition | undefined {
  const value = request.attributes.get('MessageDisposition');
  if (value === '') return undefined;
  if (value === undefined || value === 'SaveOnly' || value === 'SendOnly' || value === 'SendAndSaveCopy') return value;
  throw schemaFault(`the 'MessageDisposition' attribute is invalid: the value '${value}' is not known.`);
}

/** An item that is only kept: a contact, a task, a post. */
export function saveAt(
  content: MessageContent,
  given: XmlElement,
  savedId: XmlElement | undefined,
  context: OperationContext,
): string {
  const kind = given.name;
  const folder = savedId && savedFolder(savedId, context);
  const owner = folder === undefined ? ownerOf(undefined, context) : mailboxOf(folder, context);
  const place = folder ?? owner.folder(isItemKind(kind) ? kinds[kind].folder : 'drafts');
  context.exchange.quotas.requireRoom(owner);
  const item = owner.store(place, content, { messageFlags: asGiven(given, messageFlag.read) });
  noteCreator(context, owner, item);
  return `<m:Items><t:${kind}><t:ItemId Id="${item.id}" ChangeKey="${item.changeKey}"/></t:${kind}></m:Items>`;
}

/** What is only kept is read, unless the request says otherwise. */
export function asGiven(given: XmlElement, messageFlags: number): number {
  const isRead = textOf(given, typesNs, 'IsRead');
  if (isRead === undefined) return messageFlags;
  return plainBoolean(isRead) === 'true' ? messageFlags | messageFlag.read : messageFlags & ~messageFlag.read;
}
