import { typesNs } from '../../../ews/xml/namespaces.ts';
import type { XmlElement } from '../../../ews/xml/read.ts';
import { type ExtendedFieldPath, readExtendedField } from '../store/extended-property.ts';
import { EwsFault } from './ews-errors.ts';
import { schemaFault } from './soap-request.ts';

/** What a client can ask for or search by: `t:FieldURI`, `t:IndexedFieldURI` or `t:ExtendedFieldURI`. */
export type PropertyPath =
  | { readonly kind: 'field'; readonly uri: string }
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
    return { kind: 'extended', path };
  }
  const uri = element.attributes.get('FieldURI');
  if (uri === undefined || !/^[a-z]+:[A-Za-z0-9:]+$/.test(uri)) {
    throw schemaFault(`the 'FieldURI' attribute is invalid: the value '${uri ?? ''}' is not known.`);
  }
  return { kind: 'field', uri };
}
