import { typesNs } from '../../../../ews/xml/namespaces.ts';
import { child, childrenOf, textOf, type XmlElement } from '../../../../ews/xml/read.ts';
import { escapeText } from '../../../../ews/xml/write.ts';
import type { Exchange } from '../../exchange.ts';
import { itemElements } from '../../schema/names.ts';
import type { SimulatedFolder } from '../../store/folder.ts';
import type { SimulatedItem } from '../../store/item.ts';
import { isDefault } from '../../xml/item-shape.ts';
import { readElement, textsOf, writeElement } from '../../xml/written-element.ts';

/** Somebody, or a list, that a name may mean. */
export interface DirectoryEntry {
  readonly name: string;
  /** A list in somebody's contacts has none. */
  readonly address?: string;
  readonly type: 'Mailbox' | 'PublicDL' | 'Contact' | 'PrivateDL' | 'OneOff';
  /** The contact, or the list, that it was found in. */
  readonly item?: SimulatedItem;
}

/** Every mailbox and list of the organisation. */
export function directory(exchange: Exchange): readonly DirectoryEntry[] {
  const mailboxes = exchange.mailboxes.map(({ address, name }) => ({ address, name, type: 'Mailbox' as const }));
  const lists = [...exchange.distributionLists.keys()].map((address) => ({ address, name: address, type: 'PublicDL' as const }));
  return [...mailboxes, ...lists];
}

/** The contacts and lists in a folder: a contact once for each of its addresses. */
export function contactsIn(folder: SimulatedFolder): readonly DirectoryEntry[] {
  return folder.items.flatMap((item): readonly DirectoryEntry[] => {
    const name = textIn(item, 'DisplayName') ?? textIn(item, 'FileAs') ?? item.subject;
    if (item.kind === 'DistributionList') return [{ name, type: 'PrivateDL', item }];
    if (item.kind !== 'Contact') return [];
    const addresses = new Set(childrenOf(elementIn(item, 'EmailAddresses'), typesNs, 'Entry').map(({ text }) => text));
    return [...addresses].filter((address) => address !== '').map((address) => ({ name, address, type: 'Contact', item }));
  });
}

/** The members of a list in somebody's contacts. */
export function membersOf(list: SimulatedItem, exchange: Exchange): readonly DirectoryEntry[] {
  return childrenOf(elementIn(list, 'Members'), typesNs, 'Member').flatMap((member) => {
    const mailbox = child(member, typesNs, 'Mailbox');
    const address = textOf(mailbox, typesNs, 'EmailAddress');
    const inside = exchange.registry.items.get(child(mailbox, typesNs, 'ItemId')?.attributes.get('Id') ?? '');
    if (address === undefined) {
      // An id of somebody else's item says nothing of it.
      return inside?.mailbox === list.mailbox ? [{ name: inside.subject, type: 'PrivateDL', item: inside }] : [];
    }
    const name = textOf(mailbox, typesNs, 'Name') || undefined;
    const known = entryAt(address, exchange);
    return [name === undefined ? known : { ...known, name }];
  });
}

/** What the directory has under that address; what it doesn't know is an address alone. */
export function entryAt(address: string, exchange: Exchange): DirectoryEntry {
  const found = directory(exchange).find((one) => one.address === address.toLowerCase());
  return found ?? { address, name: address, type: 'OneOff' };
}

/** `t:Mailbox` of an entry. */
export function writeEntry({ name, address, type, item }: DirectoryEntry): string {
  const mail =
    address === undefined ? '' : `<t:EmailAddress>${escapeText(address)}</t:EmailAddress><t:RoutingType>SMTP</t:RoutingType>`;
  const id = item === undefined ? '' : `<t:ItemId Id="${item.id}" ChangeKey="${item.changeKey}"/>`;
  return `<t:Mailbox><t:Name>${escapeText(name)}</t:Name>${mail}<t:MailboxType>${type}</t:MailboxType>${id}</t:Mailbox>`;
}

/** `t:Contact` of an entry: of what the directory, or the contact, says of it, as much as the shape has. A list among contacts is none. */
export function writeContact(entry: DirectoryEntry, shape = 'AllProperties'): string {
  const whole = wholeContact(entry);
  if (shape === 'AllProperties' || whole === '') return whole;
  const { item } = entry;
  const id = item === undefined ? '' : `<t:ItemId Id="${item.id}" ChangeKey="${item.changeKey}"/>`;
  const parts = shape === 'Default' ? readElement(whole).children.filter(({ name }) => isDefault(name, 'GetItem')) : [];
  return `<t:Contact>${id}${parts.map(writeElement).join('')}</t:Contact>`;
}

function wholeContact({ name, address, item }: DirectoryEntry): string {
  if (address === undefined) return '';
  if (item?.kind === 'Contact') {
    const source = '<t:ContactSource>Store</t:ContactSource>';
    const own = itemElements.Contact.map((field) =>
      field === 'ContactSource' ? source : ofContact.has(field) ? (item.content.fields?.get(field) ?? '') : '',
    );
    return `<t:Contact>${own.join('')}</t:Contact>`;
  }
  const words = name === address ? [] : name.split(' ');
  const given = words.length < 2 ? '' : `<t:GivenName>${escapeText(words[0] ?? '')}</t:GivenName>`;
  const surname = words.length < 2 ? '' : `<t:Surname>${escapeText(words.at(-1) ?? '')}</t:Surname>`;
  const mail = `<t:EmailAddresses><t:Entry Key="EmailAddress1">SMTP:${escapeText(address)}</t:Entry></t:EmailAddresses>`;
  const display = `<t:DisplayName>${escapeText(name)}</t:DisplayName>`;
  return `<t:Contact>${display}${given}${mail}<t:ContactSource>ActiveDirectory</t:ContactSource>${surname}</t:Contact>`;
}

/** Elements of a contact that other items have not. */
const ofContact: ReadonlySet<string> = new Set(
  itemElements.Contact.filter((name) => !(itemElements.Item as readonly string[]).includes(name)),
);

function elementIn(item: SimulatedItem, name: string): XmlElement | undefined {
  const written = item.content.fields?.get(name);
  return written === undefined ? undefined : readElement(written);
}

function textIn(item: SimulatedItem, name: string): string | undefined {
  const written = item.content.fields?.get(name);
  return written === undefined ? undefined : textsOf(written)[0];
}
