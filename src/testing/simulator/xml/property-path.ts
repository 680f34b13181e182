import { typesNs } from '../../../ews/xml/namespaces.ts';
import type { XmlElement } from '../../../ews/xml/read.ts';
import { fieldUris, indexedFieldUris } from '../schema/names.ts';
import { type ExtendedFieldPath, isForReports, readExtendedField } from '../store/extended-property.ts';
import { EwsFault } from './ews-errors.ts';
import { schemaFault } from './soap-request.ts';

/** What a client can ask for or search by: `t:FieldURI`, `t:IndexedFieldURI` or `t:ExtendedFieldURI`. */
export type PropertyPath =
  | {
      readonly kind: 'field';
      readonly uri: string /** Key of the entry that an IndexedFieldURI means. */;
      readonly index?: string;
    }
  | { readonly kind: 'extended'; readonly path: ExtendedFieldPath };

/** Whether an element is one of the three. */
export function isPropertyPath(element: XmlElement): boolean {
  return element.ns === typesNs && /^(?:|Indexed|Extended)FieldURI$/.test(element.name);
}

/** Reads one; throws the fault that a wrong one deserves. */
export function readPropertyPath(element: XmlElement): PropertyPath {
  if (!isPropertyPath(element)) throw schemaFault(`the element '${element.name}' is not a property path.`);
  if (element.name === 'ExtendedFieldURI') {
    const path = readExtendedField(element);
    if (path === undefined) throw new EwsFault('ErrorInvalidExtendedProperty');
    if (isForReports(path)) throw new EwsFault('ErrorUnsupportedMapiPropertyType');
    return { kind: 'extended', path };
  }
  const uri = element.attributes.get('FieldURI') ?? '';
  const indexed = element.name === 'IndexedFieldURI';
  if (!(indexed ? indexedFieldUris : fieldUris).has(uri)) {
    throw schemaFault(`the 'FieldURI' attribute is invalid: the value '${uri}' is not known.`);
  }
  const index = element.attributes.get('FieldIndex');
  if (!indexed) return { kind: 'field', uri };
  if (index === undefined) throw schemaFault("the required attribute 'FieldIndex' is missing.");
  return { kind: 'field', uri, index };
}

/** The local name of the element that a path's field is written as: `Subject` of `item:Subject`. */
export function elementOf(uri: string): string {
  return uri.slice(uri.indexOf(':') + 1);
}
