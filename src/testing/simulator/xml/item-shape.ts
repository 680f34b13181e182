import { typesNs } from '../../../ews/xml/namespaces.ts';
import { child, textOf, type XmlElement } from '../../../ews/xml/read.ts';
import { escapeText } from '../../../ews/xml/write.ts';
import { aliasedValue } from '../schema/mapi-properties.ts';
import { type ItemKind, isItemKind, itemElements } from '../schema/names.ts';
import type { SimulatorProfile } from '../schema/profile.ts';
import { type ExtendedFieldPath, type ExtendedProperty, keyOfPath, writeExtendedField } from '../store/extended-property.ts';
import type { SimulatedItem } from '../store/item.ts';
import { isBelow } from '../store/message-class.ts';
import { type BodyType, computedFields, dictionaryOf, fieldValue, itemTags } from './item-fields.ts';
import { elementOf, type PropertyPath, readPropertyPath } from './property-path.ts';
import { schemaFault } from './soap-request.ts';
import { isTrue } from './written-element.ts';

/** Which properties of an item a client asked for. */
export interface ItemShape {
  readonly bodyType: BodyType;
  readonly extended: readonly ExtendedFieldPath[];
  /** Whether the element of that name is wanted. */
  wants(name: string): boolean;
}

/** Reads `m:ItemShape` or `m:AttachmentShape`. For FindItem the properties that only GetItem gives are left out. */
export function readItemShape(element: XmlElement | undefined, operation: 'FindItem' | 'GetItem'): ItemShape {
  if (element === undefined) throw schemaFault("the element 'ItemShape' is missing.");
  const base = textOf(element, typesNs, 'BaseShape');
  if (base !== 'IdOnly' && base !== 'Default' && base !== 'AllProperties') {
    throw schemaFault(`the 'BaseShape' element is invalid: the value '${base ?? ''}' is not known.`);
  }
  const bodyType = textOf(element, typesNs, 'BodyType') ?? 'Best';
  if (bodyType !== 'Best' && bodyType !== 'Text' && bodyType !== 'HTML') {
    throw schemaFault(`the 'BodyType' element is invalid: the value '${bodyType}' is not known.`);
  }
  const paths = (child(element, typesNs, 'AdditionalProperties')?.children ?? []).map(readPropertyPath);
  const asked = new Set(paths.flatMap((path) => (path.kind === 'field' ? [elementAsked(path)] : [])));
  if (isTrue(textOf(element, typesNs, 'IncludeMimeContent'))) asked.add('MimeContent');
  return {
    bodyType,
    extended: paths.flatMap((p) => (p.kind === 'extended' ? [p.path] : [])),
    wants: (name) => {
      const computed = computedFields.get(name);
      if (computed?.getItemOnly === true && operation === 'FindItem') return false;
      if (asked.has(name)) return true;
      if (computed === undefined) return base === 'AllProperties' || (base === 'Default' && isDefault(name, operation));
      return (
        computed.shapes === 'id' || (base === 'AllProperties' && computed.shapes !== 'asked') || base === capital(computed.shapes)
      );
    },
  };
}

/** Properties of appointments, contacts, lists and tasks that the default shape has beside those of every item. */
const defaults: ReadonlySet<string> = new Set(
  (
    'CalendarItemType End LegacyFreeBusyStatus Location Organizer Start CompanyName DisplayName EmailAddresses FileAs ImAddresses ' +
    'JobTitle PhoneNumbers PhysicalAddresses DueDate PercentComplete StartDate Status'
  ).split(' '),
);
const defaultsOfGetItem: ReadonlySet<string> = new Set(['RequiredAttendees', 'OptionalAttendees', 'Resources']);

/** Whether the default shape has an element of which nothing is computed. */
export function isDefault(name: string, operation: 'FindItem' | 'GetItem'): boolean {
  return defaults.has(name) || (operation === 'GetItem' && defaultsOfGetItem.has(name));
}

const capital = (shapes: string): string => (shapes === 'default' ? 'Default' : '');

function elementAsked({ uri, index }: Extract<PropertyPath, { kind: 'field' }>): string {
  return index === undefined ? elementOf(uri) : dictionaryOf(uri);
}

/** The element an item is written as: a bare `t:Item` where its class is foreign to EWS and the server is strict about it. */
export function kindOf(item: SimulatedItem, profile: SimulatorProfile): ItemKind {
  if (item.kind !== 'Message') return isItemKind(item.kind) ? item.kind : 'Item';
  const known = ['IPM.Note', 'IPM.StickyNote', 'REPORT'].some((known) => isBelow(item.itemClass, known));
  return known || profile.foreignClasses === 'message' ? 'Message' : 'Item';
}

/** Writes an item with the properties of a shape, in the order of the schema. */
export function writeItem(item: SimulatedItem, shape: ItemShape, profile: SimulatorProfile): string {
  const kind = kindOf(item, profile);
  let inner = '';
  for (const name of itemElements[kind]) {
    if (name === 'ExtendedProperty') for (const path of shape.extended) inner += writeProperty(path, extendedValue(item, path));
    else if (shape.wants(name))
      inner += computedFields.get(name)?.xml(item, shape.bodyType) ?? item.content.fields?.get(name) ?? '';
  }
  return `<t:${kind}>${inner}</t:${kind}>`;
}

/** Value of whatever a path names. */
export function itemValue(item: SimulatedItem, path: PropertyPath): string | readonly string[] | undefined {
  return path.kind === 'field' ? fieldValue(item, path.uri, path.index) : extendedValue(item, path.path);
}

const given: ReadonlySet<number> = new Set([0x10f3, 0x670e]);

/** Value of a property that is named by an ExtendedFieldURI; several for array types. */
export function extendedValue(item: SimulatedItem, path: ExtendedFieldPath): string | readonly string[] | undefined {
  const known = path.tag === undefined ? undefined : itemTags.get(path.tag);
  // The name of an item in a URL is made up only as long as nobody has given it one.
  if (known !== undefined) return (given.has(path.tag ?? 0) ? valueIn(item.properties, path) : undefined) ?? known(item);
  return aliasedValue(item.content, path) ?? valueIn(item.properties, path);
}

/** Value of a property among those that were set. */
export function valueIn(
  properties: readonly ExtendedProperty[],
  path: ExtendedFieldPath,
): string | readonly string[] | undefined {
  const key = keyOfPath(path);
  return properties.find((p) => keyOfPath(p.path) === key && p.path.type === path.type)?.value;
}

/** `t:ExtendedProperty`; '' without a value. */
export function writeProperty(path: ExtendedFieldPath, value: string | readonly string[] | undefined): string {
  if (value === undefined) return '';
  const written =
    typeof value === 'string'
      ? `<t:Value>${escapeText(value)}</t:Value>`
      : `<t:Values>${value.map((v) => `<t:Value>${escapeText(v)}</t:Value>`).join('')}</t:Values>`;
  return `<t:ExtendedProperty>${writeExtendedField(path)}${written}</t:ExtendedProperty>`;
}
