import { field } from '../../../../graph/client/json.ts';
import type { SimulatedFolder } from '../../store/folder.ts';
import type { SimulatedItem } from '../../store/item.ts';
import type { SimulatedMailbox } from '../../store/mailbox.ts';
import { isBelow } from '../../store/message-class.ts';
import { GraphFault } from '../errors.ts';
import { messageJson } from '../json/message-json.ts';
import { type GraphAnswer, type GraphContext, shapeFor } from './operation.ts';

/** By well-known name, in any language of the mailbox, or by id; throws `ErrorFolderNotFound`, or `ErrorAccessDenied`. */
export function findFolder(mailbox: SimulatedMailbox, name: string): SimulatedFolder {
  const known = mailbox.distinguished(name.toLowerCase()) ?? mailbox.folders.find(({ id }) => id === name);
  if (known === undefined) throw new GraphFault('ErrorFolderNotFound');
  requireReadable(known);
  return known;
}

/** Whether it is a mailFolder at all: those for appointments, contacts and tasks are other resources of Graph. */
export const isForMail = ({ folderClass }: SimulatedFolder): boolean => isBelow(folderClass, 'IPF.Note');

/** The item that the address names. */
export function findItem({ exchange, mailbox, route }: GraphContext): SimulatedItem {
  const item = exchange.registry.itemOf(route.message ?? '');
  const folder = route.folder === undefined ? undefined : findFolder(mailbox, route.folder);
  if (item === undefined || item.mailbox !== mailbox.address || (folder !== undefined && item.folderId !== folder.id)) {
    throw new GraphFault('ErrorItemNotFound');
  }
  // Nobody sees what lies in Purges, by no id.
  if (item.folder === 'recoverableitemspurges') throw new GraphFault('ErrorItemNotFound');
  requireReadable(mailbox.folders.find(({ id }) => id === item.folderId));
  return item;
}

function requireReadable(folder: SimulatedFolder | undefined): void {
  if (folder?.readable === false) throw new GraphFault('ErrorAccessDenied');
}

/** The folder that a move or a copy names. */
export function destinationOf({ mailbox, body }: GraphContext): SimulatedFolder {
  const destination = field(body, 'destinationId');
  if (typeof destination !== 'string') throw new GraphFault('ErrorInvalidRequest');
  return findFolder(mailbox, destination);
}

/** Answers with one message as it is now. */
export function messageAnswer(context: GraphContext, item: SimulatedItem, status: number): GraphAnswer {
  const { base, mailbox } = context;
  const json = messageJson(item, { select: undefined, expand: undefined, ...shapeFor(context) });
  return { status, json: { '@odata.context': `${base}/$metadata#users('${mailbox.userId}')/messages/$entity`, ...json } };
}
