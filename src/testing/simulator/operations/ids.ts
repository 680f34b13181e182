import { messagesNs, typesNs } from '../../../ews/xml/namespaces.ts';
import { child, textOf, type XmlElement } from '../../../ews/xml/read.ts';
import { type Doing, may, requireRight } from '../access/rights.ts';
import { distinguishedFolderNames } from '../schema/names.ts';
import { schemaVersions } from '../schema/profile.ts';
import type { SimulatedFolder } from '../store/folder.ts';
import { allAttachments, type SimulatedAttachment, type SimulatedItem } from '../store/item.ts';
import type { SimulatedMailbox } from '../store/mailbox.ts';
import type { Registry } from '../store/registry.ts';
import { isSeries, occurrenceOf } from '../store/series/occurrences.ts';
import { EwsItemError } from '../xml/ews-errors.ts';
import { schemaFault } from '../xml/soap-request.ts';
import type { OperationContext } from './operation.ts';

/** The ids of `m:ItemIds`: of items, and of occurrences and series by one another. */
export function itemIdsIn(request: XmlElement): readonly XmlElement[] {
  const ids = child(request, messagesNs, 'ItemIds')?.children ?? [];
  if (ids.length === 0) throw schemaFault("the element 'ItemIds' has incomplete content.");
  for (const id of ids) {
    if (id.ns !== typesNs || !isItemId(id)) throw schemaFault(`the element 'ItemIds' has invalid child element '${id.name}'.`);
    if (id.name === 'ItemId' && id.attributes.get('Id') === undefined) {
      throw schemaFault("the required attribute 'Id' of 'ItemId' is missing.");
    }
  }
  return ids;
}

/** The item of an id and its mailbox, if the login may do that with it. */
export function resolveItem(
  id: XmlElement,
  context: OperationContext,
  doing: Doing = 'read',
): { item: SimulatedItem; mailbox: SimulatedMailbox } {
  const item = itemOf(id, context.exchange.registry);
  if (item === undefined) throw new EwsItemError(whyNot(id, context.exchange.registry.folders, 'Folder', 'Item'));
  const mailbox = context.exchange.find(item.mailbox);
  if (mailbox === undefined) throw new EwsItemError('ErrorItemNotFound');
  requireOnItem(item, mailbox, context, doing);
  return { item, mailbox };
}

/** Why an id leads nowhere: it is empty, nothing that a server has written, one of the other kind, or of something that is gone. */
function whyNot(id: XmlElement, others: { has(id: string): boolean }, other: string, wanted: string): string {
  const attribute = ['Id', 'RecurringMasterId', 'OccurrenceId'].find((name) => id.attributes.has(name));
  const text = id.attributes.get(attribute ?? '') ?? '';
  if (text === '') return 'ErrorInvalidIdEmpty';
  if (!/^[A-Za-z0-9+/_=-]+$/.test(text)) return 'ErrorInvalidIdMalformed';
  return others.has(text) ? `ErrorCannotUse${other}IdFor${wanted}Id` : `Error${wanted}NotFound`;
}

/** Whoever changes something says which state of it has been seen. */
export function requireChangeKey(id: XmlElement): void {
  if ((id.attributes.get('ChangeKey') ?? '') !== '') return;
  throw new EwsItemError('ErrorChangeKeyRequiredForWriteOperations', 'The change key is required for this operation.');
}

function requireOnItem(item: SimulatedItem, mailbox: SimulatedMailbox, context: OperationContext, doing: Doing): void {
  const folder = context.exchange.registry.folders.get(item.folderId);
  if (folder === undefined) throw new EwsItemError('ErrorItemNotFound');
  requireRight(context, doing, mailbox, folder, item);
  if (!folder.readable) throw new EwsItemError('ErrorAccessDenied');
}

/** Whether an element names an item. */
export const isItemId = ({ name }: XmlElement): boolean => /^(?:ItemId|OccurrenceItemId|RecurringMasterItemId)$/.test(name);

function itemOf(id: XmlElement, { items }: Registry): SimulatedItem | undefined {
  const attribute = (name: string): string => id.attributes.get(name) ?? '';
  if (id.name === 'OccurrenceItemId') {
    const master = items.get(attribute('RecurringMasterId'));
    if (master !== undefined && !isSeries(master)) throw new EwsItemError('ErrorCalendarCannotUseIdForOccurrenceId');
    return master && occurrence(master, Number(attribute('InstanceIndex')));
  }
  if (id.name === 'RecurringMasterItemId') {
    const named = byOccurrence(attribute('OccurrenceId'), items);
    if (named === undefined && items.has(attribute('OccurrenceId'))) {
      throw new EwsItemError('ErrorCalendarCannotUseIdForRecurringMasterId');
    }
    return named?.master;
  }
  const named = byOccurrence(attribute('Id'), items);
  return named === undefined ? items.get(attribute('Id')) : occurrence(named.master, named.index);
}

/** Ids of occurrences are those of their series with their place in it. */
function byOccurrence(id: string, items: Registry['items']): { master: SimulatedItem; index: number } | undefined {
  const [, series = '', index] = /^(.+)O(\d+)$/.exec(id) ?? [];
  const master = items.get(series);
  return master === undefined || !isSeries(master) ? undefined : { master, index: Number(index) };
}

function occurrence(master: SimulatedItem, index: number): SimulatedItem {
  const found = occurrenceOf(master, index);
  if (found === 'none') throw new EwsItemError('ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange');
  if (found === 'deleted') throw new EwsItemError('ErrorCalendarOccurrenceIsDeletedFromRecurrence');
  return found;
}

/** An attachment by its id, the item that it hangs on and its mailbox, if the login may do that with the item. */
export function resolveAttachment(
  id: string,
  context: OperationContext,
  doing: Doing = 'read',
): { attachment: SimulatedAttachment; item: SimulatedItem; mailbox: SimulatedMailbox } {
  const item = context.exchange.registry.items.withAttachment(id);
  const attachment = [...allAttachments(item?.attachments ?? [])].find((one) => one.id === id);
  const mailbox = item && context.exchange.find(item.mailbox);
  if (item !== undefined && attachment !== undefined && mailbox !== undefined) {
    requireOnItem(item, mailbox, context, doing);
    return { attachment, item, mailbox };
  }
  throw new EwsItemError('ErrorInvalidAttachmentId', 'The attachment does not exist.');
}

/** The folder that `t:FolderId` or `t:DistinguishedFolderId` means, if the login may do that with it. */
export function resolveFolder(id: XmlElement, context: OperationContext, doing: Doing = 'read'): SimulatedFolder {
  const folder = id.name === 'FolderId' ? byId(id, context) : byName(id, context);
  requireRight(context, doing, mailboxOf(folder, context), folder);
  if (!folder.readable) throw new EwsItemError('ErrorAccessDenied');
  return folder;
}

/** The elements of a list of folder ids; throws the schema's fault for anything else. */
export function folderIdsIn(list: XmlElement | undefined, what: string): readonly XmlElement[] {
  const ids = list?.children ?? [];
  if (ids.length === 0) throw schemaFault(`the element '${what}' has incomplete content.`);
  for (const id of ids) {
    const known = id.ns === typesNs && (id.name === 'FolderId' || id.name === 'DistinguishedFolderId');
    if (!known) throw schemaFault(`the element '${what}' has invalid child element '${id.name}'.`);
    if (id.attributes.get('Id') === undefined) throw schemaFault(`the required attribute 'Id' of '${id.name}' is missing.`);
  }
  return ids;
}

/** Whether whoever asks may see a folder. */
export function shownTo(context: OperationContext): (folder: SimulatedFolder) => boolean {
  return (folder) => may(context, 'see', mailboxOf(folder, context), folder);
}

/** The mailbox of an id. */
export function mailboxOf(folder: SimulatedFolder, context: OperationContext): SimulatedMailbox {
  const mailbox = context.exchange.find(folder.mailbox);
  if (mailbox === undefined) throw new EwsItemError('ErrorFolderNotFound');
  return mailbox;
}

function byId(id: XmlElement, context: OperationContext): SimulatedFolder {
  const folder = context.exchange.registry.folders.get(id.attributes.get('Id') ?? '');
  if (folder === undefined) throw new EwsItemError(whyNot(id, context.exchange.registry.items, 'Item', 'Folder'));
  return folder;
}

function byName(id: XmlElement, context: OperationContext): SimulatedFolder {
  const name = id.attributes.get('Id') ?? '';
  if (!distinguishedFolderNames.has(name)) {
    throw schemaFault(`the 'Id' attribute is invalid: the value '${name}' is not a distinguished folder.`);
  }
  if (name === 'conversationhistory' && before(context, 'Exchange2013_SP1')) {
    throw schemaFault(`the 'Id' attribute is invalid: '${name}' needs a later schema version.`);
  }
  const named = child(id, typesNs, 'Mailbox');
  const address = named === undefined ? undefined : textOf(named, typesNs, 'EmailAddress');
  const mailbox = address === undefined ? context.acting : context.exchange.find(address);
  if (mailbox === undefined) throw new EwsItemError('ErrorNonExistentMailbox');
  const folder = mailbox.distinguished(name);
  if (folder === undefined) throw new EwsItemError('ErrorFolderNotFound');
  return folder;
}

function before(context: OperationContext, version: (typeof schemaVersions)[number]): boolean {
  return schemaVersions.indexOf(context.version) < schemaVersions.indexOf(version);
}
