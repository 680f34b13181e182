import { messagesNs, typesNs } from '../../../../ews/xml/namespaces.ts';
import { child, type XmlElement } from '../../../../ews/xml/read.ts';
import { keyOfPath } from '../../store/extended-property.ts';
import type { SimulatedFolder } from '../../store/folder.ts';
import type { SimulatedItem } from '../../store/item.ts';
import { itemFieldsByUri, itemTags } from '../../xml/item-fields.ts';
import { extendedValue, readItemShape, writeItem } from '../../xml/item-shape.ts';
import { pageOf } from '../../xml/page-view.ts';
import { isPropertyPath, type PropertyPath, readPropertyPath } from '../../xml/property-path.ts';
import { matches, type Restriction, readRestriction } from '../../xml/restriction.ts';
import { schemaFault } from '../../xml/soap-request.ts';
import { folderIdsIn, mailboxOf, resolveFolder } from '../ids.ts';
import { answerEach, type Operation } from '../operation.ts';

/** Exchange's own limit for a search with a restriction; what lies beyond is silently left out. */
const restrictedLimit = 250;

/** The items of a folder that a restriction lets through, oldest first. */
export function search(folder: SimulatedFolder, restriction: Restriction | undefined): readonly SimulatedItem[] {
  if (restriction === undefined) return folder.items;
  const found: SimulatedItem[] = [];
  for (const item of candidates(folder, restriction) ?? folder.values()) {
    if (matches(restriction, (path) => itemValue(item, path))) found.push(item);
    if (found.length === restrictedLimit) break;
  }
  return found;
}

/** Value of whatever a path names. */
export function itemValue(item: SimulatedItem, path: PropertyPath): string | readonly string[] | undefined {
  return path.kind === 'field' ? itemFieldsByUri.get(path.uri)?.value(item) : extendedValue(item, path.path);
}

/** Those that can match at all, by the folder's index; undefined when only a scan can tell. */
function candidates(folder: SimulatedFolder, restriction: Restriction): Iterable<SimulatedItem> | undefined {
  switch (restriction.kind) {
    case 'equal': {
      const { path, value, negated } = restriction;
      if (negated || path.kind === 'field' || (path.path.tag !== undefined && itemTags.has(path.path.tag))) return undefined;
      return folder.withProperty(keyOfPath(path.path), value);
    }
    case 'and': {
      for (const part of restriction.parts) {
        const some = candidates(folder, part);
        if (some !== undefined) return some;
      }
      return undefined;
    }
    case 'or': {
      const all = new Set<SimulatedItem>();
      for (const part of restriction.parts) {
        const some = candidates(folder, part);
        if (some === undefined) return undefined;
        for (const item of some) all.add(item);
      }
      return all;
    }
    case 'contains':
    case 'exists':
    case 'not':
      return undefined;
  }
}

interface Order {
  readonly path: PropertyPath;
  readonly descending: boolean;
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
    const view = child(request, messagesNs, 'IndexedPageItemView');
    const restricted = child(request, messagesNs, 'Restriction');
    const restriction = restricted && readRestriction(restricted);
    const order = readOrder(child(request, messagesNs, 'SortOrder'));
    const folders = folderIdsIn(child(request, messagesNs, 'ParentFolderIds'), 'ParentFolderIds');
    return answerEach(folders, context, '', (id) => {
      const folder = resolveFolder(id, context);
      const deletions = (): readonly SimulatedItem[] =>
        search(mailboxOf(folder, context).folder('recoverableitemsdeletions'), restriction);
      const found = traversal === 'Shallow' ? search(folder, restriction) : traversal === 'SoftDeleted' ? deletions() : [];
      const page = pageOf(sorted(found, order), view);
      const items = page.entries.map((item) => writeItem(item, shape, context.exchange.profile)).join('');
      return `<m:RootFolder ${page.attributes}><t:Items>${items}</t:Items></m:RootFolder>`;
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

function sorted(items: readonly SimulatedItem[], order: readonly Order[]): readonly SimulatedItem[] {
  if (order.length === 0) return items;
  const text = (item: SimulatedItem, path: PropertyPath): string => String(itemValue(item, path) ?? '');
  return [...items].sort((a, b) => {
    for (const { path, descending } of order) {
      const [left, right] = [text(a, path), text(b, path)];
      if (left !== right) return left < right === descending ? 1 : -1;
    }
    return 0;
  });
}
