import { typesNs } from '../../../ews/xml/namespaces.ts';
import { child, textOf, type XmlElement } from '../../../ews/xml/read.ts';
import { escapeText } from '../../../ews/xml/write.ts';
import type { SimulatorProfile } from '../profile.ts';
import { type ExtendedFieldPath, keyOfPath, writeExtendedField } from '../store/extended-property.ts';
import type { SimulatedItem } from '../store/item.ts';
import { isBelow } from '../store/message-class.ts';
import { type ItemField, itemFields, itemTags } from './item-fields.ts';
import { readPropertyPath } from './property-path.ts';
import { schemaFault } from './soap-request.ts';

/** Which properties of an item a client asked for. */
export interface ItemShape {
  readonly fields: readonly ItemField[];
  readonly extended: readonly ExtendedFieldPath[];
}

/** Reads `m:ItemShape`. For FindItem the properties that only GetItem gives are left out. */
export function readItemShape(element: XmlElement | undefined, operation: 'FindItem' | 'GetItem'): ItemShape {
  if (element === undefined) throw schemaFault("the element 'ItemShape' is missing.");
  const base = textOf(element, typesNs, 'BaseShape');
  if (base !== 'IdOnly' && base !== 'Default' && base !== 'AllProperties') {
    throw schemaFault(`the 'BaseShape' element is invalid: the value '${base ?? ''}' is not known.`);
  }
  const paths = (child(element, typesNs, 'AdditionalProperties')?.children ?? []).map(readPropertyPath);
  const asked = new Set(paths.map((p) => (p.kind === 'field' ? p.uri : '')));
  const inBase = (f: ItemField): boolean =>
    f.shapes === 'id' || base === 'AllProperties' || (base === 'Default' && f.shapes === 'default');
  return {
    fields: itemFields.filter((f) => (inBase(f) || asked.has(f.uri)) && !(f.getItemOnly && operation === 'FindItem')),
    extended: paths.flatMap((p) => (p.kind === 'extended' ? [p.path] : [])),
  };
}

/** Writes an item: `t:Message`, or a bare `t:Item` where its class is foreign to EWS and the server is strict about it. */
export function writeItem(item: SimulatedItem, shape: ItemShape, profile: SimulatorProfile): string {
  const known = isBelow(item.itemClass, 'IPM.Note') || isBelow(item.itemClass, 'REPORT');
  const bare = !known && profile.foreignClasses === 'item';
  const element = bare ? 't:Item' : 't:Message';
  const firsts: string[] = [];
  const lasts: string[] = [];
  for (const f of shape.fields) {
    if (f.uri === 'item:LastModifiedTime') lasts.push(f.xml(item));
    else if (!f.messageOnly) firsts.push(f.xml(item));
    else if (!bare) lasts.push(f.xml(item));
  }
  const extended = shape.extended.map((path) => writeProperty(item, path));
  return `<${element}>${firsts.join('')}${extended.join('')}${lasts.join('')}</${element}>`;
}

/** Value of a property that is named by an ExtendedFieldURI; several for array types. */
export function extendedValue(item: SimulatedItem, path: ExtendedFieldPath): string | readonly string[] | undefined {
  const known = path.tag === undefined ? undefined : itemTags.get(path.tag);
  if (known !== undefined) return known(item);
  const key = keyOfPath(path);
  return item.properties.find((p) => keyOfPath(p.path) === key && p.path.type === path.type)?.value;
}

function writeProperty(item: SimulatedItem, path: ExtendedFieldPath): string {
  const value = extendedValue(item, path);
  if (value === undefined) return '';
  const written =
    typeof value === 'string'
      ? `<t:Value>${escapeText(value)}</t:Value>`
      : `<t:Values>${value.map((v) => `<t:Value>${escapeText(v)}</t:Value>`).join('')}</t:Values>`;
  return `<t:ExtendedProperty>${writeExtendedField(path)}${written}</t:ExtendedProperty>`;
}
