import type { ExtendedFieldPath } from '../../store/extended-property.ts';
import type { SimulatedItem } from '../../store/item.ts';
import { GraphFault } from '../errors.ts';
import { type MessageShape, messageFields } from '../json/message-json.ts';
import { readPropertyId } from '../json/properties.ts';
import { type Filter, readFilter } from './filter.ts';

/** What a request for messages asks for beside them. */
export interface MessageQuery extends MessageShape {
  readonly filter: Filter | undefined;
  readonly order: { readonly property: string; readonly descending: boolean } | undefined;
  readonly top: number;
  readonly skip: number;
  readonly count: boolean;
}

/** Reads the query of a request for messages; throws what Graph answers to a wrong one. */
export function readMessageQuery(parameters: URLSearchParams): MessageQuery {
  const text = (name: string): string | undefined => parameters.get(name) ?? undefined;
  if (text('$search') !== undefined) throw new GraphFault('SearchWithFilter', 400, 'The simulator has no index to search.');
  const select = text('$select')
    ?.split(',')
    .map((name) => name.trim());
  for (const name of select ?? []) {
    if (!Object.hasOwn(messageFields, name))
      throw new GraphFault('BadRequest', 400, `Could not find a property named '${name}'.`);
  }
  const filterText = text('$filter');
  const filter = filterText === undefined ? undefined : readFilter(filterText);
  const order = readOrder(text('$orderby'), filter);
  return {
    select,
    expand: readExpand(text('$expand')),
    filter,
    order,
    top: wholeNumber(text('$top'), 10, 1, 1000),
    skip: wholeNumber(text('$skip'), 0, 0, Number.MAX_SAFE_INTEGER),
    count: text('$count') === 'true',
  };
}

/** `singleValueExtendedProperties($filter=id eq '…')`. Two ids joined by `or` bring nothing, as somebody saw it on a live tenant. */
function readExpand(text: string | undefined): ExtendedFieldPath | undefined {
  if (text === undefined) return undefined;
  const one = /^singleValueExtendedProperties\(\s*\$filter\s*=\s*id\s+eq\s+'((?:[^']|'')+)'\s*\)$/i.exec(text.trim());
  if (one?.[1] !== undefined) return readPropertyId(one[1].replaceAll("''", "'"));
  if (/^(singleValueExtendedProperties\(.*\bor\b.*\)|attachments)$/i.test(text.trim())) return undefined;
  throw new GraphFault('BadRequest', 400, 'Parsing $expand failed.');
}

function readOrder(text: string | undefined, filter: Filter | undefined): MessageQuery['order'] {
  if (text === undefined) return undefined;
  const [, property, direction] = /^([\w/]+)(?:\s+(asc|desc))?$/i.exec(text.split(',')[0]?.trim() ?? '') ?? [];
  if (property === undefined || !Object.hasOwn(messageFields, property)) throw new GraphFault('BadRequest');
  // What is ordered by has to come first in the filter.
  if (filter !== undefined && filter.properties[0] !== property) {
    throw new GraphFault('InefficientFilter', 400, 'The restriction or sort order is too complex for this operation.');
  }
  return { property, descending: direction?.toLowerCase() === 'desc' };
}

function wholeNumber(text: string | undefined, otherwise: number, least: number, most: number): number {
  if (text === undefined) return otherwise;
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < least || number > most) throw new GraphFault('BadRequest', 400, 'Invalid page size.');
  return number;
}

/** The items that a query lets through, in its order: newest first, as Graph gives them, unless it says otherwise. */
export function select(items: readonly SimulatedItem[], { filter, order }: MessageQuery): readonly SimulatedItem[] {
  const found = filter === undefined ? [...items] : items.filter((item) => filter.matches(item));
  const property = order?.property ?? 'receivedDateTime';
  const sign = order === undefined || order.descending ? -1 : 1;
  const value = (item: SimulatedItem): string => String(messageFields[property]?.(item) ?? '');
  return found
    .map((item, at) => ({ item, at, key: value(item) }))
    .sort((a, b) => (a.key === b.key ? sign * (a.at - b.at) : a.key < b.key ? -sign : sign))
    .map(({ item }) => item);
}
