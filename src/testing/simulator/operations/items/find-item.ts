import { messagesNs, typesNs } from '../../../../ews/xml/namespaces.ts';
import { child, type XmlElement } from '../../../../ews/xml/read.ts';
import type { SimulatedItem } from '../../store/item.ts';
import { isBelow } from '../../store/message-class.ts';
import { expanded } from '../../store/series/occurrences.ts';
import { compareValues, typeOfPath } from '../../xml/comparison.ts';
import { EwsFault, EwsItemError } from '../../xml/ews-errors.ts';
import { itemValue, readItemShape, writeItem } from '../../xml/item-shape.ts';
import { pageOf } from '../../xml/page-view.ts';
import { isPropertyPath, type PropertyPath, readPropertyPath } from '../../xml/property-path.ts';
import { readRestriction } from '../../xml/restriction.ts';
import { schemaFault } from '../../xml/soap-request.ts';
import { folderIdsIn, mailboxOf, resolveFolder } from '../ids.ts';
import { answerEach, type Operation } from '../operation.ts';
import { readQueryString } from './query-string.ts';
import { search } from './search.ts';

interface Order {
  readonly path: PropertyPath;
  readonly descending: boolean;
}

/** What makes groups; `by`: the property of whose least or greatest value in each group they are in order. */
interface Grouping extends Order {
  readonly by?: { readonly path: PropertyPath; readonly greatest: boolean };
}

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/finditem-operation */
export const findItem: Operation = {
  count: (request) => child(request, messagesNs, 'ParentFolderIds')?.children.length ?? 0,
  run(request, context) {
    const traversal = request.attributes.get('Traversal');
    if (traversal !== 'Shallow' && traversal !== 'SoftDeleted' && traversal !== 'Associated') {
      throw schemaFault("the required attribute 'Traversal' is missing or unknown.");
    }
    const shape = readItemShape(child(request, messagesNs, 'ItemShape'), 'FindItem');
    const view = request.children.find(
      ({ ns, name }) => ns === messagesNs && /^(?:IndexedPageItem|FractionalPageItem|Calendar|Contacts)View$/.test(name),
    );
    const restricted = child(request, messagesNs, 'Restriction');
    const restriction = restricted && readRestriction(restricted);
    const query = child(request, messagesNs, 'QueryString');
    const asked = query && readQueryString(query.text);
    const order = readOrder(child(request, messagesNs, 'SortOrder'));
    const group = readGroup(request);
    const folders = folderIdsIn(child(request, messagesNs, 'ParentFolderIds'), 'ParentFolderIds');
    return answerEach(folders, context, '', (id) => {
      const folder = resolveFolder(id, context);
      if (view?.name === 'CalendarView' && !isBelow(folder.folderClass, 'IPF.Appointment'))
        throw new EwsItemError('ErrorCalendarFolderIsInvalidForCalendarView');
      const deletions = (): readonly SimulatedItem[] =>
        search(mailboxOf(folder, context).folder('recoverableitemsdeletions'), restriction);
      const all = traversal === 'Shallow' ? search(folder, restriction) : traversal === 'SoftDeleted' ? deletions() : [];
      const found = asked === undefined ? all : all.filter(asked);
      const page = pageOf(sorted(inView(found, view), order), view);
      const write = (items: readonly SimulatedItem[]): string =>
        `<t:Items>${items.map((item) => writeItem(item, shape, context.exchange.profile)).join('')}</t:Items>`;
      const inner = group === undefined ? write(page.entries) : writeGroups(page.entries, group, write);
      return `<m:RootFolder ${page.attributes}>${inner}</m:RootFolder>`;
    });
  },
};

function readOrder(element: XmlElement | undefined): readonly Order[] {
  return (element?.children ?? []).map((field) => {
    const path = field.children.find(isPropertyPath);
    if (field.ns !== typesNs || field.name !== 'FieldOrder' || path === undefined) {
      throw schemaFault("the element 'SortOrder' has incomplete content.");
    }
    return { path: readPropertyPath(path), descending: field.attributes.get('Order') === 'Descending' };
  });
}

/** `m:GroupBy` names its property; `m:DistinguishedGroupBy` knows one standard, the conversation topic. */
function readGroup(request: XmlElement): Grouping | undefined {
  const standard = child(request, messagesNs, 'DistinguishedGroupBy');
  if (standard !== undefined) return { path: { kind: 'field', uri: 'message:ConversationTopic' }, descending: false };
  const group = child(request, messagesNs, 'GroupBy');
  const path = group?.children.find(isPropertyPath);
  if (group === undefined) return undefined;
  if (path === undefined) throw schemaFault("the element 'GroupBy' has no property path.");
  const aggregate = child(group, typesNs, 'AggregateOn');
  const on = aggregate?.children.find(isPropertyPath);
  const by = on && { path: readPropertyPath(on), greatest: aggregate?.attributes.get('Aggregate') === 'Maximum' };
  const order = { path: readPropertyPath(path), descending: group.attributes.get('Order') === 'Descending' };
  return by === undefined ? order : { ...order, by };
}

/** Items in the order of their groups: by the one of each whose value stands for all of them. */
function inGroups(items: readonly SimulatedItem[], { path, descending, by }: Grouping): readonly SimulatedItem[] {
  if (by === undefined) return sorted(items, [{ path, descending }]);
  const standing = new Map<string, SimulatedItem>();
  // From the first to the last, so that the latter stays.
  for (const item of sorted(items, [{ path: by.path, descending: !by.greatest }])) standing.set(keyOf(item, path), item);
  const places = new Map(
    sorted([...standing.values()], [{ path: by.path, descending }]).map((item, at) => [keyOf(item, path), at]),
  );
  const place = (item: SimulatedItem): number => places.get(keyOf(item, path)) ?? 0;
  return [...items].sort((a, b) => place(a) - place(b));
}

function writeGroups(
  items: readonly SimulatedItem[],
  group: Grouping,
  write: (items: readonly SimulatedItem[]) => string,
): string {
  const groups = new Map<string, SimulatedItem[]>();
  for (const item of inGroups(items, group)) {
    const key = keyOf(item, group.path);
    const members = groups.get(key);
    if (members === undefined) groups.set(key, [item]);
    else members.push(item);
  }
  let index = 0;
  const written = [...groups.values()].map((members) => {
    index += 1;
    return `<t:GroupedItems><t:GroupIndex>${btoa(String(index))}</t:GroupIndex>${write(members)}</t:GroupedItems>`;
  });
  return `<t:Groups>${written.join('')}</t:Groups>`;
}

/** Two years, one of them a leap year. */
const widestView = 731 * 86_400_000;

/** What a CalendarView or ContactsView shows: a part of the folder, in its own order. */
function inView(items: readonly SimulatedItem[], view: XmlElement | undefined): readonly SimulatedItem[] {
  switch (view?.name) {
    case 'CalendarView': {
      const [from, to] = [timeIn(view, 'StartDate'), timeIn(view, 'EndDate')];
      if (to < from) throw new EwsItemError('ErrorCalendarEndDateIsEarlierThanStartDate', 'The view ends before it starts.');
      if (to - from > widestView) throw new EwsItemError('ErrorCalendarViewRangeTooBig', 'A view shows two years at most.');
      const at = (item: SimulatedItem, uri: string): number => Date.parse(String(itemValue(item, { kind: 'field', uri }) ?? ''));
      const shown = expanded(items, from, to).filter(
        (item) => at(item, 'calendar:Start') < to && at(item, 'calendar:End') > from,
      );
      return sorted(shown, [{ path: { kind: 'field', uri: 'calendar:Start' }, descending: false }]);
    }
    case 'ContactsView': {
      const path: PropertyPath = { kind: 'field', uri: 'contacts:FileAs' };
      const [first, last] = [view.attributes.get('InitialName')?.toLowerCase(), view.attributes.get('FinalName')?.toLowerCase()];
      return items.filter((item) => {
        const name = keyOf(item, path).toLowerCase();
        return (first === undefined || name >= first) && (last === undefined || name <= last);
      });
    }
    default:
      return items;
  }
}

function timeIn(view: XmlElement, name: string): number {
  const time = Date.parse(view.attributes.get(name) ?? '');
  if (Number.isNaN(time)) throw new EwsFault('ErrorCalendarOutOfRange', `The ${name} of the view is out of range.`);
  return time;
}

function sorted(items: readonly SimulatedItem[], order: readonly Order[]): readonly SimulatedItem[] {
  if (order.length === 0) return items;
  return [...items].sort((a, b) => {
    for (const { path, descending } of order) {
      const result = compareValues(typeOfPath(path), keyOf(a, path), keyOf(b, path)) ?? 0;
      if (result !== 0) return descending ? -result : result;
    }
    return 0;
  });
}

/** The first value of a property: what items are sorted and grouped by. */
function keyOf(item: SimulatedItem, path: PropertyPath): string {
  const value = itemValue(item, path);
  return (typeof value === 'string' ? value : value?.[0]) ?? '';
}
