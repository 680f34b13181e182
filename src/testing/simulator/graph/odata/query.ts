import { readQueryString } from '../../operations/items/query-string.ts';
import type { SimulatedItem } from '../../store/item.ts';
import { EwsFault } from '../../xml/ews-errors.ts';
import { GraphFault } from '../errors.ts';
import { type Expansion, type MessageShape, messageFields } from '../json/message-json.ts';
import type { Preferences } from '../json/prefer.ts';
import { propertyValue, readPropertyId } from '../json/properties.ts';
import { type Filter, readFilter } from './filter.ts';
import { type Order, type Page, Properties, readPage, requireKnown } from './page.ts';

const properties = new Properties<SimulatedItem>(messageFields);

/** What a request for messages asks for beside them. */
export interface MessageQuery extends MessageShape, Page {
  readonly filter: Filter<SimulatedItem> | undefined;
  readonly order: Order<SimulatedItem> | undefined;
  readonly search: ((item: SimulatedItem) => boolean) | undefined;
}

const options = ['$select', '$expand', '$filter', '$orderby', '$search', '$top', '$skip', '$count'];

/** Reads the query of a request for messages; throws what Graph answers to a wrong one. */
export function readMessageQuery(parameters: URLSearchParams, prefer: Preferences): MessageQuery {
  requireKnown(parameters, options);
  const filterText = parameters.get('$filter');
  const filter =
    filterText === null
      ? undefined
      : readFilter(filterText, { reader: (path) => properties.reader(path), extended: propertyValue });
  const order = properties.order(parameters.get('$orderby'));
  const search = parameters.get('$search');
  if (search !== null && filter !== undefined) {
    throw new GraphFault('SearchWithFilter', 400, "The query parameter '$filter' is not supported with '$search'.");
  }
  if (search !== null && order !== undefined) {
    throw new GraphFault('SearchWithOrderBy', 400, "The query parameter '$orderby' is not supported with '$search'.");
  }
  // What is ordered by has to come first in the filter, in the same order.
  if (filter !== undefined && order?.names.some((name, at) => filter.properties[at] !== name) === true) {
    throw new GraphFault('InefficientFilter', 400, 'The restriction or sort order is too complex for this operation.');
  }
  return {
    select: properties.select(parameters.get('$select')),
    expand: readExpand(parameters.get('$expand')),
    body: prefer.body,
    filter,
    order,
    search: search === null ? undefined : readSearch(search),
    ...readPage(parameters, prefer),
  };
}

/** `$search="subject:has"`, in quotes or without. */
function readSearch(text: string): (item: SimulatedItem) => boolean {
  const whole = text.trim();
  const inner = /^"([\s\S]*)"$/.exec(whole)?.[1]?.replaceAll('\\"', '"') ?? whole;
  try {
    // KQL writes `received>=2026-01-31` for what is `received:>=2026-01-31` elsewhere.
    return readQueryString(inner.replace(/\b(received|sent|size)([<>]=?|=)/gi, '$1:$2'));
  } catch (error) {
    if (error instanceof EwsFault) throw new GraphFault('BadRequest', 400, error.message);
    throw error;
  }
}

/**
 * `singleValueExtendedProperties($filter=id eq '…')`, the same for several values, `attachments`. Two ids joined by `or` bring
 * nothing, as somebody saw it on a live tenant.
 */
function readExpand(text: string | null): Expansion | undefined {
  if (text === null) return undefined;
  const expansion: { -readonly [Key in keyof Expansion]: Expansion[Key] } = {};
  for (const part of partsOf(text)) {
    const one = /^(single|multi)ValueExtendedProperties\(\s*\$filter\s*=\s*id\s+eq\s+'((?:[^']|'')+)'\s*\)$/i.exec(part.trim());
    if (one?.[1] !== undefined && one[2] !== undefined) {
      const kind = one[1].toLowerCase() === 'single' ? 'single' : 'multi';
      expansion[kind] = readPropertyId(one[2].replaceAll("''", "'"));
      continue;
    }
    const attachments = /^attachments(?:\(\s*\$select\s*=\s*([\w\s,]+)\))?$/i.exec(part.trim());
    if (attachments !== null) {
      expansion.attachments = attachments[1]?.split(',').map((name) => name.trim()) ?? 'all';
    } else if (!/^(?:single|multi)ValueExtendedProperties\(.*\bor\b.*\)$/i.test(part.trim())) {
      throw new GraphFault('BadRequest', 400, 'Parsing $expand failed.');
    }
  }
  return Object.keys(expansion).length === 0 ? undefined : expansion;
}

/** What stands between commas that are neither in parentheses nor in quotes. */
function partsOf(text: string): readonly string[] {
  const parts: string[] = [];
  let [from, open, quoted] = [0, 0, false];
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === "'") quoted = !quoted;
    else if (quoted) continue;
    else if (character === '(') open += 1;
    else if (character === ')') open -= 1;
    else if (character === ',' && open === 0) {
      parts.push(text.slice(from, at));
      from = at + 1;
    }
  }
  return [...parts, text.slice(from)].filter((part) => part.trim() !== '');
}

/** The items that a query lets through, in its order: newest first, as Graph gives them, unless it says otherwise. */
export function select(items: readonly SimulatedItem[], { filter, order, search }: MessageQuery): readonly SimulatedItem[] {
  const found = items.filter((item) => (filter?.matches(item) ?? true) && (search?.(item) ?? true));
  const when = (item: SimulatedItem): number => Math.floor((item.receivedAt ?? item.createdAt).getTime() / 1000);
  const compare = order?.compare ?? ((a: SimulatedItem, b: SimulatedItem) => when(b) - when(a));
  return found
    .map((item, at) => ({ item, at }))
    .sort((a, b) => compare(a.item, b.item) || (order?.descending === false ? a.at - b.at : b.at - a.at))
    .map(({ item }) => item);
}
