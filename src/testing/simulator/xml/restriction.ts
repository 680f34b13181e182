import { typesNs } from '../../../ews/xml/namespaces.ts';
import { child, type XmlElement } from '../../../ews/xml/read.ts';
import { compareValues, isValueOf, typeOfPath } from './comparison.ts';
import { EwsFault } from './ews-errors.ts';
import { isPropertyPath, type PropertyPath, readPropertyPath } from './property-path.ts';
import { schemaFault } from './soap-request.ts';

/** How two values are compared. */
type Comparison =
  | 'IsEqualTo'
  | 'IsNotEqualTo'
  | 'IsGreaterThan'
  | 'IsGreaterThanOrEqualTo'
  | 'IsLessThan'
  | 'IsLessThanOrEqualTo';

/** A search expression. Values are compared by the type of their property. */
export type Restriction =
  | { readonly kind: 'compare'; readonly path: PropertyPath; readonly with: string | PropertyPath; readonly by: Comparison }
  | { readonly kind: 'excludes'; readonly path: PropertyPath; readonly mask: number }
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
    case 'IsGreaterThan':
    case 'IsGreaterThanOrEqualTo':
    case 'IsLessThan':
    case 'IsLessThanOrEqualTo':
      return readComparison(element, element.name as Comparison);
    case 'Excludes':
      return { kind: 'excludes', path: pathIn(element), mask: maskIn(element) };
    case 'Contains':
      return readContains(element);
    case 'Exists':
      return readExists(element);
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

function readComparison(element: XmlElement, by: Comparison): Restriction {
  const [path, operand] = [pathIn(element), operandIn(element)];
  const fits = typeof operand !== 'string' || isValueOf(typeOfPath(path), operand);
  if (!fits) throw new EwsFault('ErrorInvalidValueForProperty', `The value "${operand}" is not of the property's type.`);
  return { kind: 'compare', path, with: operand, by };
}

/** Bits of the message flags, which every item has. */
const ofFlags = /^item:(?:IsDraft|IsSubmitted|IsUnmodified|IsResend|IsFromMe)$/;

function readExists(element: XmlElement): Restriction {
  const path = pathIn(element);
  if (path.kind === 'field' && ofFlags.test(path.uri)) throw new EwsFault('ErrorInvalidPropertyForExists');
  return { kind: 'exists', path };
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

function operandIn(element: XmlElement): string | PropertyPath {
  const operand = child(element, typesNs, 'FieldURIOrConstant');
  const constant = child(operand, typesNs, 'Constant')?.attributes.get('Value');
  if (constant !== undefined) return constant;
  const path = operand?.children.find(isPropertyPath);
  if (path === undefined) throw schemaFault(`the element '${element.name}' has nothing to compare with.`);
  return readPropertyPath(path);
}

function maskIn(element: XmlElement): number {
  const value = child(element, typesNs, 'Bitmask')?.attributes.get('Value');
  if (value === undefined) throw schemaFault("the element 'Excludes' has no bit mask.");
  // The schema's pattern takes `0x` alone and nothing at all too, and any number of digits; Exchange reads 32 bits.
  const mask = value === '' ? Number.NaN : Number(value);
  if (mask !== mask >>> 0) throw new EwsFault('ErrorInvalidExcludesRestriction');
  return mask;
}

function only(element: XmlElement): XmlElement {
  const first = element.children[0];
  if (first === undefined) throw schemaFault(`the element '${element.name}' has incomplete content.`);
  return first;
}

/** Whether something with those values passes. */
export function matches(restriction: Restriction, read: (path: PropertyPath) => string | readonly string[] | undefined): boolean {
  switch (restriction.kind) {
    case 'compare':
      return compares(restriction, read);
    case 'excludes':
      return listOf(read(restriction.path)).every((v) => (Number(v) & restriction.mask) === 0);
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

function compares(
  { path, with: operand, by }: Extract<Restriction, { kind: 'compare' }>,
  read: (path: PropertyPath) => string | readonly string[] | undefined,
): boolean {
  const type = typeOfPath(path);
  const wanted = typeof operand === 'string' ? [operand] : listOf(read(operand));
  const results = listOf(read(path)).flatMap((value) => wanted.map((other) => compareValues(type, value, other)));
  const some = (holds: (result: number) => boolean): boolean => results.some((result) => result !== undefined && holds(result));
  switch (by) {
    case 'IsEqualTo':
      return some((result) => result === 0);
    case 'IsNotEqualTo':
      return !some((result) => result === 0);
    case 'IsGreaterThan':
      return some((result) => result > 0);
    case 'IsGreaterThanOrEqualTo':
      return some((result) => result >= 0);
    case 'IsLessThan':
      return some((result) => result < 0);
    case 'IsLessThanOrEqualTo':
      return some((result) => result <= 0);
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
