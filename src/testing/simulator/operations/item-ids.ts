import { messagesNs, typesNs } from '../../../ews/xml/namespaces.ts';
import { child, type XmlElement } from '../../../ews/xml/read.ts';
import { requireFolders } from '../access/access.ts';
import type { SimulatedItem } from '../store/item.ts';
import type { SimulatedMailbox } from '../store/mailbox.ts';
import { EwsItemError } from '../xml/ews-errors.ts';
import { schemaFault } from '../xml/soap-request.ts';
import type { OperationContext } from './operation.ts';

/** The `t:ItemId` elements of `m:ItemIds`. */
export function itemIdsIn(request: XmlElement): readonly XmlElement[] {
  const ids = child(request, messagesNs, 'ItemIds')?.children ?? [];
  if (ids.length === 0) throw schemaFault("the element 'ItemIds' has incomplete content.");
  for (const id of ids) {
    if (id.ns !== typesNs || id.name !== 'ItemId')
      throw schemaFault(`the element 'ItemIds' has invalid child element '${id.name}'.`);
    if (id.attributes.get('Id') === undefined) throw schemaFault("the required attribute 'Id' of 'ItemId' is missing.");
  }
  return ids;
}

/** The item of an id and its mailbox, if the login may see it. */
export function resolveItem(id: XmlElement, context: OperationContext): { item: SimulatedItem; mailbox: SimulatedMailbox } {
  const item = context.exchange.registry.items.get(id.attributes.get('Id') ?? '');
  const mailbox = item && context.exchange.find(item.mailbox);
  if (item === undefined || mailbox === undefined) throw new EwsItemError('ErrorItemNotFound');
  requireFolders(context.login, context.acting, mailbox);
  if (context.exchange.registry.folders.get(item.folderId)?.readable === false) throw new EwsItemError('ErrorAccessDenied');
  return { item, mailbox };
}
