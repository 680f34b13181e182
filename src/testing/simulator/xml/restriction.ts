import { typesNs } from '../../../ews/xml/namespaces.ts';
import { child, type XmlElement } from '../../../ews/xml/read.ts';
import { EwsFault } from './ews-errors.ts';
import { isPropertyPath, type PropertyPath, readPropertyPath } from './property-path.ts';
import { schemaFault } from './soap-request.ts';

/** A search expression. Texts are compared without regard to case, as Exchange's store does. */
export type Restriction =
  | { readonly kind: 'equal'; readonly path: PropertyPath; readonly value: string; readonly negated: boolean }
  | {
      readonly kind: 'contains';
      readonly path: PropertyPath;
      readonly value: string;
      readonly mode: 'FullString' | 'Prefixed' | 'Substring';
      readonly exact: boolean;
    }
  | { readonly kind: 'exists'; readonly path: PropertyPath }
  | { readonly kind: 'not'; readonly inner: Restriction }
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Restriction[] };

/** Reads `m:Restriction`. */
export function readRestriction(element: XmlElement): Restriction {
  return readExpression(only(element));
}

function readExpression(element: XmlElement): Restriction {
  switch (element.ns === typesNs ? element.name : '') {
    case 'IsEqualTo':
    case 'IsNotEqualTo':
      return { kind: 'equal', path: pathIn(element), value: constantIn(element), negated: element.name === 'IsNotEqualTo' };
    case 'Contains':
      return readContains(element);
    case 'Exists':
      return { kind: 'exists', path: pathIn(element) };
    case 'Not':
      return { kind: 'not', inner: readExpression(only(element)) };
    case 'And':
    case 'Or': {
      if (element.children.length === 0) throw schemaFault(`the element '${element.name}' has incomplete content.`);
      return { kind: element.name === 'And' ? 'and' : 'or', parts: element.children.map(readExpression) };
    }
    default:
      throw new EwsFault('ErrorUnsupportedPathForQuery', `The simulator does not know the search expression ${element.name}.`);
  }
}

function readContains(element: XmlElement): Restriction {
  const mode = element.attributes.get('ContainmentMode') ?? 'FullString';
  const comparison = element.attributes.get('ContainmentComparison') ?? 'Exact';
  const constant = child(element, typesNs, 'Constant')?.attributes.get('Value');
  if (constant === undefined) throw schemaFault("the element 'Contains' has incomplete content.");
  return {
    kind: 'contains',
    path: pathIn(element),
    value: constant,
    mode: mode === 'FullString' || mode === 'Prefixed' ? mode : 'Substring',
    exact: comparison === 'Exact',
  };
}

function pathIn(element: XmlElement): PropertyPath {
  const found = element.children.find(isPropertyPath);
  if (found === undefined) throw schemaFault(`the element '${element.name}' has no property path.`);
  return readPropertyPath(found);
}

function constantIn(element: XmlElement): string {
  const constant = child(child(element, typesNs, 'FieldURIOrConstant'), typesNs, 'Constant')?.attributes.get('Value');
  if (constant === undefined) throw schemaFault(`the element '${element.name}' has no constant to compare with.`);
  return constant;
}

function only(element: XmlElement): XmlElement {
  const first = element.children[0];
  if (first === undefined) throw schemaFault(`the element '${element.name}' has incomplete content.`);
  return first;
}

/** Whether something with those values passes. */
export function matches(restriction: Restriction, read: (path: PropertyPath) => string | readonly string[] | undefined): boolean {
  switch (restriction.kind) {
    case 'equal': {
      const values = listOf(read(restriction.path));
      return values.some((v) => v.toLowerCase() === restriction.value.toLowerCase()) !== restriction.negated;
    }
    case 'contains':
      return listOf(read(restriction.path)).some((v) => contains(v, restriction));
    case 'exists':
      return read(restriction.path) !== undefined;
    case 'not':
      return !matches(restriction.inner, read);
    case 'and':
      return restriction.parts.every((part) => matches(part, read));
    case 'or':
      return restriction.parts.some((part) => matches(part, read));
  }
}

function listOf(value: string | readonly string[] | undefined): readonly string[] {
  if (value === undefined) return [];
  return typeof value === 'string' ? [value] : value;
}

function contains(value: string, restriction: Extract<Restriction, { kind: 'contains' }>): boolean {
  const fold = (text: string): string => (restriction.exact ? text : text.toLowerCase());
  const [own, wanted] = [fold(value), fold(restriction.value)];
  switch (restriction.mode) {
    case 'FullString':
      return own === wanted;
    case 'Prefixed':
      return own.startsWith(wanted);
    case 'Substring':
      return own.includes(wanted);
  }
}
