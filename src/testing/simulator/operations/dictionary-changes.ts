import { typesNs } from '../../../ews/xml/namespaces.ts';
import { childrenOf, type XmlElement } from '../../../ews/xml/read.ts';
import { keyOfPath } from '../store/extended-property.ts';
import type { MessageContent } from '../store/item.ts';
import { EwsItemError } from '../xml/ews-errors.ts';
import { dictionaryOf } from '../xml/item-fields.ts';
import { elementOf, type PropertyPath } from '../xml/property-path.ts';
import { readElement, writeElement } from '../xml/written-element.ts';
import { readProperty } from './items/item-content.ts';

/** What an update sets is what its path names: of a dictionary the entry with that key, of an address that part. */
export function requireMatch(path: PropertyPath, value: XmlElement): void {
  if (path.kind === 'extended') {
    if (value.name === 'ExtendedProperty' && keyOfPath(readProperty(value).path) === keyOfPath(path.path)) return;
    throw new EwsItemError('ErrorUpdatePropertyMismatch');
  }
  const { uri, index } = path;
  const part = partOf(uri);
  const entries = index === undefined ? [] : childrenOf(value, typesNs, 'Entry');
  const fits =
    value.name === (index === undefined ? elementOf(uri) : dictionaryOf(uri)) &&
    entries.every(
      ({ attributes, children }) =>
        attributes.get('Key') === index && (part === undefined || children.every(({ name }) => name === part)),
    );
  const named = index === undefined ? uri : `${uri} of ${index}`;
  if (!fits) throw new EwsItemError('ErrorUpdatePropertyMismatch', `${named} does not match the element ${value.name}.`);
}

/**
 * A dictionary such as t:EmailAddresses with the entries of the update in place of those with their keys. Of an address each part is set by itself:
 * the others stay.
 */
export function withEntry(content: MessageContent, value: XmlElement): string {
  const written = content.fields?.get(value.name);
  const before = written === undefined ? [] : readElement(written).children;
  const keyOf = (entry: XmlElement): string | undefined => entry.attributes.get('Key');
  const given = childrenOf(value, typesNs, 'Entry').map((entry) => {
    const old = before.find((one) => keyOf(one) === keyOf(entry));
    const replaced = new Set(entry.children.map(({ name }) => name));
    const rest = entry.children.length === 0 ? [] : (old?.children ?? []).filter(({ name }) => !replaced.has(name));
    return { ...entry, children: inOrder([...rest, ...entry.children]) };
  });
  const keys = new Set(given.map(keyOf));
  const kept = before.filter((entry) => !keys.has(keyOf(entry)));
  return `<t:${value.name}>${[...kept, ...given].map(writeElement).join('')}</t:${value.name}>`;
}

const addressParts = ['Street', 'City', 'State', 'CountryOrRegion', 'PostalCode'];
const inOrder = (parts: readonly XmlElement[]): readonly XmlElement[] =>
  [...parts].sort((one, other) => addressParts.indexOf(one.name) - addressParts.indexOf(other.name));

/** `EmailAddresses` are indexed by `contacts:EmailAddress` alone. */
const partOf = (uri: string): string | undefined => addressParts.find((part) => part === uri.split(':')[2]);

/** Without the entry of that key, or without the part of it that a path such as `contacts:PhysicalAddress:City` names. */
export function withoutEntry(written: string, key: string, uri: string): string {
  const part = partOf(uri);
  const element = readElement(written);
  const kept = element.children.flatMap((entry) => {
    if (entry.attributes.get('Key') !== key) return [entry];
    const children = entry.children.filter(({ name }) => name !== part);
    return part === undefined || children.length === 0 ? [] : [{ ...entry, children }];
  });
  return `<t:${element.name}>${kept.map(writeElement).join('')}</t:${element.name}>`;
}
