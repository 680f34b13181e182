import { typesNs } from '../../../ews/xml/namespaces.ts';
import { child, parseXml, textOf, type XmlElement } from '../../../ews/xml/read.ts';
import type { SimulatedFolder } from '../store/folder.ts';
import type { SimulatedItem } from '../store/item.ts';
import type { SimulatedMailbox } from '../store/mailbox.ts';
import { EwsItemError } from '../xml/ews-errors.ts';
import type { Login } from './access.ts';
import { type Delegate, delegateFolders, delegatesOf } from './delegates.ts';
import { type Allowed, allowedAt, nothing } from './folder-permissions.ts';

/** What a request does with a folder, or with an item in it. */
export type Doing = 'see' | 'read' | 'create' | 'edit' | 'delete' | 'make-folders' | 'own';

/** Who asks, and who made which item. */
interface Asker {
  readonly login: Login;
  readonly acting: SimulatedMailbox | undefined;
  readonly exchange: { readonly creators: ReadonlyMap<string, string> };
}

/** Whether nothing is closed to the login: its own mailbox, a service account, a delegate who was given the whole mailbox. */
export function hasFullAccess({ login, acting }: Pick<Asker, 'login' | 'acting'>, mailbox: SimulatedMailbox): boolean {
  return mailbox === acting || login.service || delegatesOf(mailbox).get(acting?.address ?? login.name)?.wholeMailbox === true;
}

/** Whether the login may do that. */
export function may(
  asker: Asker,
  doing: Doing,
  mailbox: SimulatedMailbox,
  folder: SimulatedFolder,
  item?: SimulatedItem,
): boolean {
  if (hasFullAccess(asker, mailbox)) return true;
  const name = asker.acting?.address ?? asker.login.name;
  const allowed = allowedOn(folder, name, delegatesOf(mailbox).get(name));
  const own = item !== undefined && asker.exchange.creators.get(item.series?.master ?? item.id) === name;
  switch (doing) {
    case 'see':
      return allowed.see;
    case 'read':
      return allowed.read || own;
    case 'create':
      return allowed.create;
    case 'edit':
      return allowed.edit === 'All' || (allowed.edit === 'Owned' && own);
    case 'delete':
      return allowed.delete === 'All' || (allowed.delete === 'Owned' && own);
    case 'make-folders':
      return allowed.makeFolders;
    case 'own':
      return allowed.own;
  }
}

/** Whether the login may change at least what it has made in the folder itself. */
export function mayEditOwn(asker: Asker, mailbox: SimulatedMailbox, folder: SimulatedFolder): boolean {
  if (hasFullAccess(asker, mailbox)) return true;
  const name = asker.acting?.address ?? asker.login.name;
  return allowedOn(folder, name, delegatesOf(mailbox).get(name)).edit !== 'None';
}

/** Throws as Exchange does unless the login may do that. */
export function requireRight(
  asker: Asker,
  doing: Doing,
  mailbox: SimulatedMailbox,
  folder: SimulatedFolder,
  item?: SimulatedItem,
): void {
  // Else what may be deleted but not read could be moved to where it may be.
  const isSeen = item === undefined || may(asker, 'read', mailbox, folder, item);
  if (isSeen && may(asker, doing, mailbox, folder, item)) return;
  if (!mayAnything(asker, mailbox)) throw new EwsItemError('ErrorAccessDenied');
  // What may not be seen is not there.
  if (!isSeen) throw new EwsItemError('ErrorItemNotFound');
  if (item === undefined && !may(asker, 'see', mailbox, folder)) throw new EwsItemError('ErrorFolderNotFound');
  if (doing === 'create') throw new EwsItemError('ErrorCreateItemAccessDenied', 'The login may not create items in this folder.');
  if (doing === 'make-folders') {
    throw new EwsItemError('ErrorCreateSubfolderAccessDenied', 'The login may not create folders in this folder.');
  }
  throw new EwsItemError('ErrorAccessDenied');
}

function mayAnything(asker: Asker, mailbox: SimulatedMailbox): boolean {
  return mailbox.folders.some((folder) => may(asker, 'see', mailbox, folder));
}

/** By the folder's own permissions, by the level of a delegate, or as above: a folder that a client makes has what its parent has. */
function allowedOn(folder: SimulatedFolder, name: string, delegate: Delegate | undefined): Allowed {
  const entries = folder.permissions === undefined ? [] : entriesOf(folder.permissions);
  const named = entries.find((entry) => textOf(child(entry, typesNs, 'UserId'), typesNs, 'PrimarySmtpAddress') === name);
  if (named !== undefined) return allowedAt(named);
  const ofDelegate = delegateFolders.find((one) => one.toLowerCase() === folder.distinguished);
  const level = ofDelegate && delegate?.levels[ofDelegate];
  if (level !== undefined && level !== 'None') return allowedAt(level);
  const otherwise = entries.find((entry) => textOf(child(entry, typesNs, 'UserId'), typesNs, 'DistinguishedUser') === 'Default');
  if (otherwise !== undefined) return allowedAt(otherwise);
  const above = folder.permissions === undefined && folder.distinguished === undefined ? folder.parent : undefined;
  return above === undefined ? nothing : allowedOn(above, name, delegate);
}

function entriesOf(permissions: string): readonly XmlElement[] {
  return parseXml(`<x xmlns:t="${typesNs}">${permissions}</x>`).children[0]?.children[0]?.children ?? [];
}

/** Remembers who made an item in somebody else's mailbox: what is one's own may be changed with a lower level. */
export function noteCreator(
  {
    acting,
    exchange,
  }: { readonly acting: SimulatedMailbox | undefined; readonly exchange: { readonly creators: Map<string, string> } },
  mailbox: SimulatedMailbox,
  item: SimulatedItem,
): void {
  if (acting !== undefined && acting !== mailbox) exchange.creators.set(item.id, acting.address);
}
